/** Elementwise work between transposes. */
import { describe, expect, it } from 'vitest';
import type { Type } from '../../base/index.ts';
import * as ops from '../../ir/index.ts';
import { type Graph, type NdArray, ndZeros, record, runGraph, type Value } from '../../ir/index.ts';
import { dce } from './dce.ts';
import { layout } from './layout.ts';

const { add, exp, matmul, mul, permute, relu, reshape, sub, sum } = ops;

const float = (...shape: number[]): Type => ({ shape, dtype: 'float32' });

let seed = 7;
const next = (n: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed % n;
};

function filled({ shape, dtype }: Type): NdArray {
  const x = ndZeros(shape, dtype);
  for (let i = 0; i < x.data.length; i++) x.data[i] = (next(2001) - 1000) / 250;
  return x;
}

/** The pass applied to what `f` does; checks that each output is the same, bit by bit. */
function check(types: readonly Type[], f: (...xs: Value[]) => Value | readonly Value[]): Graph {
  const before = record('f', f, types, 'cpu');
  const after = dce(layout(before));
  ops.verifyGraph(after);
  const inputs = types.map(filled);
  const [want, got] = [runGraph(before, inputs), runGraph(after, inputs)];
  got.forEach((x, i) => {
    expect(x.shape).toEqual(want[i].shape);
    expect(x.data).toEqual(want[i].data);
  });
  return after;
}

const turns = (graph: Graph): number => graph.nodes.filter((n) => n.def === ops.PERMUTE).length;

const TO_LAST = [0, 2, 3, 1];
const TO_FIRST = [0, 3, 1, 2];

describe('layout', () => {
  it('computes in the order before and after where a stretch is turned there and back', () => {
    const g = check([float(2, 3, 4, 5)], (x) => permute(relu(exp(permute(x, TO_LAST))), TO_FIRST));
    expect(turns(g)).toBe(0);
  });

  it('spreads operands of fewer dimensions along the same ones as before', () => {
    const types = [float(2, 3, 4, 5), float(3), float(5, 1), float(), float(2, 1, 1, 3)];
    const g = check(types, (x, channel, row, one, each) => {
      const y = add(mul(add(mul(permute(x, TO_LAST), channel), row), one), each);
      return permute(relu(y), TO_FIRST);
    });
    // Only what is spread is turned: the channel, the row, and what has four dimensions.
    const turned = g.nodes.filter((n) => n.def === ops.PERMUTE).map((n) => n.outputs[0].shape);
    expect(turned).not.toContainEqual([2, 4, 5, 3]);
    expect(turned).not.toContainEqual([2, 3, 4, 5]);
  });

  it('leaves as it stands what comes turned and is read as it is', () => {
    const g = check([float(4, 6), float(4, 5)], (x, y) => matmul(relu(permute(x, [1, 0])), y));
    expect(turns(g)).toBe(1);
    expect(g.nodes[0].def).toBe(ops.PERMUTE);
  });

  it('counts bytes: two large operands against one', () => {
    const g = check([float(6, 4), float(6, 4), float(4, 6)], (x, y, z) =>
      add(sub(permute(x, [1, 0]), permute(y, [1, 0])), z),
    );
    // x and y are as they come; z and the result are turned: two against two stands as it is.
    expect(turns(g)).toBe(2);
    const h = check([float(6, 4), float(6, 4), float(6, 4)], (x, y, z) =>
      add(sub(permute(x, [1, 0]), permute(y, [1, 0])), permute(z, [1, 0])),
    );
    expect(turns(h)).toBe(1);
  });

  it('makes one transposition of several', () => {
    const g = check([float(2, 3, 4)], (x) =>
      sum(permute(permute(permute(x, [1, 2, 0]), [2, 0, 1]), [1, 0, 2]), 2),
    );
    expect(turns(g)).toBe(1);
    const h = check([float(2, 3, 4)], (x) => exp(permute(permute(x, [1, 2, 0]), [2, 0, 1])));
    expect(turns(h)).toBe(0);
  });

  it('does not move what asks where an element is', () => {
    const g = check([float(3, 4)], (x) => {
      const y = permute(x, [1, 0]);
      return permute(add(y, ops.tril(y)), [1, 0]);
    });
    expect(g.outputs[0].shape).toEqual([3, 4]);
  });

  it('takes a moment for a very long chain', () => {
    const chain = (x: Value): Value => {
      let y = permute(x, [1, 0]);
      for (let i = 0; i < 20_000; i++) y = add(y, i);
      return permute(y, [1, 0]);
    };
    const graph = record('f', chain, [float(2, 3)], 'cpu');
    const start = performance.now();
    expect(turns(dce(layout(graph)))).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('keeps the order of sums', () => {
    check([float(5, 7, 3)], (x) => sum(exp(permute(x, [2, 0, 1])), 2));
    check([float(5, 7)], (x) => permute(sum(relu(permute(x, [1, 0])), 1, true), [1, 0]));
  });

  it('gives the same whatever is written', () => {
    for (let round = 0; round < 150; round++) {
      const shape = [2 + next(3), 2 + next(3), 1 + next(4)];
      check([float(...shape), float(...shape), float(shape[2])], (x, y, z) => {
        const values: Value[] = [x, y, z, add(x, z)];
        for (let i = 0; i < 12; i++) {
          const a = values[next(values.length)];
          const b = values[next(values.length)];
          const kind = next(6);
          const order = [0, 1, 2].sort(() => next(3) - 1);
          if (kind === 0 && a.shape.length === 3) values.push(permute(a, order));
          else if (kind === 1) values.push(relu(a));
          else if (kind === 2 && a.shape.length === 3) values.push(sum(a, next(3), true));
          else if (kind === 3 && a.shape.length === 3) {
            values.push(reshape(a, [a.shape[1], a.shape[0], a.shape[2]]));
          } else if (a.shape.length === b.shape.length && a.shape.join() === b.shape.join()) {
            values.push(kind === 4 ? sub(a, b) : add(mul(a, 0.5), b));
          } else if (b.shape.length < 3 && a.shape.at(-1) === b.shape[0]) values.push(add(a, b));
        }
        return values.slice(-3);
      });
    }
  });
});
