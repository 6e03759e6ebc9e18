/** What users read when operands do not fit: op, problem, operands, remedy. */
import { expect, test } from 'vitest';
import { type DType, DtypeError, IndexError, ShapeError, ValueError } from '../../base/index.ts';
import type { Value } from '../value.ts';
import { evaluate, nd } from '../vjp.test-util.ts';
import * as ops from './index.ts';

interface Sample {
  readonly shape: number[];
  readonly dtype: DType;
}

const t = (shape: number[], dtype: DType = 'float32'): Sample => ({ shape, dtype });

function thrown(f: (...xs: Value[]) => Value | readonly Value[], ...samples: Sample[]): Error {
  const inputs = samples.map(({ shape, dtype }) =>
    nd(shape, new Array(shape.reduce((n, d) => n * d, 1)).fill(0), dtype),
  );
  try {
    evaluate(f, inputs);
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

test('shapes that do not broadcast', () => {
  const error = thrown(ops.add, t([2, 3]), t([2]));
  expect(error).toBeInstanceOf(ShapeError);
  expect(error.message).toContain('add: shapes [2, 3] and [2] do not broadcast');
  expect(error.message).toContain('operands: float32[2, 3], float32[2]');
  expect(error.message).toContain('remedy: sizes are aligned from the last dimension');
});

test('matmul suggests a transpose where one helps', () => {
  const second = thrown(ops.matmul, t([2, 3]), t([4, 3]));
  expect(second).toBeInstanceOf(ShapeError);
  expect(second.message).toContain('matmul: [2, 3] by [4, 3]: inner dimensions 3 and 4 differ');
  expect(second.message).toContain('remedy: transpose the second operand: a.matmul(b.transpose())');
  const first = thrown(ops.matmul, t([2, 3]), t([2, 4]));
  expect(first.message).toContain('transpose the first operand: a.transpose().matmul(b)');
  expect(thrown(ops.matmul, t([]), t([2])).message).toContain('a 0-d tensor is no matrix');
  expect(thrown(ops.matmul, t([2, 1, 1]), t([3, 1, 1])).message).toContain('batch dimensions');
  expect(thrown(ops.matmul, t([2, 2], 'bool'), t([2, 2], 'bool'))).toBeInstanceOf(DtypeError);
});

test('conv2d tells which channels differ', () => {
  const error = thrown((x, w) => ops.conv2d(x, w), t([1, 8, 8, 3]), t([4, 3, 2, 2]));
  expect(error.message).toContain(
    'the input has 8 channels, but the weight [4, 3, 2, 2] with 1 group expects 3',
  );
  expect(error.message).toContain(
    'remedy: images are [batch, channels, height, width]: x.permute([0, 3, 1, 2])',
  );
  const large = thrown((x, w) => ops.conv2d(x, w), t([1, 3, 2, 2]), t([4, 3, 3, 3]));
  expect(large.message).toContain(
    'a 3x3 kernel (dilation 1x1) is larger than the 2x2 input with padding 0x0',
  );
  const flat = thrown((x, w) => ops.conv2d(x, w), t([3, 2, 2]), t([4, 3, 3, 3]));
  expect(flat.message).toContain('remedy: add a batch dimension: x.unsqueeze(0)');
  const stride = thrown(
    (x, w) => ops.conv2d(x, w, null, { stride: 0 }),
    t([1, 3, 2, 2]),
    t([4, 3, 1, 1]),
  );
  expect(stride).toBeInstanceOf(ValueError);
  expect(stride.message).toContain('stride must be a whole number from 1, or two, not 0');
  const bias = thrown((x, w, b) => ops.conv2d(x, w, b), t([1, 3, 2, 2]), t([4, 3, 1, 1]), t([3]));
  expect(bias.message).toContain('the bias [3] is not [4], one for each output');
  expect(
    thrown((x, w) => ops.conv2d(x, w), t([1, 1, 2, 2], 'int32'), t([1, 1, 1, 1], 'int32')),
  ).toBeInstanceOf(DtypeError);
});

test('linear tells what it expects', () => {
  const error = thrown((x, w) => ops.linear(x, w), t([4, 2, 3]), t([5, 6]));
  expect(error.message).toContain('linear: input [4, 2, 3] does not fit weight [5, 6]');
  expect(error.message).toContain(
    'remedy: the weight expects 6 inputs in the last dimension: x.flatten(1)',
  );
});

test('dtypes that an op cannot take', () => {
  const bits = thrown(ops.bitwiseAnd, t([2]), t([2], 'int32'));
  expect(bits).toBeInstanceOf(DtypeError);
  expect(bits.message).toContain('bitwiseAnd: takes integers or bools, not float32');
  expect(bits.message).toContain("remedy: convert first: x.to('int32')");
  const bools = thrown(ops.sub, t([2], 'bool'), t([2], 'bool'));
  expect(bools.message).toContain('remedy: use logicalXor');
  expect(thrown(ops.neg, t([2], 'bool'))).toBeInstanceOf(DtypeError);
  const index = thrown((x, i) => ops.gather(x, 0, i), t([2]), t([2]));
  expect(index.message).toContain('gather: indices must be int32 or int64, not float32');
});

test('labels that do not fit the scores', () => {
  const shape = thrown((x, y) => ops.crossEntropy(x, y), t([4, 3]), t([4, 1], 'int32'));
  expect(shape.message).toContain('labels [4, 1] do not fit scores [4, 3]: expected [4]');
  const dtype = thrown((x, y) => ops.crossEntropy(x, y), t([4, 3]), t([4]));
  expect(dtype.message).toContain('labels must be int32 or int64, not float32');
  for (const label of [3, -1]) {
    const wrong = thrown(
      (x, y) => ops.crossEntropy(x, ops.add(y, label)),
      t([1, 3]),
      t([1], 'int32'),
    );
    expect(wrong).toBeInstanceOf(IndexError);
  }
});

test('shapes that cannot be', () => {
  const reshape = thrown((x) => ops.reshape(x, [4, -1]), t([2, 3]));
  expect(reshape.message).toContain('reshape: [2, 3] has 6 elements, which do not fill [4, -1]');
  expect(thrown((x) => ops.reshape(x, [5]), t([2, 3])).message).toContain('use -1');
  expect(thrown((x) => ops.expand(x, [3]), t([2])).message).toContain(
    '[2] does not broadcast to [3]',
  );
  expect(thrown((x) => ops.permute(x, [0, 0]), t([2, 3])).message).toContain(
    'each of 2 dimensions once',
  );
  expect(thrown((x) => ops.sum(x, 2), t([2, 3]))).toBeInstanceOf(IndexError);
  expect(thrown((x) => ops.max(x), t([0])).message).toContain('dimension 0 is empty');
  expect(thrown((x) => ops.narrow(x, 0, 1, 2), t([2])).message).toContain(
    'do not lie within dimension 0 of size 2',
  );
  expect(thrown((a, b) => ops.concat([a, b]), t([2, 3]), t([2, 4])).message).toContain(
    'all sizes but that of dimension 0',
  );
  expect(thrown((a, b) => ops.stack([a, b]), t([2]), t([3])).message).toContain(
    'the shapes differ',
  );
  expect(thrown(() => ops.concat([])).message).toContain('no tensors to join');
  expect(thrown((x) => ops.maxPool2d(x, 3), t([1, 1, 2, 2])).message).toContain('a 3x3 window');
  expect(thrown((x, y) => ops.mse(x, y), t([2, 1]), t([2])).message).toContain(
    'silent broadcasting',
  );
  expect(thrown((x) => ops.pad(x, [[1, 0]]), t([2, 2])).message).toContain('for each dimension');
  expect(thrown((x) => ops.split(x, [1, 2]), t([2])).message).toContain(
    'parts of [1, 2] do not make up 2',
  );
});

test('values that make no sense', () => {
  expect(thrown(() => ops.arange(0, 1, 0))).toBeInstanceOf(ValueError);
  expect(thrown(() => ops.arange(0, 1, 0.5, 'int32')).message).toContain("use dtype 'float32'");
  expect(thrown(() => ops.randint([2], 3, 3, [0, 0, 0, 0])).message).toContain('low < high');
  expect(thrown((x) => ops.dropout(x, 2, [0, 0, 0, 0]), t([2])).message).toContain('probability 2');
  expect(thrown((x) => ops.clamp(x), t([2]))).toBeInstanceOf(ValueError);
  expect(thrown(() => ops.full([-1], 0))).toBeInstanceOf(ShapeError);
});

test('shifts stay within the word', () => {
  const shift = (bits: unknown, dtype: DType = 'int32') =>
    thrown((x) => ops.shiftRight(x, bits as number), t([2], dtype)).message;
  expect(shift(32)).toContain('shiftRight: bits is a whole number from 0 to 31, not 32');
  expect(shift(-1)).toContain('not -1');
  expect(shift('1')).toContain("not '1'");
  expect(shift(64, 'int64')).toContain('from 0 to 63, not 64');
});

test('operands that do not fit an LSTM', () => {
  const [x, w, h] = [t([5, 2, 8]), t([8, 2]), t([2, 2])];
  const lstm = (...xs: readonly Sample[]) =>
    thrown((...[a, b, c, d]) => ops.lstm(a, b, c, d), ...xs).message;
  expect(lstm(x, t([2, 8]), h, h)).toContain('lstm: the weight is [2, 8], not [8, 2]');
  expect(lstm(x, w, t([2, 3]), h)).toContain('lstm: h0 is [2, 3], not [2, 2]');
  expect(lstm(x, w, h, t([3, 2]))).toContain('lstm: c0 is [3, 2], not [2, 2]');
  for (const shape of [
    [2, 8],
    [5, 2, 6],
    [0, 2, 8],
  ]) {
    expect(lstm(t(shape), w, h, h)).toContain(
      `x is [${shape.join(', ')}], not [steps, batch, 4 H]`,
    );
  }
});
