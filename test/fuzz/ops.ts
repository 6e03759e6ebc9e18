/** The calls that random programs are made of: each takes what it needs from the builder. */
import { type DType, isFloat, isInt, numelOf } from '../../src/base/index.ts';
import type { Tensor } from '../../src/index.ts';
import type { Builder, Maker } from './builder.ts';
import { LAYERS, SOURCES } from './layers.ts';
import { type Kind, Ref, type Step } from './steps.ts';

const ref = (at: number): Ref => new Ref(at);
const float = (t: Tensor): boolean => isFloat(t.dtype);
const small = (t: Tensor): boolean => t.numel <= 3000;

/** A value that fits, or a fresh operand if there is none. */
function value(b: Builder, fits: (t: Tensor) => boolean, dtype?: DType): number {
  const at = b.some((t) => small(t) && fits(t));
  if (at >= 0) return at;
  const own = b.mode === 'grad' ? 'float64' : (dtype ?? b.dtype());
  return b.operand(b.shape(), own, b.mode === 'special' ? 'special' : 'plain');
}

const any = (_: Tensor): boolean => true;
const ranked = (b: Builder, rank: number): number => {
  const at = b.some((t) => small(t) && t.rank >= rank);
  if (at >= 0) return at;
  const shape = [...b.shape(2), ...Array.from({ length: rank }, () => b.size())];
  return b.operand(shape, b.dtype());
};

/** Something that broadcasts against value `at`: a value, a fresh operand or a number. */
function partner(b: Builder, at: number, dtype?: DType): Ref | number {
  const { shape } = b.tensors[at];
  if (b.mode !== 'special' && dtype === undefined && b.chance(0.15)) return b.int(-24, 24) / 8;
  if (b.chance(0.5)) {
    const other = b.some(
      (t) =>
        t.shape.length <= shape.length &&
        (dtype === undefined || t.dtype === dtype) &&
        t.shape.every((n, i) => {
          const m = shape[i + shape.length - t.shape.length];
          return n === m || n === 1;
        }),
    );
    if (other >= 0) return ref(other);
  }
  const own = shape.slice(b.chance(0.3) ? b.int(0, shape.length) : 0);
  const shrunk = own.map((n) => (b.chance(0.15) ? 1 : n));
  return ref(b.operand(shrunk, dtype ?? b.dtype(), b.mode === 'special' ? 'special' : 'plain'));
}

const unary =
  (fn: string, kind: Kind, dtypes: (t: Tensor) => boolean = float, ...args: unknown[]): Maker =>
  (b) => ({ fn, args: [ref(value(b, dtypes, 'float32')), ...args], kind });

/** Of |x| mostly: outside its domain it gives NaN, which hides what follows. */
const positive =
  (fn: string, kind: Kind): Maker =>
  (b) => {
    const x = value(b, float, 'float32');
    const own = b.chance(0.85) ? b.must({ fn: 'abs', args: [ref(x)], kind: 'exact' }) : x;
    return { fn, args: [ref(own)], kind };
  };

/** Accuracy is documented up to 1e5 only. */
const periodic =
  (fn: string, kind: Kind): Maker =>
  (b) => {
    const x = ref(value(b, float, 'float32'));
    const limited = b.must({ fn: 'clamp', args: [x, -1000, 1000], kind: 'exact' });
    return { fn, args: [ref(limited)], kind };
  };

const notBool = (t: Tensor): boolean => t.dtype !== 'bool';

const binary =
  (fn: string, kind: Kind): Maker =>
  (b) => {
    const x = value(b, notBool, 'float32');
    const y = partner(b, x);
    return { fn, args: b.chance(0.5) ? [ref(x), y] : [y, ref(x)], kind };
  };

const bitwise =
  (fn: string): Maker =>
  (b) => {
    const x = value(b, (t) => !float(t), b.pick(['int32', 'int64', 'bool'] as const));
    if (float(b.tensors[x])) return null;
    return { fn, args: [ref(x), partner(b, x, b.tensors[x].dtype)], kind: 'exact' };
  };

const pow: Maker = (b) => {
  const x = value(b, float, 'float32');
  const base = b.chance(0.8) ? b.must({ fn: 'abs', args: [ref(x)], kind: 'exact' }) : x;
  const exponent = b.chance(0.5) ? b.pick([2, 3, 0.5, -1, 0, 1.5]) : partner(b, base);
  return { fn: 'pow', args: [ref(base), exponent], kind: 'ulp' };
};

const clamp: Maker = (b) => {
  const x = value(b, notBool, 'float32');
  return {
    fn: 'clamp',
    args: [ref(x), b.pick([null, -1, -0.5]), b.pick([0.75, 2])],
    kind: 'exact',
  };
};

const where: Maker = (b) => {
  const x = value(b, any);
  const cond = partner(b, x, 'bool');
  const y = partner(b, x);
  const args = b.chance(0.5) ? [cond, ref(x), y] : [cond, y, ref(x)];
  return { fn: 'where', args, kind: 'move' };
};

const maskedFill: Maker = (b) => {
  const x = value(b, float, 'float32');
  return { fn: 'maskedFill', args: [ref(x), partner(b, x, 'bool'), 1.5], kind: 'move' };
};

/** One dimension (from the end at times), several, or all. */
function dims(b: Builder, rank: number): number | number[] | undefined {
  if (rank === 0 || b.chance(0.25)) return undefined;
  if (b.chance(0.3)) return b.order(rank).slice(0, b.int(1, rank));
  return dim(b, rank);
}
const dim = (b: Builder, rank: number): number => b.int(b.chance(0.3) ? -rank : 0, rank - 1);

const reduction =
  (fn: string, kind: Kind, fits = any): Maker =>
  (b) => {
    const x = value(b, fits, 'float32');
    return { fn, args: [ref(x), dims(b, b.tensors[x].rank), b.chance(0.4)], kind };
  };

const arg =
  (fn: string): Maker =>
  (b) => {
    const x = value(b, notBool, 'float32');
    const { rank } = b.tensors[x];
    const along = rank === 0 || b.chance(0.2) ? undefined : dim(b, rank);
    return { fn, args: [ref(x), along, b.chance(0.4)], kind: 'jump' };
  };

const spread =
  (fn: string): Maker =>
  (b) => {
    const x = value(b, float, 'float32');
    const { rank } = b.tensors[x];
    const options = { correction: b.int(0, 1), keepdim: b.chance(0.4) };
    return { fn, args: [ref(x), dims(b, rank), options], kind: 'sum' };
  };

const norm: Maker = (b) => {
  const x = value(b, float, 'float32');
  return { fn: 'norm', args: [ref(x), b.pick([1, 2, 3]), dims(b, b.tensors[x].rank)], kind: 'sum' };
};

const alongDim =
  (fn: string): Maker =>
  (b) => {
    const x = ranked(b, 1);
    return { fn, args: [ref(x), dim(b, b.tensors[x].rank)], kind: 'composite' };
  };

const matmul: Maker = (b) => {
  const big = b.mode === 'fwd' && b.chance(0.1);
  const x = big
    ? b.operand([b.int(1, 70), b.int(1, 90)], b.pick(['float32', 'float64'] as const))
    : ranked(b, 1);
  const { shape, dtype } = b.tensors[x];
  const k = shape[shape.length - 1];
  const batch = shape.slice(0, -2).map((n) => (b.chance(0.3) ? 1 : n));
  const own = b.chance(0.2)
    ? [k]
    : [...batch.slice(b.int(0, batch.length)), k, big ? 65 : b.size()];
  const y = ref(b.operand(own, b.chance(0.8) && dtype !== 'bool' ? dtype : b.dtype()));
  return { fn: 'matmul', args: [ref(x), y], kind: 'sum' };
};

const image = (b: Builder): number => {
  const at = b.some((t) => small(t) && float(t) && t.rank === 4 && t.numel > 0);
  if (at >= 0 && b.chance(0.7)) return at;
  const shape = [b.int(1, 3), b.pick([1, 2, 4, 6]), b.int(3, 9), b.int(3, 9)];
  return b.operand(shape, b.mode === 'grad' ? 'float64' : b.pick(['float32', 'float64'] as const));
};

const pair = (b: Builder, low: number, high: number): number | number[] =>
  b.chance(0.5) ? b.int(low, high) : [b.int(low, high), b.int(low, high)];

const conv2d: Maker = (b) => {
  const x = image(b);
  const { shape, dtype } = b.tensors[x];
  const groups = b.pick([1, 1, 2, shape[1]]);
  if (shape[1] % groups !== 0) return null;
  const out = groups * b.int(1, 3);
  const weight = b.operand([out, shape[1] / groups, b.int(1, 3), b.int(1, 3)], dtype);
  const bias = b.chance(0.6) ? ref(b.operand([out], dtype)) : null;
  const options = {
    stride: pair(b, 1, 2),
    padding: pair(b, 0, 2),
    dilation: pair(b, 1, 2),
    groups,
  };
  return { fn: 'conv2d', args: [ref(x), ref(weight), bias, options], kind: 'sum' };
};

const pool =
  (fn: string, kind: Kind): Maker =>
  (b) => {
    const options = { stride: pair(b, 1, 3), padding: pair(b, 0, 1) };
    const args = [ref(image(b)), pair(b, 2, 3), options];
    return { fn, args, kind };
  };

/** An exact index of this shape into a dimension of `size`. */
const index = (b: Builder, shape: readonly number[], size: number): Ref =>
  ref(b.operand(shape, b.pick(['int32', 'int64'] as const), 'index', size));

const gather: Maker = (b) => {
  const x = ranked(b, 1);
  const { shape } = b.tensors[x];
  const d = b.int(0, shape.length - 1);
  if (shape[d] === 0) return null;
  const own = shape.map((n, i) => (i === d ? b.size() : b.int(Math.min(1, n), n)));
  if (numelOf(own) > 3000) return null;
  return { fn: 'gather', args: [ref(x), d, index(b, own, shape[d])], kind: 'move' };
};

const scatterAdd: Maker = (b) => {
  const x = ranked(b, 1);
  const { shape, dtype } = b.tensors[x];
  const d = b.int(0, shape.length - 1);
  if (shape[d] === 0 || dtype === 'bool') return null;
  const own = shape.map((n, i) => (i === d ? b.size() : b.int(Math.min(1, n), n)));
  if (numelOf(own) > 3000) return null;
  const src = ref(b.operand(own, dtype));
  return { fn: 'scatterAdd', args: [ref(x), d, index(b, own, shape[d]), src], kind: 'sum' };
};

const indexSelect: Maker = (b) => {
  const x = ranked(b, 1);
  const { shape } = b.tensors[x];
  const d = b.int(0, shape.length - 1);
  if (shape[d] === 0) return null;
  return { fn: 'indexSelect', args: [ref(x), d, index(b, [b.size()], shape[d])], kind: 'move' };
};

const takeAlongDim: Maker = (b) => {
  const x = ranked(b, 1);
  const { shape } = b.tensors[x];
  const d = b.int(0, shape.length - 1);
  if (shape[d] === 0) return null;
  const own = shape.map((n, i) => (i === d ? b.int(1, 3) : b.chance(0.3) ? 1 : n));
  return { fn: 'takeAlongDim', args: [ref(x), index(b, own, shape[d]), d], kind: 'move' };
};

const list =
  (fn: 'concat' | 'stack'): Maker =>
  (b) => {
    const x = fn === 'concat' ? ranked(b, 1) : value(b, any);
    const { shape, dtype } = b.tensors[x];
    const d = b.int(0, shape.length - (fn === 'concat' ? 1 : 0));
    const more = Array.from({ length: b.int(0, 3) }, () => {
      const own = fn === 'concat' ? shape.with(d, b.size()) : shape;
      if (b.chance(0.3)) return ref(x);
      return ref(b.operand(own, b.chance(0.7) ? dtype : b.dtype()));
    });
    const xs = b.chance(0.5) ? [ref(x), ...more] : [...more, ref(x)];
    return { fn, args: [xs, d], kind: 'move' };
  };

const pad: Maker = (b) => {
  const x = value(b, notBool, 'float32');
  const low = b.chance(0.2) ? -1 : 0;
  const by = b.tensors[x].shape.map(() => [b.int(low, 2), b.int(low, 2)]);
  return { fn: 'pad', args: [ref(x), by, b.pick([0, 0, 1, -2])], kind: 'move' };
};

const tile: Maker = (b) => {
  const x = b.some((t) => t.numel <= 300);
  if (x < 0) return null;
  return { fn: 'tile', args: [ref(x), b.tensors[x].shape.map(() => b.int(1, 3))], kind: 'move' };
};

/** Reshapes, slices and the like. */
const view: Maker = (b) => {
  const x = ranked(b, 1);
  const { shape } = b.tensors[x];
  const rank = shape.length;
  const d = b.int(0, rank - 1);
  const v = ref(x);
  const of = (fn: string, ...args: unknown[]): Step => ({ fn, args: [v, ...args], kind: 'move' });
  switch (b.int(0, 11)) {
    case 0:
      return of('permute', b.order(rank));
    case 1:
      return of('flip', b.order(rank).slice(0, b.int(1, rank)));
    case 2: {
      const start = b.int(0, shape[d]);
      return of('narrow', d, start, b.int(0, shape[d] - start));
    }
    case 3:
      return of('at', ...shape.map(() => b.pick([':', '::2', '1:', '::-1', ':-1', '-2::-2'])));
    case 4:
      return numelOf(shape) === 0 ? of('flatten') : of('reshape', [-1, ...shape.slice(d + 1)]);
    case 5:
      return of('unsqueeze', d);
    case 6:
      return numelOf(shape) > 500 ? of('squeeze') : of('expand', [3, ...shape]);
    case 7:
      return rank < 2 ? of('clone') : of('transpose', d, b.int(0, rank - 1));
    case 8:
      return shape[d] === 0 ? null : { ...of('chunk', b.int(1, 3), d), item: 0 };
    case 9:
      return shape[d] === 0 ? null : { ...of('split', b.int(1, shape[d]), d), item: 0 };
    case 10:
      return shape[d] === 0 ? null : { ...of('unbind', d), item: b.int(0, shape[d] - 1) };
    default:
      return rank < 2 ? of('clone') : of(b.pick(['tril', 'triu']), b.int(-2, 2));
  }
};

const cast: Maker = (b) => {
  const to =
    b.mode === 'fwd'
      ? b.pick(['float32', 'float64', 'int32', 'int64', 'bool'] as const)
      : b.pick(['float32', 'float64'] as const);
  // Fractions cut off, and what is not 0: steps, not slopes.
  return { fn: 'cast', args: [ref(value(b, any)), to], kind: isFloat(to) ? 'exact' : 'jump' };
};

const oneHot: Maker = (b) => {
  const x = b.some((t) => isInt(t.dtype) && t.numel <= 200);
  return x < 0 ? null : { fn: 'oneHot', args: [ref(x), b.int(1, 5)], kind: 'jump' };
};

const each = (names: string, make: (name: string) => Maker): Maker[] => names.split(' ').map(make);

const smooth: Maker[] = [
  ...each('neg abs square relu', (n) => unary(n, 'exact', notBool)),
  ...each('sqrt', (n) => positive(n, 'exact')),
  ...each('exp expm1 tanh erf', (n) => unary(n, 'ulp')),
  ...each('log log1p', (n) => positive(n, 'ulp')),
  ...each('sin cos', (n) => periodic(n, 'ulp')),
  ...each('tan', (n) => periodic(n, 'composite')),
  ...each('sigmoid silu softplus gelu', (n) => unary(n, 'composite')),
  unary('gelu', 'composite', float, { approximate: 'tanh' }),
  unary('leakyRelu', 'composite', float, 0.125),
  unary('elu', 'composite', float, 0.75),
  ...each('rsqrt log2 log10', (n) => positive(n, 'composite')),
  unary('reciprocal', 'exact'),
  ...each('add sub mul mul div maximum minimum', (n) => binary(n, 'exact')),
  pow,
  clamp,
  where,
  maskedFill,
];
const steps: Maker[] = [
  ...each('sign floor ceil trunc round', (n) => unary(n, 'jump')),
  ...each('isnan isfinite isinf logicalNot', (n) => unary(n, 'jump')),
  ...each('floorDivide eq ne lt le gt ge logicalAnd logicalOr logicalXor', (n) =>
    binary(n, 'jump'),
  ),
  binary('remainder', 'composite'),
];
const sums: Maker[] = [
  ...each('sum sum mean', (n) => reduction(n, 'sum')),
  reduction('prod', 'sum', notBool),
  reduction('logsumexp', 'composite', float),
  ...each('max min', (n) => reduction(n, 'exact', notBool)),
  ...each('variance std', spread),
  norm,
  ...each('softmax logSoftmax', alongDim),
  matmul,
  matmul,
  conv2d,
  pool('maxPool2d', 'exact'),
  pool('avgPool2d', 'sum'),
];
const moves: Maker[] = [
  gather,
  scatterAdd,
  indexSelect,
  takeAlongDim,
  list('concat'),
  list('stack'),
  pad,
  tile,
  view,
  view,
  view,
];
const whole: Maker[] = [
  ...each('bitwiseAnd bitwiseOr bitwiseXor', bitwise),
  (b) => {
    const x = value(b, (t) => !float(t), b.pick(['int32', 'int64', 'bool'] as const));
    return float(b.tensors[x]) ? null : { fn: 'ir.bitwiseNot', args: [ref(x)], kind: 'exact' };
  },
  ...each('argmax argmin', arg),
  ...each('any all', (n) => reduction(n, 'jump')),
  oneHot,
];

/** Groups of makers by mode; a group is chosen first, then one of its makers. */
export const MAKERS: Readonly<Record<Builder['mode'], readonly (readonly Maker[])[]>> = {
  fwd: [smooth, smooth, steps, sums, sums, moves, moves, whole, [cast], LAYERS, SOURCES],
  special: [smooth, smooth, steps, [view, cast]],
  grad: [smooth, smooth, smooth, sums, sums, moves, LAYERS],
  big: [],
};
