/**
 * Random functions, eager against compiled to the last bit. Few of their values are results, so the rest
 * may be fused, moved, computed again or left in another's memory; buffers are read and replaced; their
 * gradients are taken too.
 */
import { describe, expect, test } from 'vitest';
import {
  add,
  compile,
  concat,
  devices,
  manualSeed,
  mul,
  nn,
  randint,
  randn,
  softmax,
  stack,
  sub,
  type Tensor,
  where,
} from '../index.ts';

// The reference rounds where a tensor is stored, so there fused code gives other bits.
const exact = devices()[0].engine !== 'reference';
// More, and others, by hand: GRADUS_SEEDS=500-900.
const [FIRST, END] = (process.env.GRADUS_SEEDS ?? '0-120').split('-').map(Number);

/** Numbers that follow from a seed, drawn while a function runs: it decides the same at each run. */
function chooser(seed: number) {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % n;
  };
  const pick = <T>(list: readonly T[]): T => list[below(list.length)];
  return { below, pick };
}

const SHAPES = [
  [3, 5],
  [33, 40],
  [7, 200],
  [2, 3, 4],
  [4, 17, 9],
  [2, 5, 7, 3],
  [1, 64],
  [48, 48],
];
const MOST = 20_000;

type Any = Tensor;

/** A function of two float tensors of one shape, indices, and buffers, some of which it replaces. */
function program(seed: number, [x, y]: readonly Any[], index: Any, cells: readonly Any[]): Any[] {
  const { below, pick } = chooser(seed);
  // What backward saves must not be assigned to afterwards.
  const values: Any[] = [x, y, ...cells.map((c) => c.mul(1) as Any)];
  const recent = (): Any => values[Math.max(0, values.length - 1 - below(9))];
  const alike = (a: Any): Any => pick(values.filter((b) => `${b.shape}` === `${a.shape}`));
  const steps: ((a: Any) => Any | null)[] = [
    (a) => add(a, alike(a)),
    (a) => mul(a, alike(a)),
    (a) => sub(a, 0.5 * below(5)),
    (a) => a.relu() as Any,
    (a) => a.sin() as Any,
    (a) => a.permute(shuffled(a.rank, below)) as Any,
    (a) => a.permute(shuffled(a.rank, below)).mul(2) as Any,
    (a) => a.add(a.sum(below(a.rank), true)) as Any,
    (a) => a.sub(a.mean()) as Any,
    (a) => a.sum() as Any,
    (a) => (a.rank < 2 ? null : (a.matmul(alike(a).transpose(-2, -1)).mul(0.01) as Any)),
    (a) => a.at(index.remainder(a.shape[0])) as Any,
    (a) => where(a.gt(0), a, alike(a)),
    (a) => concat([a, alike(a)], below(a.rank)) as Any,
    (a) => stack([alike(a), a], below(a.rank + 1)) as Any,
    (a) => (a.shape[0] < 2 ? null : (a.chunk(2, 0)[below(2)] as Any)),
    (a) => a.reshape([-1]) as Any,
    (a) => softmax(a, below(a.rank)),
    (a) => a.maximum(alike(a)) as Any,
    (a) => a.max(below(a.rank)) as Any,
  ];
  for (let i = 0, n = 6 + below(30); i < n; i++) {
    const a = recent();
    if (a.rank === 0) continue;
    const made = pick(steps)(a);
    if (made !== null && made.rank < 6 && made.numel <= MOST) values.push(made);
  }
  for (const cell of cells) {
    const found = values.filter((v) => `${v.shape}` === `${cell.shape}` && v !== cell);
    if (found.length > 0) cell.assign(found[found.length - 1 - below(Math.min(3, found.length))]);
  }
  return [values[values.length - 1], values[below(values.length)]].map((v) => v.mul(1) as Any);
}

function shuffled(rank: number, below: (n: number) => number): number[] {
  const order = Array.from({ length: rank }, (_, d) => d);
  for (let d = rank - 1; d > 0; d--) {
    const other = below(d + 1);
    [order[d], order[other]] = [order[other], order[d]];
  }
  return order;
}

const bits = (t: Any): string => {
  const { buffer, byteOffset, byteLength } = t.data();
  return `${t.dtype}[${t.shape}] ${Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')}`;
};

/** What three calls give and leave: results, gradients of both arguments, buffers. */
function run(seed: number, compiled: boolean): string[] {
  manualSeed(seed);
  const { pick } = chooser(seed);
  const shape = pick(SHAPES);
  const cells = [shape, pick(SHAPES)].map((s) => nn.buffer(randn(s)) as Any);
  const fn = (x: Any, y: Any, index: Any): Any[] => program(seed, [x, y], index, cells);
  const f = compiled ? compile(fn) : fn;
  const all: string[] = [];
  for (let call = 0; call < 3; call++) {
    const [x, y] = [0, 1].map(() => nn.Parameter(randn(shape)) as Any);
    const results = f(x, y, randint(0, 100, [shape[0]]) as Any);
    all.push(...[...results, ...cells].map(bits));
    const [loss, ...more] = results.filter((r) => r.requiresGrad).map((r) => r.sum() as Any);
    if (loss === undefined) continue;
    more.reduce((a, b) => add(a, b), loss).backward();
    all.push(...[x, y].map((t) => (t.grad === null ? 'none' : bits(t.grad as Any))));
  }
  return all;
}

describe.runIf(exact)('random functions', () => {
  test('give the same compiled as line by line', () => {
    for (let seed = FIRST; seed < END; seed++) {
      const [lines, compiled] = [run(seed, false), run(seed, true)];
      const differs = lines.findIndex((text, i) => text !== compiled[i]);
      if (differs >= 0 || lines.length !== compiled.length) {
        expect.fail(
          `seed ${seed}: value ${differs} is ${compiled[differs]?.slice(0, 60)}, line by line ` +
            `${lines[differs]?.slice(0, 60)}`,
        );
      }
    }
  }, 600_000);
});
