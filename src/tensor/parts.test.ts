/** split, chunk and unbind on the tape: views, and one node for all parts. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Tensor, tensor, zeros } from '../index.ts';
import { type Interpreter, interpreter, setInterpreter } from '../ir/index.ts';

const eager = interpreter();
afterEach(() => {
  setInterpreter(eager);
});

/** The names of the ops that run from here on. */
function listen(): string[] {
  const names: string[] = [];
  const spy: Interpreter = {
    apply1(def, a, attrs) {
      names.push(def.name);
      return eager.apply1(def, a, attrs);
    },
    apply2(def, a, b, attrs) {
      names.push(def.name);
      return eager.apply2(def, a, b, attrs);
    },
    apply(def, xs, attrs) {
      names.push(def.name);
      return eager.apply(def, xs, attrs);
    },
    update: (def, xs, attrs, cells) => eager.update(def, xs, attrs, cells),
  };
  setInterpreter(spy);
  return names;
}

const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]) as Tensor;

describe('parts of a tensor', () => {
  test('are views, with and without the tape', () => {
    for (const requiresGrad of [false, true]) {
      const x = matrix();
      x.requiresGrad = requiresGrad;
      const parts = [...x.unbind(1), ...x.split([1, 2], 1), ...x.chunk(2)];
      for (const part of parts) expect(part.storage).toBe(x.storage);
      expect(parts.map((p) => p.requiresGrad)).toEqual(parts.map(() => requiresGrad));
      expect(x.unbind(-1).map((t) => t.toArray())).toEqual([
        [1, 4],
        [2, 5],
        [3, 6],
      ]);
    }
  });

  test('of nothing are none, and a dimension must be there', () => {
    expect(zeros([2, 0]).unbind(1)).toEqual([]);
    expect(zeros([0]).split(3)).toEqual([]);
    expect(() => (zeros([2, 3]) as Tensor).unbind(2)).toThrow(
      /unbind: dimension 2 is out of range/,
    );
    expect(() => (zeros([]) as Tensor).unbind()).toThrow(/unbind/);
  });

  test('give their gradients back in one pass', () => {
    const x = matrix();
    x.requiresGrad = true;
    const [a, , c] = x.unbind(1);
    const y = a.mul(c).sum();
    const names = listen();
    y.backward();
    expect(names.filter((n) => n === 'concat' || n === 'place')).toEqual(['concat']);
    expect(x.grad?.toArray()).toEqual([
      [3, 0, 1],
      [6, 0, 4],
    ]);
  });

  test('of which none is used leave no gradient', () => {
    const x = matrix();
    x.requiresGrad = true;
    const parts = x.split(1);
    expect(parts).toHaveLength(2);
    x.sum().backward();
    expect(x.grad?.toArray()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });
});
