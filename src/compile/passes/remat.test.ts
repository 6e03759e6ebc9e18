/** Cheap values computed again. */
import { describe, expect, it } from 'vitest';
import { specOf, type Type } from '../../base/index.ts';
import * as ops from '../../ir/index.ts';
import { type Graph, type NdArray, ndZeros, record, runGraph, type Value } from '../../ir/index.ts';
import { AVX2_TARGET, lowerGraph } from '../../kernel/index.ts';
import { cse } from './cse.ts';
import { dce } from './dce.ts';
import { inline } from './inline.ts';
import { remat } from './remat.ts';

const { add, exp, matmul, mul, relu, square, sub, sum } = ops;

const float = (...shape: number[]): Type => ({ shape, dtype: 'float32' });

let seed = 5;
const next = (n: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed >>> 8) % n;
};

function filled({ shape, dtype }: Type): NdArray {
  const x = ndZeros(shape, dtype);
  for (let i = 0; i < x.data.length; i++) x.data[i] = (next(2001) - 1000) / 1000;
  return x;
}

interface Outcome {
  readonly before: number;
  readonly after: number;
  /** How many nodes were added. */
  readonly again: number;
}

/** The pass applied to what `f` does: bytes of temporaries, with the same bits. */
function check(
  types: readonly Type[],
  f: (...xs: Value[]) => Value | readonly Value[],
  compare = true,
): Outcome {
  const given = dce(cse(inline(record('f', f, types, 'cpu'))));
  const made = dce(remat(given));
  ops.verifyGraph(made);
  if (compare) {
    const inputs = types.map(filled);
    const [want, got] = [runGraph(given, inputs), runGraph(made, inputs)];
    got.forEach((x, i) => expect(x.data).toEqual(want[i].data));
  }
  const specs = types.map((t) => specOf(t.dtype, t.shape));
  const bytes = (g: Graph): number => lowerGraph(g, specs, AVX2_TARGET).tempBytes;
  return {
    before: bytes(given),
    after: bytes(made),
    again: made.nodes.length - given.nodes.length,
  };
}

const N = 64;
const x = float(N, N);
const BYTES = 4 * N * N;

/** Something between the two uses of `u` that no kernel goes past. */
const wall = (y: Value, w: Value): Value => relu(matmul(relu(matmul(y, w)), w));

describe('rematerialisation', () => {
  it('computes a normalised input again where the loss asks for it', () => {
    const found = check([x, x], (a, w) => {
      const u = add(mul(a, 2), 1);
      return sum(square(sub(wall(u, w), u)));
    });
    expect(found.again).toBe(2);
    expect(found.before - found.after).toBeGreaterThanOrEqual(BYTES);
  });

  it('sees through views', () => {
    const found = check([x, x], (a, w) => {
      const u = add(mul(a, 2), 1);
      return sum(square(sub(wall(u, w), ops.transpose(u, 0, 1))));
    });
    expect(found.again).toBeGreaterThan(0);
    expect(found.after).toBeLessThan(found.before);
  });

  it('computes it once however many views of it are read', () => {
    const found = check([x, x], (a, w) => {
      const u = add(mul(a, 2), 1);
      const h = wall(u, w);
      const rows = ops.reshape(u, [N * N]);
      return [sum(square(sub(h, u))), sum(mul(ops.reshape(h, [N * N]), rows)), sum(u)];
    });
    // Two ops; the view of them takes the place of the one before.
    expect(found.again).toBe(2);
  });

  it('does not read a cell late that an output replaces', () => {
    const g = dce(
      cse(
        inline(
          record(
            'f',
            (p, w) => [sub(p, 1), sum(sub(wall(mul(p, 2), w), mul(p, 2)))],
            [x, x],
            'cpu',
          ),
        ),
      ),
    );
    expect(dce(remat(g)).nodes.length).toBe(g.nodes.length + 1);
    expect(dce(remat(g, new Set([g.inputs[0]]))).nodes.length).toBe(g.nodes.length);
  });

  it('computes it once for all who ask in one stage', () => {
    const found = check([x, x], (a, w) => {
      const u = add(mul(a, 2), 1);
      const h = wall(u, w);
      return [sum(square(sub(h, u))), sum(mul(h, u), 1)];
    });
    expect(found.again).toBe(2);
  });

  it.each<[string, (a: Value, w: Value, b: Value) => Value | readonly Value[]]>([
    [
      'what is dear',
      (a, w) => {
        const u = exp(a);
        return sum(sub(wall(u, w), u));
      },
    ],
    [
      'what takes many ops',
      (a, w) => {
        let u = a;
        for (let i = 0; i < 5; i++) u = add(mul(u, 0.5), i);
        return sum(sub(wall(u, w), u));
      },
    ],
    [
      'what a later wall reads anyway',
      (a, w) => {
        const u = add(mul(a, 2), 1);
        const h = wall(u, w);
        return sum(sub(matmul(u, h), u));
      },
    ],
    [
      'results',
      (a, w) => {
        const u = add(mul(a, 2), 1);
        return [sum(sub(wall(u, w), u)), u];
      },
    ],
    [
      'reductions',
      (a, w) => {
        const u = sum(ops.stack([a, a], 2), 2);
        return sum(sub(wall(u, w), u));
      },
    ],
    [
      'random numbers',
      (a, w) => {
        const u = ops.tril(a);
        return sum(sub(wall(u, w), u));
      },
    ],
    [
      'what would have to be kept in its stead',
      (a, w) => {
        const u = add(matmul(a, w), 1);
        return sum(sub(wall(u, w), u));
      },
    ],
    [
      'what is made of two and lies in memory already',
      (a, w, b) => {
        const u = add(a, b);
        return sum(sub(wall(u, w), u));
      },
    ],
  ])('keeps %s', (_, f) => {
    expect(check([x, x, x], f, false).again).toBe(0);
  });

  it('leaves small values and graphs without walls alone', () => {
    const small = float(4, 4);
    const twice = (a: Value, w: Value): Value => {
      const u = add(mul(a, 2), 1);
      return sum(square(sub(wall(u, w), u)));
    };
    expect(check([small, small], twice).again).toBe(0);
    expect(check([x], (a) => sum(mul(add(a, 1), relu(add(a, 1))))).again).toBe(0);
  });

  it('gives the same whatever is written', () => {
    const many = float(33, 33);
    let again = 0;
    for (let round = 0; round < 80; round++) {
      const { again: now } = check([many, many], (a, w) => {
        const values: Value[] = [a, w];
        for (let i = 0; i < 14; i++) {
          const [p, q] = [values[next(values.length)], values[next(values.length)]];
          const kind = next(6);
          if (kind === 0) values.push(ops.div(matmul(p, q), 33));
          else if (kind === 1) values.push(add(mul(p, 0.5), 1));
          else if (kind === 2) values.push(relu(p));
          else if (kind === 3) values.push(ops.transpose(p, 0, 1));
          else values.push(kind === 4 ? sub(p, q) : mul(p, q));
        }
        return [values[values.length - 1], sum(values[values.length - 2])];
      });
      again += now;
    }
    expect(again).toBeGreaterThan(10);
  });
});
