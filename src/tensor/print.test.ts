import { expect, describe as group, it } from 'vitest';
import { loadFixture } from '../../test/fixtures/load.ts';
import { formatArray } from './print.ts';

const cases = loadFixture('numpy_print').cases;
const js = (s: string) => s.replaceAll('True', 'true').replaceAll('False', 'false');

group('formatArray', () => {
  it.each(cases)('prints $name as NumPy does', ({ inputs: [a], str }) => {
    const data = a.dtype === 'float32' ? Float32Array.from(a.data) : a.data;
    expect(formatArray(data, a.dtype, a.shape, ' ', '')).toBe(js(str));
  });

  it('prints bigints', () => {
    expect(formatArray([2n ** 62n, -1n], 'int64', [2], ' ', '')).toBe(
      '[4611686018427387904                  -1]',
    );
  });

  it('rounds exact halves to even', () => {
    expect(formatArray([0.001953125, 0.005859375], 'float64', [2], ' ', '')).toBe(
      '[0.00195312 0.00585938]',
    );
  });

  // Found by comparing 3000 random arrays with NumPy 2.4.
  it.each([
    [
      [2.026240069827323e-12, -1605748, 18.12230110168457],
      [3],
      '[ 2.0262401e-12 -1.6057480e+06  1.8122301e+01]',
    ],
    [[-17533.0625, 1303.6875], [2], '[-17533.062    1303.6875]'],
    [[1e6], [], '1e+06'],
    [[999999.5], [], '999999.5'],
  ])('prints the float32 %j of shape %j as %s', (data, shape, text) => {
    expect(formatArray(Float32Array.from(data), 'float32', shape, ' ', '')).toBe(text);
  });

  it('aligns further lines with the name in front', () => {
    expect(`tensor(${formatArray([1, 2, 3, 4], 'int32', [2, 2], ', ', 'tensor(')})`).toBe(
      'tensor([[1, 2],\n        [3, 4]])',
    );
  });
});
