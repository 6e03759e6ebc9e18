import { describe, expect, it } from 'vitest';
import { type IndexToken, loadFixture } from '../../test/fixtures/load.ts';
import { arange, type IndexItem, randn, slice, type Tensor, tensor, zeros } from '../index.ts';

const numbers = (shape: readonly number[]): Tensor =>
  arange(
    shape.reduce((a, b) => a * b, 1),
    { dtype: 'int32' },
  ).reshape(shape);

/** Each token as an item; `asTensors` gives arrays and masks as tensors. */
function item(token: IndexToken, asTensors: boolean): IndexItem {
  if (token === null || typeof token !== 'object') return token;
  if (Array.isArray(token)) return asTensors ? tensor(token, { dtype: 'int32' }) : token;
  const mask = tensor(token.mask).reshape(token.shape).bool();
  return asTensors ? mask : (mask.toArray() as IndexItem);
}

describe.each([
  ['arrays', false],
  ['tensors', true],
])("NumPy's indexing, by %s", (_, asTensors) => {
  it.each(loadFixture('indexing_numpy').cases)('$name', ({ shape, index, expected, error }) => {
    const pick = () => numbers(shape).at(...index.map((t) => item(t, asTensors)));
    if (expected === null) {
      expect(error).toBe('IndexError');
      expect(pick).toThrow(expect.objectContaining({ name: 'IndexError' }));
      return;
    }
    const y = pick();
    expect([...y.shape]).toEqual(expected.shape);
    expect(Array.from(y.data(), Number)).toEqual(expected.data);
  });
});

describe('at', () => {
  it('takes computed slices', () => {
    expect(numbers([5]).at(slice(1, -1)).toArray()).toEqual([1, 2, 3]);
    expect(
      numbers([5])
        .at(slice(null, null, -2))
        .toArray(),
    ).toEqual([4, 2, 0]);
    expect(numbers([3]).at(slice()).toArray()).toEqual([0, 1, 2]);
  });

  it('reads integer tensors of both widths', () => {
    expect(
      numbers([5])
        .at(tensor([3n, -1n]))
        .toArray(),
    ).toEqual([3, 4]);
  });

  it('combines arrays of arrays across a slice', () => {
    const y = numbers([2, 3, 4]).at([[0], [1]], ':', [1, 2, 3]);
    expect(y.shape).toEqual([2, 3, 3]);
    expect(y.at(1, 0, 2).item()).toBe(21);
  });

  it('is a view where no arrays are involved', () => {
    const x = numbers([3, 4]);
    expect(x.at('::-1', 1).storage).toBe(x.storage);
  });

  it('sends gradients back to the elements it read, repeated ones added', () => {
    const x = zeros([4, 3], { requiresGrad: true });
    x.at([2, 0, 2], 1).sum().add(x.at('1:3', -1).sum()).backward();
    expect(x.grad?.toArray()).toEqual([
      [0, 1, 0],
      [0, 0, 1],
      [0, 2, 1],
      [0, 0, 0],
    ]);
  });

  it('sends gradients through masks and several arrays', () => {
    const x = randn([3, 3], { requiresGrad: true });
    x.at([0, 1, 2], [2, 1, 0]).mul(2).sum().backward();
    expect(x.grad?.toArray()).toEqual([
      [0, 0, 2],
      [0, 2, 0],
      [2, 0, 0],
    ]);
    const y = tensor([-1, 2, 3], { requiresGrad: true });
    y.at(y.gt(0)).sum().backward();
    expect(y.grad?.toArray()).toEqual([0, 1, 1]);
  });

  it('names index, item, dimension and size', () => {
    expect(() => numbers([3, 4]).at(':', 4)).toThrow(
      /at: index 4 \(item 1\) is out of range for dimension 1 of size 4/,
    );
    expect(() => numbers([3, 4]).at(null, [0, -4])).toThrow(
      /index -4 \(item 1\) is out of range for dimension 0 of size 3/,
    );
    expect(() => numbers([3, 4]).at(':', [true, false])).toThrow(
      /item 1, a mask of shape \[2\], has 2 elements along dimension 1 of size 4/,
    );
    expect(() => numbers([3]).at('1')).toThrow(/item 0, '1', is not a slice/);
    expect(() => numbers([3]).at('::0')).toThrow(/step cannot be 0/);
    expect(() => numbers([3]).at(0.5)).toThrow(/item 0, 0.5, is not a whole number/);
    expect(() => numbers([3]).at(undefined as never)).toThrow(/item 0 is undefined/);
    expect(() => numbers([3]).at(zeros([2]))).toThrow(/float32 tensor; an index holds integers/);
  });
});
