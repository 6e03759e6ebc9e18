/**
 * Runs a function of ops on a device and by the reference, and compares. A case is the same code
 * for both: ops do not know who interprets them.
 */
import {
  arrayOf,
  contiguousStrides,
  type DType,
  isFloat,
  numelOf,
  type Shape,
  type Type,
} from '../../src/base/index.ts';
import { type Tensor, tensor } from '../../src/index.ts';
import {
  type Graph,
  type NdArray,
  ndZeros,
  record,
  runGraph,
  type Value,
} from '../../src/ir/index.ts';
import { EXACT_OPS, toleranceOf, ulpBoundOf, ulpDistance } from '../../src/testing/index.ts';
import { sequence } from './sequence.ts';

/** How an operand lies in memory. */
export type Layout = 'dense' | 'transposed' | 'reversed' | 'every second' | 'expanded';

export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly layout?: Layout;
  /** Element i of n; left out: seeded numbers from -2 to 2 (integers from -9 to 9). */
  readonly fill?: (i: number) => number;
}

export interface Case {
  readonly name: string;
  readonly operands: readonly Operand[];
  run(...xs: Value[]): Value | readonly Value[];
  /** Number of terms that are summed for one output element; scales the tolerance. */
  readonly terms?: number;
}

export function valuesOf(o: Operand, seed: number): number[] {
  const next = sequence(seed + 1);
  const float = isFloat(o.dtype);
  return Array.from({ length: numelOf(o.shape) }, (_, i) => {
    if (o.fill !== undefined) return o.fill(i);
    const u = next();
    if (o.dtype === 'bool') return u < 0.5 ? 0 : 1;
    // Floats with few bits: exact in float32, sums of them nearly so.
    return float ? Math.round((u * 4 - 2) * 4096) / 4096 : Math.floor(u * 19) - 9;
  });
}

const typed = (values: readonly number[], dtype: DType) => {
  const out = new (arrayOf(dtype))(values.length);
  values.forEach((v, i) => {
    out[i] = dtype === 'int64' ? BigInt(v) : v;
  });
  return out;
};

/** A tensor of these values whose strides are as the layout says. */
export function layOut(o: Operand, values: readonly number[]): Tensor {
  const make = (v: readonly number[], shape: Shape): Tensor => {
    const t = tensor(typed(v, o.dtype) as Float32Array, { dtype: o.dtype }) as Tensor;
    return t.reshape(shape) as Tensor;
  };
  const rank = o.shape.length;
  const layout = numelOf(o.shape) === 0 || rank === 0 ? 'dense' : (o.layout ?? 'dense');
  if (layout === 'dense') return make(values, o.shape);
  if (layout === 'expanded') {
    // Only the first row is used; it is repeated along dimension 0.
    const row = values.slice(0, numelOf(o.shape.slice(1)));
    return make(row, [1, ...o.shape.slice(1)]).expand(o.shape) as Tensor;
  }
  const order = o.shape.map((_, i) => rank - 1 - i);
  if (layout === 'transposed') {
    const back: number[] = [];
    visit(o.shape, (at, index) => {
      back[dot([...index].reverse(), contiguousStrides([...o.shape].reverse()))] = values[at];
    });
    return make(back, [...o.shape].reverse()).permute(order) as Tensor;
  }
  if (layout === 'reversed') {
    const back: number[] = [];
    visit(o.shape, (at, index) => {
      const flipped = [...index.slice(0, -1), o.shape[rank - 1] - 1 - index[rank - 1]];
      back[dot(flipped, contiguousStrides(o.shape))] = values[at];
    });
    return make(back, o.shape).at('...', '::-1') as Tensor;
  }
  const spread = [...o.shape.slice(0, -1), o.shape[rank - 1] * 2];
  const wide = new Array<number>(numelOf(spread)).fill(1);
  values.forEach((v, i) => {
    wide[2 * i] = v;
  });
  return make(wide, spread).at('...', '::2') as Tensor;
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((s, x, i) => s + x * b[i], 0);

function visit(shape: Shape, f: (at: number, index: readonly number[]) => void): void {
  const strides = contiguousStrides(shape);
  for (let at = 0; at < numelOf(shape); at++) {
    f(
      at,
      shape.map((n, d) => Math.floor(at / strides[d]) % n),
    );
  }
}

export const graphOfCase = (c: Case): Graph => record(c.name, c.run, c.operands as Type[], 'cpu');

export interface Outcome {
  readonly actual: readonly Tensor[];
  readonly expected: readonly NdArray[];
}

export function both(c: Case): Outcome {
  const tensors: Tensor[] = [];
  const arrays = c.operands.map((o, k): NdArray => {
    const t = layOut(o, valuesOf(o, k));
    tensors.push(t);
    const a = ndZeros(o.shape, o.dtype);
    const data = t.data();
    for (let i = 0; i < data.length; i++) a.data[i] = data[i];
    return a;
  });
  const out = c.run(...tensors);
  const actual = (Array.isArray(out) ? out : [out]) as Tensor[];
  return { actual, expected: runGraph(graphOfCase(c), arrays) };
}

/**
 * What the reference itself is off in float64: Math.* by one unit at most, its series for erf by a
 * few (the kernels' own accuracy is tested in src/kernel/math).
 */
const REFERENCE_ULPS: Readonly<Record<string, number>> = { erf: 4 };

/** How far each element may be off: by the one table, from the ops that the case is made of. */
function limitOf(c: Case, dtype: DType): (want: number, got: number) => number {
  const names = graphOfCase(c).nodes.map((n) => n.def.name);
  if (dtype !== 'float32' && dtype !== 'float64')
    return (want, got) => (want === got ? 0 : Infinity);
  if (names.every((n) => EXACT_OPS.has(n))) return (want, got) => (want === got ? 0 : Infinity);
  const ulps = names.length === 1 ? ulpBoundOf(names[0], dtype) : undefined;
  if (ulps !== undefined) {
    const allowed = ulps + (dtype === 'float64' ? (REFERENCE_ULPS[names[0]] ?? 1) : 0.5);
    return (want, got) => ulpDistance(got, want, dtype) / allowed;
  }
  const { rtol, atol } = toleranceOf(dtype, c.terms);
  // Elements here are of the order of 1, so the table's floor for float64 would hide much.
  const floor = dtype === 'float64' ? atol * 1e-6 : atol;
  const slope = dtype === 'float64' ? rtol * 1e-6 : rtol;
  return (want, got) => Math.abs(got - want) / (floor + slope * Math.abs(want));
}

/** A message for the worst element that is too far off, or null. */
export function compare(c: Case, t: Tensor, e: NdArray): string | null {
  if (t.dtype !== e.dtype || t.shape.join() !== e.shape.join()) {
    return `${t.dtype}[${t.shape}] instead of ${e.dtype}[${e.shape}]`;
  }
  const data = t.data();
  const limit = limitOf(c, t.dtype);
  let worst: { i: number; by: number } | null = null;
  for (let i = 0; i < data.length; i++) {
    const x = data[i];
    const y = e.data[i];
    if (typeof x === 'bigint' || typeof y === 'bigint') {
      if (x !== y) return `element ${i}: ${x} instead of ${y}`;
      continue;
    }
    const want = t.dtype === 'float32' ? Math.fround(y) : y;
    if (x === want || (Number.isNaN(x) && Number.isNaN(want))) continue;
    const by = limit(want, x);
    if (!(by <= 1) && (worst === null || !(by <= worst.by))) worst = { i, by };
  }
  if (worst === null) return null;
  return `element ${worst.i}: ${data[worst.i]} instead of ${e.data[worst.i]} (${worst.by.toPrecision(3)} times the tolerance)`;
}
