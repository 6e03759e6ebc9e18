/** Matrix products: which schedule, and the kernels' arguments. */
import { bytesOf } from '../../base/index.ts';
import type { TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { Arguments, numberElem } from './arguments.ts';
import { EpilogueCode } from './epilogue-code.ts';
import { blockedGemm } from './gemm-blocked.ts';
import { directGemm } from './gemm-direct.ts';
import { dotGemm } from './gemm-dot.ts';
import { type GemmSpec, normalise, type Problem } from './problem.ts';

export type Temp = (bytes: number) => BufferRef;

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

/** What the schedules' kernels have in common: operands, batch loops, sizes, the epilogue. */
export interface GemmArguments {
  readonly args: Arguments;
  readonly epilogue: EpilogueCode | undefined;
  /** dtype, batch rank, stride classes, epilogue and ISA. */
  readonly key: string;
}

export function gemmArguments(p: Problem, info: TargetInfo): GemmArguments {
  const bytes = bytesOf(p.dtype);
  const args = new Arguments().pointer('a', p.a).pointer('b', p.b).pointer('c', p.out);
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);
  for (const [d, dim] of p.batch.entries()) {
    args.indices({
      [`batch.${d}`]: dim.size,
      [`a.${d}`]: dim.a * bytes,
      [`b.${d}`]: dim.b * bytes,
      [`c.${d}`]: dim.out * outBytes,
    });
  }
  args.indices({
    m: p.m.size,
    n: p.n.size,
    k: p.k.size,
    unrolled: p.k.size - (p.k.size % 4),
    'a.m': p.m.a * bytes,
    'a.k': p.k.a * bytes,
    'b.n': p.n.b * bytes,
    'b.k': p.k.b * bytes,
    'c.m': p.m.out * outBytes,
    'c.n': p.n.out * outBytes,
  });
  const dims = [...p.batch, p.m, p.n];
  const epilogue =
    p.epilogue === null
      ? undefined
      : new EpilogueCode(
          p.epilogue,
          p.epilogue.operands.map((_, x) => dims.map((d) => d.extra[x])),
          p.dtype,
          args,
        );
  const elem = numberElem(p.dtype);
  return { args, epilogue, key: `${elem} b${p.batch.length} [${epilogue?.key ?? ''}] ${info.isa}` };
}
