/** Result dtypes against PyTorch's tables; where Gradus decides otherwise, the list says why. */
import { describe, expect, test } from 'vitest';
import { type DTypeTable, loadFixture, type ScalarKind } from '../../../test/fixtures/load.ts';
import { type DType, DtypeError, specOf, WEAK_FLOAT, WEAK_INT } from '../../base/index.ts';
import { promoteTypes } from '../element.ts';
import { inferAll } from '../graph.ts';
import { type Attrs, attrs, type OpDef } from '../op.ts';
import * as ops from './index.ts';

const fixture = loadFixture('promote');

function infer(def: OpDef, dtypes: readonly DType[], a: Attrs | null): DType | null {
  try {
    return inferAll(
      def,
      dtypes.map((d) => specOf(d, [2, 2])),
      a,
    )[0].dtype;
  } catch (error) {
    if (error instanceof DtypeError) return null;
    throw error;
  }
}

const BINARY: Record<string, OpDef> = {
  add: ops.ADD,
  mul: ops.MUL,
  div: ops.DIV,
  floor_divide: ops.FLOOR_DIVIDE,
  remainder: ops.REMAINDER,
  pow: ops.POW,
  maximum: ops.MAXIMUM,
  minimum: ops.MINIMUM,
  eq: ops.EQ,
  lt: ops.LT,
  bitwise_and: ops.BITWISE_AND,
  bitwise_or: ops.BITWISE_OR,
  bitwise_xor: ops.BITWISE_XOR,
  logical_and: ops.LOGICAL_AND,
};

describe('two tensors', () => {
  const known = Object.keys(fixture.binary).filter((name) => name in BINARY);
  test.each(known)('%s', (name) => {
    const table: DTypeTable = fixture.binary[name];
    const got = fixture.dtypes.map((a) =>
      fixture.dtypes.map((b) => infer(BINARY[name], [a, b], null)),
    );
    const want = fixture.dtypes.map((a) => fixture.dtypes.map((b) => table[a][b]));
    expect(got).toEqual(want);
  });
});

test('tensor and number', () => {
  const weak = { int: WEAK_INT, float: WEAK_FLOAT } as const;
  for (const d of fixture.dtypes) {
    for (const kind of ['int', 'float'] as const satisfies ScalarKind[]) {
      // PyTorch's default integer is int64, Gradus' is int32.
      const want = d === 'bool' && kind === 'int' ? 'int32' : fixture.tensorScalar[d][kind];
      expect(promoteTypes([specOf(d, [2]), weak[kind]])).toBe(want);
    }
  }
});

const UNARY: Record<string, OpDef> = {
  neg: ops.NEG,
  sqrt: ops.SQRT,
  exp: ops.EXP,
  sin: ops.SIN,
  sigmoid: ops.SIGMOID,
  floor: ops.FLOOR,
  relu: ops.RELU,
  sign: ops.SIGN,
  abs: ops.ABS,
  logical_not: ops.LOGICAL_NOT,
  bitwise_not: ops.BITWISE_NOT,
};

describe('one tensor', () => {
  const known = Object.keys(fixture.unary).filter((name) => name in UNARY);
  test.each(known)('%s', (name) => {
    for (const d of fixture.dtypes) {
      const got = infer(UNARY[name], [d], null);
      // Refused for bool here: the sign of a truth value is more likely a mistake than meant.
      if (d === 'bool' && got === null) continue;
      expect(got).toBe(fixture.unary[name][d]);
    }
  });
});

test('reductions', () => {
  const a = attrs({ dims: [0], keepdim: false });
  const defs: Record<string, OpDef> = {
    amax: ops.MAX,
    amin: ops.MIN,
    any: ops.ANY,
    all: ops.ALL,
    mean: ops.MEAN,
  };
  for (const d of ['float32', 'float64'] as const) {
    for (const [name, def] of Object.entries(defs)) {
      expect([name, infer(def, [d], a)]).toEqual([
        name,
        fixture.reduce[name]?.[d] ?? infer(def, [d], a),
      ]);
    }
    expect(infer(ops.SUM, [d], a)).toBe(d);
  }
  expect(infer(ops.SUM, ['bool'], a)).toBe('int32');
  expect(infer(ops.ARGMAX, ['float32'], a)).toBe('int32');
});
