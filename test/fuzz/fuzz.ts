/**
 * A program, not a test: runs random programs on the engine that the environment names and prints
 * the results, a JSON line for each. scripts/fuzz.mjs runs it and compares.
 */
import type { DType } from '../../src/base/index.ts';
import { full, type Tensor } from '../../src/index.ts';
import { getDevice } from '../../src/runtime/index.ts';
import { computeGuarded } from '../guard/guarded-device.ts';
import { Coverage } from './coverage.ts';
import { build, gradients, Limits, needs, type Pass, type Program, ulpsOf } from './program.ts';
import { type Flag, printStep } from './steps.ts';

export interface Result {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Elements, bytes in base64. */
  readonly data: string;
  readonly flag: Flag;
  readonly ulps: number;
  /** By the reference only: how far each element may be off, as `data`. */
  readonly limits?: string;
  /** Steps that the result needs. */
  readonly needs: readonly number[];
}

export interface Outcome {
  readonly index: number;
  readonly mode: string;
  readonly lines: readonly string[];
  readonly results: readonly Result[];
  readonly refused: readonly string[];
  /** What is wrong whatever other engines say. */
  readonly wrong: readonly string[];
}

const reference = process.env.GRADUS_CPU === 'reference';
const small = process.env.GRADUS_WASM_HEAP !== undefined;

const base64 = (a: ArrayBufferView): string =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString('base64');

const resultOf = (name: string, t: Tensor): Omit<Result, 'flag' | 'ulps' | 'needs'> => ({
  name,
  dtype: t.dtype,
  shape: t.shape,
  data: base64(t.data()),
});

function forward(p: Program): Result[] {
  const limits = reference ? new Limits(p) : null;
  return p.steps.flatMap((s, i): Result[] => {
    if (s.fn === 'data') return [];
    const [t, flag] = [p.values[i], p.flags[i]];
    const own = { ...resultOf(`v${i}`, t), flag, ulps: ulpsOf(s, t), needs: needs(p.steps, i) };
    const compared = limits !== null && flag === 'close';
    return [compared ? { ...own, limits: base64(limits.of(i)) } : own];
  });
}

/** Bit by bit, but all NaN are one: an engine may give them any sign and payload. */
function sameElements(a: Tensor, b: Tensor): boolean {
  const [xs, ys] = [a.data(), b.data()];
  return xs.length === ys.length && xs.every((x, i) => Object.is(x, ys[i]));
}

function backward(p: Program, wrong: string[]): Result[] {
  const plain = gradients(p, 'plain', null);
  for (const pass of ['createGraph', 'retainGraph', 'again'] as Pass[]) {
    const other = gradients(p, pass, null);
    for (const [i, g] of plain) {
      const got = other.get(i);
      if (got !== undefined && sameElements(got, g)) continue;
      wrong.push(`gradient of v${i}: ${got?.data()} with ${pass}, ${g.data()} without`);
    }
  }
  const limits = reference ? new Limits(p).ofGradients(plain) : null;
  const all = p.steps.map((_, i) => i);
  return [...plain].map(([i, g]): Result => {
    const own = {
      ...resultOf(`gradient of v${i}`, g),
      flag: 'close' as const,
      ulps: 0,
      needs: all,
    };
    const limit = limits?.get(i);
    return limit === undefined ? own : { ...own, limits: base64(limit) };
  });
}

// Keeps a small heap full, so that tensors leave it and come back.
const BALLAST = 24;
const ballast: { t: Tensor; value: number }[] = [];
const kept: Program[] = [];

function press(p: Program, index: number, wrong: string[]): void {
  kept.push(p);
  if (kept.length > 30) kept.shift();
  const slot = index % BALLAST;
  const before = ballast[slot];
  if (before?.t.data().some((x) => x !== before.value)) wrong.push('ballast lost its elements');
  ballast[slot] = { t: full([20011], index) as Tensor, value: index };
}

function outcomeOf(seed: number, index: number): Outcome {
  const wrong: string[] = [];
  let p: Program | undefined;
  let results: Result[] = [];
  try {
    p = build(seed, index);
    if (small) press(p, index, wrong);
    results = forward(p);
    if (p.mode === 'grad') results.push(...backward(p, wrong));
  } catch (e) {
    wrong.push(`throws ${e instanceof Error ? e.stack : e}`);
  }
  const lines = p?.steps.map(printStep) ?? [];
  return { index, mode: p?.mode ?? '?', lines, results, refused: p?.refused ?? [], wrong };
}

const [seed, first, count] = process.argv.slice(2).map(Number);
const { FUZZ_GUARD: end } = process.env;
const guard = end === 'start' || end === 'end' ? computeGuarded(end) : null;
const coverage = new Coverage(getDevice('cpu'));
const print = async (x: object): Promise<void> => {
  const line = `${JSON.stringify(x)}\n`;
  if (!process.stdout.write(line)) await new Promise((done) => process.stdout.once('drain', done));
};
for (let i = first; i < first + count; i++) {
  await print(outcomeOf(seed, i));
  if (guard === null) continue;
  guard.check();
  // Memory between guards is mapped anew for every tensor, and the system counts mappings.
  if (i % 20 === 0) (globalThis as { gc?: () => void }).gc?.();
  await new Promise((done) => setImmediate(done));
}
await print(coverage.report());
