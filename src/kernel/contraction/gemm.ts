/** Matrix products: which schedule, for which shape. */
import type { TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import type { Temp } from './arguments.ts';
import { blockedGemm } from './gemm-blocked.ts';
import { directGemm } from './gemm-direct.ts';
import { dotGemm } from './gemm-dot.ts';
import { type GemmSpec, normalise } from './problem.ts';

/** Most rows for which B is read in place; more are worth packing it. */
const DIRECT_ROWS = 4;
/** Multiplications below which packing costs more than it saves. */
const DIRECT_WORK = 32 ** 3;
/** Most rows, or columns, of the schedule that runs its vectors along the sum. */
const DOT_SIDE = 4;

export function lowerGemm(spec: GemmSpec, info: TargetInfo, temp: Temp): Launch[] {
  const p = normalise(spec);
  const { m, n, k } = p;
  if (m.size === 0 || n.size === 0 || p.batch.some((d) => d.size === 0)) return [];
  const along = (k.a === 1 && k.b === 1) || k.size <= 1;
  if (along && Math.min(m.size, n.size) <= DOT_SIDE && n.b !== 1) return [dotGemm(p, info)];
  const rows = n.b === 1 || n.size === 1;
  const small = m.size <= DIRECT_ROWS || m.size * n.size * k.size <= DIRECT_WORK;
  if (rows && small) return [directGemm(p, info, temp)];
  return [blockedGemm(p, info, temp)];
}
