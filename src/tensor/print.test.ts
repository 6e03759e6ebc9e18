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

  it('aligns further lines with the name in front', () => {
    expect(`tensor(${formatArray([1, 2, 3, 4], 'int32', [2, 2], ', ', 'tensor(')})`).toBe(
      'tensor([[1, 2],\n        [3, 4]])',
    );
  });
});
