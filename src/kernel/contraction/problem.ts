/** A matrix product reduced to what the schedules need: few dimensions, known stride classes. */
import type { DType } from '../../base/index.ts';
import type { GemmMap } from '../../ir/index.ts';
import type { Epilogue } from '../epilogue.ts';
import type { BufferRef } from '../launch.ts';
import type { Temp } from './arguments.ts';

export interface GemmSpec {
  readonly name: string;
  readonly map: GemmMap;
  readonly dtype: DType;
  readonly a: BufferRef;
  readonly b: BufferRef;
  readonly out: BufferRef;
  readonly epilogue: Epilogue | null;
  /** If B is constant: memory that keeps what is made of it. */
  readonly keep?: Temp | null;
}

/** One dimension: its size and, in elements, its stride in A, B, the output and each epilogue operand. */
export interface Dim {
  readonly size: number;
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly extra: readonly number[];
}

export interface Problem {
  readonly name: string;
  readonly dtype: DType;
  readonly a: BufferRef;
  readonly b: BufferRef;
  readonly out: BufferRef;
  readonly epilogue: Epilogue | null;
  readonly keep?: Temp | null;
  readonly batch: readonly Dim[];
  readonly m: Dim;
  readonly n: Dim;
  readonly k: { readonly size: number; readonly a: number; readonly b: number };
}

export function normalise(spec: GemmSpec): Problem {
  const { map, epilogue } = spec;
  const sizes = [...map.batch.map((d) => d.size), map.m.size, map.n.size];
  const extras = (epilogue?.operands ?? []).map((o) =>
    o.source.kind === 'scalar' ? sizes.map(() => 0) : spread(o.strides, sizes),
  );
  let out = 1;
  const outs = sizes.map(() => 0);
  for (let d = sizes.length - 1; d >= 0; d--) {
    outs[d] = out;
    out *= sizes[d];
  }
  const dim = (d: number, a: number, b: number): Dim => ({
    size: sizes[d],
    a,
    b,
    out: outs[d],
    // A stride along a single position says nothing.
    extra: extras.map((e) => (sizes[d] === 1 ? 0 : e[d])),
  });
  const rank = map.batch.length;
  const batch = merge(map.batch.map((d, i) => dim(i, d.a, d.b)));
  let m = dim(rank, map.m.a, 0);
  const n = dim(rank + 1, 0, map.n.b);
  // Batches that only A has are more rows.
  const inner = batch[batch.length - 1];
  if (inner !== undefined && inner.b === 0) {
    const joined = join(inner, m);
    if (joined !== undefined) {
      m = joined;
      batch.pop();
    }
  }
  const { k } = map;
  const problem: Problem = { ...spec, batch, m, n, k };
  return n.size === 1 && m.size > 1 ? (transpose(problem) ?? problem) : problem;
}

/** The same sums with A and B exchanged; possible where the output then still has dense rows. */
function transpose(p: Problem): Problem | undefined {
  const flip = (d: Dim): Dim => ({ ...d, a: d.b, b: d.a });
  const n = flip(p.m);
  if (n.out !== 1 || n.extra.some((e) => e !== 0 && e !== 1)) return undefined;
  return {
    ...p,
    a: p.b,
    b: p.a,
    // What was B is A now.
    keep: null,
    batch: p.batch.map(flip),
    m: flip(p.n),
    n,
    k: { size: p.k.size, a: p.k.b, b: p.k.a },
  };
}

/** Strides for batch, m and n from those of an output that may lack m or n (of size 1). */
function spread(strides: readonly number[], sizes: readonly number[]): number[] {
  const rank = sizes.length;
  if (strides.length === rank) return [...strides];
  const batch = strides.slice(0, rank - 2);
  const rest = strides.slice(rank - 2);
  if (rest.length === 1)
    return [...batch, ...(sizes[rank - 1] === 1 ? [rest[0], 0] : [0, rest[0]])];
  if (rest.length === 0 && batch.length === rank - 2) return [...batch, 0, 0];
  throw new Error(`epilogue strides of rank ${strides.length} for an output of rank ${rank}`);
}

function merge(dims: readonly Dim[]): Dim[] {
  const out: Dim[] = [];
  for (const d of dims) {
    if (d.size === 1) continue;
    const previous = out[out.length - 1];
    const joined = previous && join(previous, d);
    if (joined) out[out.length - 1] = joined;
    else out.push(d);
  }
  return out;
}

/** Two neighbouring dimensions as one, if every stride allows it. */
function join(outer: Dim, inner: Dim): Dim | undefined {
  if (outer.size === 1) return inner;
  if (inner.size === 1) return { ...outer };
  const runs = (o: number, i: number): boolean => o === i * inner.size;
  const fits =
    runs(outer.a, inner.a) &&
    runs(outer.b, inner.b) &&
    runs(outer.out, inner.out) &&
    outer.extra.every((e, x) => runs(e, inner.extra[x]));
  return fits ? { ...inner, size: outer.size * inner.size } : undefined;
}
