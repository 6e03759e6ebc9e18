/**
 * Matrix products: which order of summation, and which schedule.
 *
 * The order depends on the sizes of one matrix product only, never on strides or batches. Most
 * products add up one step after another, in blocks whose sums are added in order; narrow ones add
 * up the lanes of a vector apart and fold them at the end. For either order there are schedules
 * for operands in place and for packed ones: they give the same bits, so strides may choose.
 */
import { bytesOf } from '../../base/index.ts';
import type { TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import type { Temp } from './arguments.ts';
import { blockedGemm } from './gemm-blocked.ts';
import { directGemm } from './gemm-direct.ts';
import { dotGemm } from './gemm-dot.ts';
import { laneGemm } from './gemm-lanes.ts';
import { type GemmSpec, normalise, type Problem } from './problem.ts';

/** Multiplications below which packing costs more than it saves. */
const DIRECT_WORK = 32 ** 3;
/** Most rows, or columns, of a product that is summed in lanes, or not packed. */
const NARROW = 4;

export function lowerGemm(spec: GemmSpec, info: TargetInfo, temp: Temp): Launch[] {
  const p = normalise(spec);
  const { m, n, k } = p;
  if (m.size === 0 || n.size === 0 || p.batch.some((d) => d.size === 0)) return [];
  // B's rows are read as vectors, or it has one column.
  const rows = n.b === 1 || n.size === 1;
  if (inLanes(spec, info)) {
    const along = k.a === 1 && k.b === 1;
    // Few columns are quickly turned to lie along the sum.
    const turn = n.size <= NARROW && n.size < m.size;
    if (along || turn || !rows) return [dotGemm(p, info, temp)];
    return [laneGemm(p, info, temp)];
  }
  if (rows && (m.size <= NARROW || work(p) <= DIRECT_WORK)) return [directGemm(p, info, temp)];
  return blockedGemm(p, info, temp);
}

/** Part of the order of summation: the sizes as they were given, before batches become rows. */
function inLanes({ map, dtype }: GemmSpec, info: TargetInfo): boolean {
  const lanes = info.vectorBytes / bytesOf(dtype);
  return Math.min(map.m.size, map.n.size) <= NARROW && map.k.size >= lanes;
}

const work = ({ m, n, k }: Problem): number => m.size * n.size * k.size;
