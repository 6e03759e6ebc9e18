/** The dtypes of real results, by methods and numbers of JavaScript, against PyTorch's tables. */
import { describe, expect, test } from 'vitest';
import { DtypeError, ones, type Tensor, tensor } from '../../src/index.ts';
import { type FixtureDType, loadFixture } from '../fixtures/load.ts';

const fixture = loadFixture('promote');
const sample = (dtype: FixtureDType): Tensor => ones([2, 2], { dtype }) as Tensor;
const zeroDim = (dtype: FixtureDType): Tensor =>
  tensor(dtype === 'int64' ? 1n : 1, { dtype }) as Tensor;

/** The dtype of what `f` gives; null where it refuses. */
function dtypeOf(f: () => Tensor): string | null {
  try {
    const y = f();
    expect(y.data().length).toBe(y.numel);
    return y.dtype;
  } catch (e) {
    if (e instanceof DtypeError) return null;
    throw e;
  }
}

type Binary = (a: Tensor, b: Tensor) => unknown;
const BINARY: Readonly<Record<string, Binary>> = {
  add: (a, b) => a.add(b),
  sub: (a, b) => a.sub(b),
  mul: (a, b) => a.mul(b),
  div: (a, b) => a.div(b),
  floor_divide: (a, b) => a.floorDivide(b),
  remainder: (a, b) => a.remainder(b),
  pow: (a, b) => a.pow(b),
  maximum: (a, b) => a.maximum(b),
  eq: (a, b) => a.eq(b),
  lt: (a, b) => a.lt(b),
  where: (a, b) => a.where(tensor([true, false]), b),
  matmul: (a, b) => a.matmul(b as never),
};

describe('two tensors', () => {
  test.each(Object.keys(fixture.binary))('%s', (name) => {
    const table = fixture.binary[name];
    const got = fixture.dtypes.map((a) =>
      fixture.dtypes.map((b) => dtypeOf(() => BINARY[name](sample(a), sample(b)) as Tensor)),
    );
    const want = fixture.dtypes.map((a) => fixture.dtypes.map((b) => table[a][b]));
    if (name === 'matmul') {
      // PyTorch wants equal dtypes there; Gradus promotes, and refuses bools.
      fixture.dtypes.forEach((a, i) => {
        if (a !== 'bool') expect(got[i][i]).toBe(want[i][i]);
      });
      return;
    }
    if (name === 'sub') {
      // PyTorch refuses any bool there, Gradus (like NumPy) the difference of two.
      fixture.dtypes.forEach((a, i) => {
        fixture.dtypes.forEach((b, j) => {
          if ((a === 'bool') !== (b === 'bool')) want[i][j] = a === 'bool' ? b : a;
        });
      });
    }
    expect(got).toEqual(want);
  });
});

test('a tensor and a number', () => {
  for (const d of fixture.dtypes) {
    for (const [kind, x] of [
      ['int', 2],
      ['float', 2.5],
    ] as const) {
      // PyTorch's default integer is int64, Gradus' is int32.
      const want = d === 'bool' && kind === 'int' ? 'int32' : fixture.tensorScalar[d][kind];
      expect([d, kind, dtypeOf(() => sample(d).add(x) as Tensor)]).toEqual([d, kind, want]);
      const divided = fixture.trueDivideScalar[d][kind];
      expect([d, kind, dtypeOf(() => sample(d).div(x) as Tensor)]).toEqual([d, kind, divided]);
    }
  }
});

test('a tensor and one of no dimensions', () => {
  // PyTorch lets tensors of dimension 0 give way within a kind; Gradus treats all tensors alike.
  for (const a of fixture.dtypes) {
    for (const b of fixture.dtypes) {
      const got = dtypeOf(() => sample(a).mul(zeroDim(b)) as Tensor);
      expect([a, b, got]).toEqual([a, b, fixture.promoteTypes[a][b]]);
    }
  }
});

test('true division', () => {
  for (const a of fixture.dtypes) {
    for (const b of fixture.dtypes) {
      const got = dtypeOf(() => sample(a).div(sample(b)) as Tensor);
      expect([a, b, got]).toEqual([a, b, fixture.trueDivide[a][b]]);
    }
  }
});

const UNARY: Readonly<Record<string, (x: Tensor) => unknown>> = {
  neg: (x) => x.neg(),
  abs: (x) => x.abs(),
  sign: (x) => x.sign(),
  exp: (x) => x.exp(),
  sqrt: (x) => x.sqrt(),
  sin: (x) => x.sin(),
  sigmoid: (x) => x.sigmoid(),
  relu: (x) => x.relu(),
  floor: (x) => x.floor(),
  round: (x) => x.round(),
  isnan: (x) => x.isnan(),
  logical_not: (x) => x.logicalNot(),
};

test.each(Object.keys(fixture.unary))('%s', (name) => {
  for (const d of fixture.dtypes) {
    const got = dtypeOf(() => UNARY[name](sample(d)) as Tensor);
    // Refused for bool here: the sign of a truth value is more likely a mistake than meant.
    if (d === 'bool' && got === null) continue;
    expect([d, got]).toEqual([d, fixture.unary[name][d]]);
  }
});

const REDUCE: Readonly<Record<string, (x: Tensor) => unknown>> = {
  sum: (x) => x.sum(),
  prod: (x) => x.prod(),
  mean: (x) => x.mean(),
  var: (x) => x.var(),
  amax: (x) => x.max(),
  argmax: (x) => x.argmax(),
  any: (x) => x.any(),
  logsumexp: (x) => x.logsumexp(),
};

test.for(Object.keys(fixture.reduce))('%s', (name, context) => {
  if (!(name in REDUCE)) context.skip('Gradus has none');
  for (const d of fixture.dtypes) {
    let want = fixture.reduce[name][d];
    // Where PyTorch refuses whole numbers, Gradus may compute in float32.
    if (want === null) continue;
    // Gradus sums int32 in int32, counts bools in int32, and finds places in int32.
    if ((name === 'sum' || name === 'prod') && d !== 'int64' && want === 'int64') want = 'int32';
    if (name === 'argmax') want = 'int32';
    // `any` and `all` are the largest and smallest of truth values.
    if (name === 'amax' && d === 'bool') want = null;
    expect([d, dtypeOf(() => REDUCE[name](sample(d)) as Tensor)]).toEqual([d, want]);
  }
});
