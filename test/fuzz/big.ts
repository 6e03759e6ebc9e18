/** Single calls on operands large enough for every schedule, for packing and for threads. */
import { type DType, isFloat } from '../../src/base/index.ts';
import type { Builder, Maker } from './builder.ts';
import { type Kind, Ref, type Step } from './steps.ts';

const float = (b: Builder): DType => b.pick(['float32', 'float32', 'float64'] as const);
const number = (b: Builder): DType => b.pick(['float32', 'float64', 'int32', 'int64'] as const);
const operand = (b: Builder, shape: readonly number[], dtype: DType): Ref =>
  new Ref(b.operand(shape, dtype));

/** So many elements, more or less, of rank 1 to 4. */
function shape(b: Builder, elements = 8000): number[] {
  const out = b.shape(3, 200).map((n) => Math.max(n, 1));
  const rest = Math.ceil((elements * (0.6 + b.int(0, 40) / 50)) / out.reduce((a, n) => a * n, 1));
  return out.toSpliced(b.int(0, out.length), 0, rest);
}

/** A matrix product of these sizes, with operands turned at will, batches at times. */
const matmul =
  (sizes: (b: Builder) => readonly [number, number, number], dtypes = float): Maker =>
  (b) => {
    const [m, n, k] = sizes(b);
    const dtype = dtypes(b);
    const batch = b.pick([[], [], [], [2], [3, 1]]);
    const side = (rows: number, columns: number, shared: boolean): Ref => {
      const own = shared ? [] : batch;
      if (b.chance(0.5)) return operand(b, [...own, rows, columns], dtype);
      const turned = operand(b, [...own, columns, rows], dtype);
      return new Ref(b.must({ fn: 'transpose', args: [turned, -2, -1], kind: 'move' }));
    };
    const x = side(m, k, false);
    const y = side(k, n, b.chance(0.3));
    if (b.chance(0.7)) return { fn: 'matmul', args: [x, y], kind: 'sum' };
    const bias = b.chance(0.5) ? operand(b, [n], dtype) : null;
    const weight = new Ref(b.must({ fn: 'transpose', args: [y, -2, -1], kind: 'move' }));
    if (b.tensors[weight.step].rank > 2 || !isFloat(dtype)) {
      return { fn: 'matmul', args: [x, y], kind: 'sum' };
    }
    return { fn: 'ir.linear', args: [x, weight, bias], kind: 'sum' };
  };

/** One face of a convolution: forward, or the gradient of the image or of the weights. */
const conv =
  (face: 'forward' | 'input' | 'weight'): Maker =>
  (b) => {
    const groups = b.pick([1, 1, 1, 2, 3]);
    const [perIn, perOut] = [b.pick([1, 2, 3, 5, 8, 17]), b.pick([1, 3, 4, 7, 16, 19])];
    const batch = b.int(1, 3);
    const pair = (low: number, high: number): [number, number] => [
      b.int(low, high),
      b.int(low, high),
    ];
    const [kernel, stride] = [pair(1, 4), b.chance(0.5) ? ([1, 1] as const) : pair(1, 3)];
    const [padding, dilation] = [pair(0, 2), b.chance(0.7) ? ([1, 1] as const) : pair(1, 2)];
    const size = pair(4, 21);
    const out = size.map((n, d) => {
      const reach = dilation[d] * (kernel[d] - 1) + 1;
      return Math.floor((n + 2 * padding[d] - reach) / stride[d]) + 1;
    });
    if (out.some((n) => n < 1)) return null;
    const work = batch * groups * perIn * perOut * kernel[0] * kernel[1] * out[0] * out[1];
    if (work > 400_000) return null;
    const dtype = float(b);
    const options = { stride, padding, dilation, groups };
    const xShape = [batch, groups * perIn, ...size];
    const wShape = [groups * perOut, perIn, ...kernel];
    const gShape = [batch, groups * perOut, ...out];
    const at = (own: readonly number[]): Ref => operand(b, own, dtype);
    if (face === 'input') {
      return step('ir.conv2dInput', [at(gShape), at(wShape), size, options], 'sum');
    }
    if (face === 'weight') {
      return step('ir.conv2dWeight', [at(xShape), at(gShape), kernel, options], 'sum');
    }
    const bias = b.chance(0.5) ? at([groups * perOut]) : null;
    return step('conv2d', [at(xShape), at(wShape), bias, options], 'sum');
  };

const step = (fn: string, args: readonly unknown[], kind: Kind): Step => ({ fn, args, kind });

const maxPool: Maker = (b) => {
  const own = [b.int(1, 3), b.int(1, 6), b.int(5, 40), b.int(5, 40)];
  const kernel = [b.int(1, 4), b.int(1, 4)];
  const options = {
    stride: [b.int(1, 4), b.int(1, 4)],
    padding: kernel.map((n) => b.int(0, n >> 1)),
    dilation: [b.int(1, 2), b.int(1, 2)],
  };
  const item = b.int(0, 1);
  const x = operand(b, own, float(b));
  return {
    ...step('ir.maxPool2dWithIndices', [x, kernel, options], item ? 'jump' : 'exact'),
    item,
  };
};

const avgPool: Maker = (b) => {
  const x = operand(b, [b.int(1, 3), b.int(1, 6), b.int(5, 30), b.int(5, 30)], float(b));
  return step('avgPool2d', [x, b.int(2, 3), { stride: b.int(1, 3) }], 'sum');
};

const gather: Maker = (b) => {
  const own = shape(b);
  const d = b.int(0, own.length - 1);
  const x = operand(b, own, number(b));
  const size = b.pick([own[d], 3, 17]);
  const index = b.operand(own.with(d, size), 'int32', 'index', own[d]);
  if (own.reduce((a, n) => a * n, size / own[d]) > 40_000) return null;
  return step('gather', [x, d, new Ref(index)], 'move');
};

const scatterAdd: Maker = (b) => {
  const own = shape(b);
  const d = b.int(0, own.length - 1);
  const dtype = number(b);
  const size = b.pick([Math.min(own[d], 500), 3, 17]);
  const from = own.with(d, size);
  if (own.reduce((a, n) => a * n, size / own[d]) > 40_000) return null;
  const index = new Ref(b.operand(from, b.pick(['int32', 'int64'] as const), 'index', own[d]));
  return step('scatterAdd', [operand(b, own, dtype), d, index, operand(b, from, dtype)], 'sum');
};

const embedding: Maker = (b) => {
  const rows = b.int(1, 90);
  const table = operand(b, [rows, b.int(1, 70)], float(b));
  const index = new Ref(b.operand([b.int(1, 40), b.int(1, 30)], 'int32', 'label', rows));
  return step('ir.embedding', [table, index], 'move');
};

const reduction =
  (fn: string, kind: Kind, dtypes: (b: Builder) => DType): Maker =>
  (b) => {
    const own = shape(b);
    const dims = b.order(own.length).slice(0, b.int(1, own.length));
    const args = fn.startsWith('arg') ? dims[0] : dims;
    return step(fn, [operand(b, own, dtypes(b)), args, b.chance(0.5)], kind);
  };

const along =
  (fn: string): Maker =>
  (b) => {
    const own = shape(b, 4000);
    return step(fn, [operand(b, own, float(b)), b.int(0, own.length - 1)], 'composite');
  };

/** Elements of two operands, of which one is repeated along some dimensions. */
const elements: Maker = (b) => {
  const own = shape(b);
  const other = own.slice(b.int(0, own.length - 1)).map((n) => (b.chance(0.3) ? 1 : n));
  const [x, y] = [operand(b, own, number(b)), operand(b, other, number(b))];
  const fn = b.pick(['add', 'mul', 'sub', 'maximum', 'div', 'lt', 'floorDivide']);
  return step(
    fn,
    b.chance(0.5) ? [x, y] : [y, x],
    fn === 'lt' || fn === 'floorDivide' ? 'jump' : 'exact',
  );
};

const cast: Maker = (b) => {
  const to = b.pick(['float32', 'float64', 'int32', 'int64', 'bool'] as const);
  const from = b.pick(['float32', 'float64', 'int32', 'int64', 'bool'] as const);
  return step('cast', [operand(b, shape(b), from), to], isFloat(to) ? 'exact' : 'jump');
};

const layerNorm: Maker = (b) => {
  const [rows, inner, dtype] = [b.int(1, 90), b.int(1, 300), float(b)];
  const [w, bias] = [operand(b, [inner], dtype), operand(b, [inner], dtype)];
  return step('ir.layerNorm', [operand(b, [rows, inner], dtype), [inner], w, bias], 'layer');
};

const batchNorm: Maker = (b) => {
  const [c, dtype] = [b.int(1, 20), float(b)];
  const x = operand(b, [b.int(1, 6), c, b.int(1, 20), b.int(1, 20)], dtype);
  const [w, bias] = [operand(b, [c], dtype), operand(b, [c], dtype)];
  return { ...step('ir.batchNormTraining', [x, w, bias], 'layer'), item: b.int(0, 2) };
};

const lstm: Maker = (b) => {
  const [batch, hidden, dtype] = [b.int(1, 40), b.int(1, 60), float(b)];
  const x = operand(b, [b.int(1, 5), batch, 4 * hidden], dtype);
  const weight = operand(b, [4 * hidden, hidden], dtype);
  const [h, c] = [0, 1].map(() => operand(b, [batch, hidden], dtype));
  return { ...step('ir.lstm', [x, weight, h, c], 'layer'), item: b.int(0, 1) };
};

const attention: Maker = (b) => {
  const [l, s, e, f] = [b.int(1, 50), b.int(1, 50), b.int(1, 40), b.int(1, 40)];
  const dtype = float(b);
  const outer = b.pick([[], [2], [2, 3]]);
  const [q, k, v] = [
    [l, e],
    [s, e],
    [s, f],
  ].map((own) => operand(b, [...outer, ...own], dtype));
  const options = b.chance(0.3) ? { isCausal: true } : {};
  return step('ir.scaledDotProductAttention', [q, k, v, options], 'layer');
};

const adam: Maker = (b) => {
  const [own, dtype] = [shape(b), float(b)];
  const [p, g, m] = [0, 1, 2].map(() => operand(b, own, dtype));
  const v = new Ref(b.must(step('abs', [operand(b, own, dtype)], 'exact')));
  const rates = [0.125, 0.75, 0.875, 1e-3, 0.25, 0.5, 0.5];
  return { ...step('ir.adamUpdate', [p, g, m, v, ...rates], 'layer'), item: b.int(0, 2) };
};

const concat: Maker = (b) => {
  const own = shape(b);
  const [d, dtype] = [b.int(0, own.length - 1), number(b)];
  const parts = [0, 1, 2].map(() => operand(b, own.with(d, b.int(0, 9)), dtype));
  return step('concat', [[...parts, operand(b, own, dtype)], d], 'move');
};

const pad: Maker = (b) => {
  const own = shape(b);
  const by = own.map(() => [b.int(0, 3), b.int(0, 3)]);
  return step('pad', [operand(b, own, number(b)), by, b.int(-1, 1)], 'move');
};

const copy: Maker = (b) => {
  const own = shape(b);
  const turned = b.must(step('permute', [operand(b, own, number(b)), b.order(own.length)], 'move'));
  return step('clone', [new Ref(turned)], 'move');
};

const random: Maker = (b) => {
  const seeds = [0, 1, 2, 3].map(() => b.int(0, 2 ** 31 - 1));
  return step('ir.uniform', [shape(b), seeds], 'exact');
};

const dropout: Maker = (b) => {
  const seeds = [0, 1, 2, 3].map(() => b.int(0, 2 ** 31 - 1));
  return step('ir.dropout', [operand(b, shape(b), float(b)), 0.3, seeds], 'composite');
};

/** Sines, powers and the like over more elements than one thread is given. */
const functions: Maker = (b) => {
  const x = operand(b, shape(b), float(b));
  return step(b.pick(['exp', 'tanh', 'erf', 'sin', 'expm1']), [x], 'ulp');
};

export const BIG: readonly Maker[] = [
  matmul((b) => [b.int(5, 70), b.int(5, 90), b.int(20, 130)]),
  conv('forward'),
  matmul((b) => [b.int(5, 40), b.int(5, 50), b.int(257, 530)]),
  conv('input'),
  matmul((b) => [b.int(1, 4), b.int(1, 200), b.int(8, 300)]),
  conv('weight'),
  matmul((b) => [b.int(1, 200), b.int(1, 4), b.int(8, 300)]),
  maxPool,
  matmul((b) => [b.int(1, 90), b.int(1, 90), b.int(1, 9)]),
  matmul((b) => [b.int(5, 50), b.int(5, 50), b.int(5, 50)], number),
  scatterAdd,
  gather,
  elements,
  reduction('sum', 'sum', number),
  reduction('max', 'exact', number),
  reduction('argmax', 'jump', number),
  reduction('any', 'jump', () => 'bool'),
  reduction('mean', 'sum', float),
  along('softmax'),
  along('logSoftmax'),
  conv('forward'),
  conv('input'),
  conv('weight'),
  layerNorm,
  batchNorm,
  lstm,
  attention,
  adam,
  concat,
  pad,
  copy,
  cast,
  random,
  dropout,
  functions,
  embedding,
  avgPool,
];
