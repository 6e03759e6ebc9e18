import { describe, expect, it } from 'vitest';
import { arrayOf, bytesOf, type DType, type TypedArray } from '../base/index.ts';
import { compileKernel, instantiate } from '../target/wasm/index.ts';
import { at, KernelBuilder } from './builder.ts';
import { Expression, type KElem, registerOf } from './expression.ts';
import { interpretKernel } from './interpret.ts';
import { type Kernel, type Reg, WASM_TARGET } from './ir.ts';
import { verifyKernel } from './verify.ts';

type Scalar = number | bigint | boolean;
type Write = (e: Expression, ...operands: KElem[]) => KElem;

const ROOM = 1024;
const FAULT = 248;

const fill = (dtype: DType, values: readonly Scalar[]): TypedArray => {
  const make = arrayOf(dtype);
  const array = new make(values.length);
  values.forEach((v, i) => {
    array[i] = dtype === 'int64' ? BigInt(v) : Number(v);
  });
  return array;
};

/** out[i] = write(operands[i]...), with `stride` 0 for operands of one element. */
function build(lanes: number, dtypes: readonly DType[], lengths: readonly number[], write: Write) {
  const b = new KernelBuilder('expression');
  const pointers = [...dtypes, 'out'].map((name) => b.param(name, 'ptr'));
  const n = b.param('n', 'index');
  let out: DType = 'bool';
  const element = (p: Reg, dtype: DType, i?: Reg) =>
    at(p, 0, i, i === undefined ? undefined : (bytesOf(dtype) as 1 | 4 | 8));
  const memory = (dtype: DType) => (dtype === 'bool' ? 'u8' : (registerOf(dtype) as 'f32'));
  const scalars = dtypes.map((d, k) =>
    lengths[k] === 1 ? b.load(memory(d), 1, element(pointers[k], d)) : null,
  );
  b.loop(0, n, lanes, [], (i) => {
    const position = (): Reg => {
      const first = b.splat(b.convert(i, 'i32'), lanes);
      return lanes === 1 ? first : b.add(first, b.lanes('i32', lanes));
    };
    const e = new Expression(b, lanes, position);
    const operands = dtypes.map((dtype, k) => ({
      dtype,
      reg: scalars[k] ?? b.load(memory(dtype), lanes, element(pointers[k], dtype, i)),
    }));
    const result = write(e, ...operands);
    out = result.dtype;
    b.store(memory(out), element(pointers[dtypes.length], out, i), e.widen(result));
    return [];
  });
  const kernel: Kernel = b.finish();
  verifyKernel(kernel);
  return { kernel, out };
}

/** Runs by interpreter and by WebAssembly, which must agree; the interpreter's values. */
function run(lanes: number, inputs: readonly TypedArray[], dtypes: readonly DType[], write: Write) {
  const count = Math.max(4, ...inputs.map((x) => x.length));
  const { kernel, out } = build(
    lanes,
    dtypes,
    inputs.map((x) => x.length),
    write,
  );
  const wasm = new WebAssembly.Memory({ initial: 1 });
  const results = [new ArrayBuffer(65536), wasm.buffer as ArrayBuffer].map((buffer) => {
    const view = new DataView(buffer);
    for (let k = 0; k <= inputs.length; k++) view.setInt32(8 * k, ROOM * (k + 1), true);
    view.setInt32(8 * (inputs.length + 1), count, true);
    inputs.forEach((x, k) => {
      const bytes = new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
      new Uint8Array(buffer).set(bytes, ROOM * (k + 1));
    });
    if (buffer === wasm.buffer) {
      const code = compileKernel(kernel, WASM_TARGET, { faultAddress: FAULT });
      instantiate(code.bytes, wasm)(0, 0, 1, 0);
    } else interpretKernel(kernel, WASM_TARGET, buffer, 0, FAULT);
    const make = arrayOf(out);
    return Array.from(new make(buffer, ROOM * (inputs.length + 1), count) as Iterable<Scalar>);
  });
  expect(results[1]).toEqual(results[0]);
  return { values: results[0], dtype: out };
}

const lanesOf = (dtype: DType): number[] => [1, bytesOf(dtype) === 8 ? 2 : 4];

/** The values of `write` over operands of one dtype, scalar and vector, must be `want`. */
function check(
  dtype: DType,
  operands: readonly (readonly Scalar[])[],
  write: Write,
  want: unknown,
) {
  for (const lanes of lanesOf(dtype)) {
    const inputs = operands.map((values) => fill(dtype, values));
    const got = run(
      lanes,
      inputs,
      operands.map(() => dtype),
      write,
    );
    expect(got.values, `${dtype} x${lanes}`).toEqual(want);
  }
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const NUMBERS: readonly DType[] = ['float32', 'float64', 'int32', 'int64'];
const as = (dtype: DType, xs: readonly number[]): Scalar[] =>
  xs.map((x) => (dtype === 'int64' ? BigInt(x) : x));

describe('arithmetic', () => {
  for (const dtype of NUMBERS) {
    it(`on ${dtype}`, () => {
      const a = as(dtype, [7, -7, 2, -3]);
      const b = as(dtype, [2, 2, -2, 5]);
      check(dtype, [a, b], (e, x, y) => e.add(x, y), as(dtype, [9, -5, 0, 2]));
      check(dtype, [a, b], (e, x, y) => e.sub(x, y), as(dtype, [5, -9, 4, -8]));
      check(dtype, [a, b], (e, x, y) => e.mul(x, y), as(dtype, [14, -14, -4, -15]));
      check(dtype, [a, b], (e, x, y) => e.min(x, y), as(dtype, [2, -7, -2, -3]));
      check(dtype, [a, b], (e, x, y) => e.max(x, y), as(dtype, [7, 2, 2, 5]));
      check(dtype, [a], (e, x) => e.neg(x), as(dtype, [-7, 7, -2, 3]));
      check(dtype, [a], (e, x) => e.abs(x), as(dtype, [7, 7, 2, 3]));
      check(dtype, [a], (e, x) => e.floor(e.ceil(e.trunc(e.round(x)))), a);
    });
  }

  it('float division and rounding', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const a = [1.5, 2.5, -0.5, -inf];
      check(dtype, [a, [2, 0, 0, 1]], (e, x, y) => e.div(x, y), [0.75, inf, -inf, -inf]);
      check(dtype, [a], (e, x) => e.round(x), [2, 2, -0, -inf]);
      check(dtype, [a], (e, x) => e.floor(x), [1, 2, -1, -inf]);
      check(dtype, [a], (e, x) => e.ceil(x), [2, 3, -0, -inf]);
      check(dtype, [a], (e, x) => e.trunc(x), [1, 2, -0, -inf]);
      check(dtype, [[4, 0.25, -1, inf]], (e, x) => e.sqrt(x), [2, 0.5, nan, inf]);
      check(
        dtype,
        [
          [nan, 1, 0, 5],
          [1, nan, nan, 2],
        ],
        (e, x, y) => e.max(x, y),
        [nan, nan, nan, 5],
      );
    }
  });

  it('integer division is total', () => {
    const a = [7, -7, 5, -(2 ** 31)];
    const b = [2, 2, 0, -1];
    check('int32', [a, b], (e, x, y) => e.div(x, y), [3, -3, 0, -(2 ** 31)]);
    check('int32', [a, b], (e, x, y) => e.rem(x, y), [1, -1, 0, 0]);
    const [wide, by] = [
      [7n, -7n, 5n, -(2n ** 63n)],
      [2n, 2n, 0n, -1n],
    ];
    check('int64', [wide, by], (e, x, y) => e.div(x, y), [3n, -3n, 0n, -(2n ** 63n)]);
    check('int64', [wide, by], (e, x, y) => e.rem(x, y), [1n, -1n, 0n, 0n]);
  });

  it('bits and shifts', () => {
    const a = [12, -1, 5, 0];
    const b = [10, 255, -2, 3];
    check('int32', [a, b], (e, x, y) => e.and(x, y), [8, 255, 4, 0]);
    check('int32', [a, b], (e, x, y) => e.or(x, y), [14, -1, -1, 3]);
    check('int32', [a, b], (e, x, y) => e.xor(x, y), [6, -256, -5, 3]);
    check('int32', [a], (e, x) => e.not(x), [-13, 0, -6, -1]);
    check('int32', [a], (e, x) => e.shl(x, 4), [192, -16, 80, 0]);
    check('int32', [a], (e, x) => e.shr(x, 28), [0, 15, 0, 0]);
    check('int64', [as('int64', a)], (e, x) => e.shr(x, 60), [0n, 15n, 0n, 0n]);
    check(
      'int64',
      [as('int64', a)],
      (e, x) => e.shl(x, 40),
      as(
        'int64',
        a.map((v) => v * 2 ** 40),
      ),
    );
  });
});

describe('comparison and logic', () => {
  const table: readonly (readonly [Write, number[]])[] = [
    [(e, x, y) => e.eq(x, y), [0, 1, 0, 1]],
    [(e, x, y) => e.ne(x, y), [1, 0, 1, 0]],
    [(e, x, y) => e.lt(x, y), [1, 0, 0, 0]],
    [(e, x, y) => e.le(x, y), [1, 1, 0, 1]],
    [(e, x, y) => e.gt(x, y), [0, 0, 1, 0]],
    [(e, x, y) => e.ge(x, y), [0, 1, 1, 1]],
  ];
  for (const dtype of [...NUMBERS, 'bool'] as const) {
    it(`compares ${dtype}`, () => {
      for (const [write, want] of table) {
        check(dtype, [as(dtype, [0, 1, 1, 0]), as(dtype, [1, 1, 0, 0])], write, want);
      }
    });
  }

  it('NaN is unordered', () => {
    check(
      'float32',
      [
        [nan, nan],
        [nan, 1],
      ],
      (e, x, y) => e.eq(x, y),
      [0, 0, 1, 1],
    );
    check(
      'float32',
      [
        [nan, nan],
        [nan, 1],
      ],
      (e, x, y) => e.ne(x, y),
      [1, 1, 0, 0],
    );
    check(
      'float32',
      [
        [nan, nan],
        [nan, 1],
      ],
      (e, x, y) => e.le(x, y),
      [0, 0, 1, 1],
    );
  });

  it('bool', () => {
    const [a, b] = [
      [0, 0, 1, 1],
      [0, 1, 0, 1],
    ];
    check('bool', [a, b], (e, x, y) => e.and(x, y), [0, 0, 0, 1]);
    check('bool', [a, b], (e, x, y) => e.mul(x, y), [0, 0, 0, 1]);
    check('bool', [a, b], (e, x, y) => e.min(x, y), [0, 0, 0, 1]);
    check('bool', [a, b], (e, x, y) => e.add(x, y), [0, 1, 1, 1]);
    check('bool', [a, b], (e, x, y) => e.max(x, y), [0, 1, 1, 1]);
    check('bool', [a, b], (e, x, y) => e.sub(x, y), [0, 1, 1, 0]);
    check('bool', [a], (e, x) => e.not(e.abs(x)), [1, 1, 0, 0]);
    check('bool', [a, b], (e, x, y) => e.select(x, y, e.not(y)), [1, 0, 0, 1]);
  });

  it('select on every dtype', () => {
    for (const dtype of NUMBERS) {
      const [a, b] = [as(dtype, [1, 2, 3, 4]), as(dtype, [4, 3, 2, 1])];
      check(dtype, [a, b], (e, x, y) => e.select(e.lt(x, y), x, y), as(dtype, [1, 2, 2, 1]));
    }
  });
});

describe('constants and scalars', () => {
  it('a constant fills all lanes', () => {
    for (const dtype of NUMBERS) {
      const want = as(dtype, [3, 3, 3, 3]);
      check(dtype, [want], (e) => e.constant(dtype === 'int64' ? 3n : 3, dtype), want);
    }
    check('bool', [[0, 0, 0, 0]], (e) => e.constant(true, 'bool'), [1, 1, 1, 1]);
    check('float32', [[0, 0, 0, 0]], (e) => e.constant(-0, 'float32'), [-0, -0, -0, -0]);
    check('float32', [[0]], (e) => e.constant(0.1, 'float32'), Array(4).fill(Math.fround(0.1)));
    check('int32', [[0, 0, 0, 0]], (e) => e.constant(2 ** 31, 'int32'), Array(4).fill(-(2 ** 31)));
  });

  it('a scalar operand meets a vector', () => {
    check('float32', [[1, 2, 3, 4], [10]], (e, x, s) => e.add(x, s), [11, 12, 13, 14]);
    check('float32', [[1, 2, 3, 4], [2]], (e, x, s) => e.pow(s, x), [2, 4, 8, 16]);
    check('float32', [[1, 2, 3, 4], [3]], (e, x, s) => e.select(e.lt(s, x), s, x), [1, 2, 3, 3]);
    check('float32', [[5]], (e, s) => e.mul(s, s), [25, 25, 25, 25]);
  });
});

describe('cast', () => {
  const cast = (from: DType, values: readonly Scalar[], to: DType, want: unknown) => {
    const sameSize = bytesOf(from) === bytesOf(to) || from === 'bool' || to === 'bool';
    const lanes = Math.min(lanesOf(from)[1], lanesOf(to)[1]);
    for (const n of sameSize ? [1, lanes] : [1]) {
      const got = run(n, [fill(from, values)], [from], (e, x) => e.cast(x, to));
      expect(got.values, `${from} to ${to} x${n}`).toEqual(want);
      expect(got.dtype).toBe(to);
    }
  };

  it('float to integer truncates and saturates, NaN gives 0', () => {
    cast('float32', [1.9, -1.9, nan, 1e20], 'int32', [1, -1, 0, 2 ** 31 - 1]);
    cast('float64', [1.9, -1.9, nan, -1e20], 'int32', [1, -1, 0, -(2 ** 31)]);
    cast('float32', [1.9, -1.9, nan, 1e20], 'int64', [1n, -1n, 0n, 2n ** 63n - 1n]);
    cast('float64', [2 ** 40, -1.9, nan, -inf], 'int64', [2n ** 40n, -1n, 0n, -(2n ** 63n)]);
  });

  it('to and from bool', () => {
    for (const dtype of NUMBERS) {
      cast(dtype, as(dtype, [0, 1, -2, 0]), 'bool', [0, 1, 1, 0]);
      cast('bool', [0, 1, 1, 0], dtype, as(dtype, [0, 1, 1, 0]));
    }
    cast('float32', [nan, -0, 0.5, inf], 'bool', [1, 0, 1, 1]);
  });

  it('between widths', () => {
    cast('float64', [0.1, 1e300, -1e-300, nan], 'float32', [Math.fround(0.1), inf, -0, nan]);
    cast('float32', [0.5, -inf, nan, 3], 'float64', [0.5, -inf, nan, 3]);
    cast('int64', [2n ** 32n + 5n, -1n, 0n, 7n], 'int32', [5, -1, 0, 7]);
    cast('int32', [5, -1, 0, 7], 'int64', [5n, -1n, 0n, 7n]);
    cast('int32', [16777217, -1, 0, 7], 'float32', [16777216, -1, 0, 7]);
    cast('int64', [2n ** 53n + 1n, -1n, 0n, 7n], 'float64', [2 ** 53, -1, 0, 7]);
  });
});

describe('position', () => {
  it('index counts the elements', () => {
    check('int32', [[0, 0, 0, 0]], (e) => e.index(), [0, 1, 2, 3]);
  });

  it('philox words: counter (index, 0, lo, hi), scalar keys', () => {
    const operands = [[0], [0], [0], [0]];
    // Random123's known answer for a zero counter and key is the first element's.
    for (const [word, first] of [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8].entries()) {
      for (const lanes of [1, 4]) {
        const zeros = operands.map((v) => fill('int32', v));
        const { values } = run(lanes, zeros, ['int32', 'int32', 'int32', 'int32'], (e, ...k) =>
          e.philox(word, k[0], k[1], k[2], k[3]),
        );
        expect(values[0]).toBe(first | 0);
        expect(new Set(values).size).toBe(4);
      }
    }
  });

  it('a kernel without positions says so', () => {
    const e = new Expression(new KernelBuilder('none'), 1, null);
    expect(() => e.index()).toThrow('positions');
  });
});

it('refuses dtypes that an op should have cast', () => {
  const e = new Expression(new KernelBuilder('none'), 1, null);
  const whole = e.constant(1, 'int32');
  expect(() => e.exp(whole)).toThrow('cast first');
  expect(() => e.and(e.constant(1, 'float32'), whole)).toThrow('bool or integers');
  expect(() => e.div(e.constant(true, 'bool'), whole)).toThrow('cast first');
  expect(() => e.rem(e.constant(1, 'float32'), whole)).toThrow('integers');
});
