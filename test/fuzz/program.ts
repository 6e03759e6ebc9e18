/** Random programs: what they are, how they run, and how far their results may be off. */
import { isFloat } from '../../src/base/index.ts';
import { add, mul, sum, type Tensor, tensor } from '../../src/index.ts';
import { toleranceOf, ulpBoundOf } from '../../src/testing/index.ts';
import { sequence } from '../conformance/sequence.ts';
import { BIG } from './big.ts';
import { Builder, type Mode } from './builder.ts';
import { MAKERS } from './ops.ts';
import { type Flag, refsOf, runStep, type Step } from './steps.ts';

export interface Program {
  readonly mode: Mode;
  readonly steps: readonly Step[];
  readonly flags: readonly Flag[];
  readonly values: readonly Tensor[];
  readonly refused: readonly string[];
}

const MODES: readonly Mode[] = ['fwd', 'grad', 'big', 'fwd', 'special', 'big', 'fwd'];

export function build(seed: number, index: number): Program {
  const mode = MODES[index % MODES.length];
  const b = new Builder(mode, seed * 1_000_003 + index);
  if (mode === 'big') {
    // One kernel after another; chance would leave some out for long.
    const turn = Math.floor(index / MODES.length);
    const step = BIG[turn % BIG.length](b);
    if (step !== null) b.add(step);
  } else {
    b.operand(b.shape(), b.dtype(), mode === 'special' ? 'special' : 'plain');
    const wanted = b.int(2, 8);
    for (let made = 0, tries = 0; made < wanted && tries < 60; tries++) {
      const step = b.pick(b.pick(MAKERS[mode]))(b);
      if (step !== null && b.add(step) !== null) made++;
    }
  }
  const { steps, flags, tensors: values, refused } = b;
  return { mode, steps, flags, values, refused };
}

/** Runs the steps anew. `leaves` makes the floats among the operands leaves of the tape. */
function rerun(p: Program, leaves: Map<number, Tensor> | null, noise: Noise | null): Tensor[] {
  const values: Tensor[] = [];
  for (const [i, s] of p.steps.entries()) {
    const inexact = noise !== null && p.flags[i] !== 'exact' && s.kind !== 'move';
    const shaken = inexact && s.kind !== 'exact' ? noise.scale : undefined;
    let out = runStep(s, values, shaken);
    if (leaves !== null && s.fn === 'data' && isFloat(out.dtype)) {
      out.requiresGrad = true;
      leaves.set(i, out);
    }
    if (inexact) out = noise.scale(out);
    if (inexact && hasFloor(s)) out = noise.shift(out);
    values.push(out);
  }
  return values;
}

// ---- gradients

export type Pass = 'plain' | 'createGraph' | 'retainGraph' | 'again';

/** Gradients of all leaves, of a weighted sum of all values that nothing else uses. */
export function gradients(p: Program, pass: Pass, noise: Noise | null): Map<number, Tensor> {
  const leaves = new Map<number, Tensor>();
  const values = rerun(p, leaves, noise);
  const used = new Set(p.steps.flatMap((s) => refsOf(s.args)));
  const next = sequence(p.steps.length);
  let loss: Tensor | null = null;
  for (const [i, v] of values.entries()) {
    if (used.has(i) || v.node === null) continue;
    const weights = Float64Array.from({ length: v.numel }, () => Math.floor(next() * 65 - 32) / 16);
    const term = sum(mul(v, tensor(weights).reshape(v.shape) as Tensor)) as Tensor;
    loss = loss === null ? term : (add(loss, term) as Tensor);
  }
  if (loss === null) return new Map();
  if (pass === 'plain') loss.backward();
  if (pass === 'createGraph') loss.backward({ createGraph: true });
  if (pass === 'retainGraph' || pass === 'again') loss.backward({ retainGraph: true });
  const grads = new Map<number, Tensor>();
  if (pass === 'again') {
    for (const leaf of leaves.values()) leaf.grad = null;
    loss.backward();
  }
  for (const [i, leaf] of leaves) if (leaf.grad !== null) grads.set(i, leaf.grad as Tensor);
  return grads;
}

// ---- how far off results may be

/** What toleranceOf gives; for float64 scaled down, as the conformance harness does. */
const relative = (t: Tensor): number =>
  toleranceOf(t.dtype).rtol * (t.dtype === 'float64' ? 1e-6 : 1);
const absolute = (t: Tensor): number =>
  toleranceOf(t.dtype).atol * (t.dtype === 'float64' ? 1e-6 : 0.1);

/** Disturbs floats by as much as one step may be off. */
interface Noise {
  scale(x: Tensor): Tensor;
  shift(x: Tensor): Tensor;
}

function noiseOf(seed: number): Noise {
  const next = sequence(seed);
  const random = (x: Tensor, middle: number, size: number): Tensor => {
    const sign = () => (next() < 0.5 ? -1 : 1) * (0.5 + next() / 2);
    const data = Float64Array.from({ length: x.numel }, () => middle + size * sign());
    return tensor(data, { dtype: x.dtype }).reshape(x.shape) as Tensor;
  };
  return {
    scale: (x) => (isFloat(x.dtype) ? (mul(x, random(x, 1, relative(x))) as Tensor) : x),
    shift: (x) => (isFloat(x.dtype) ? (add(x, random(x, 0, absolute(x))) as Tensor) : x),
  };
}

/** Whether results near 0 may be off by more than their size says. */
const hasFloor = (s: Step): boolean => s.kind === 'composite' || s.kind === 'layer';

const RUNS = 3;
const SAFETY = 8;

export const isWild = (x: number): boolean => !Number.isFinite(x) || Math.abs(x) > 1e9;

/**
 * How far each element may be off: RUNS runs in which every inexact step is disturbed show how
 * much errors grow. Infinity where they change the result beyond recognition.
 */
export class Limits {
  private readonly p: Program;
  private readonly noises = Array.from({ length: RUNS }, (_, k) => () => noiseOf(k + 1));
  private readonly runs: Tensor[][];
  private readonly wild: boolean[] = [];

  constructor(p: Program) {
    this.p = p;
    const inexact = p.flags.some((f) => f === 'close');
    this.runs = inexact ? this.noises.map((n) => rerun(p, null, n())) : [];
    // Sums of huge terms may overflow in float32 where the reference, in float64, does not.
    for (const [i, s] of p.steps.entries()) {
      const from = refsOf(s.args);
      const huge = (at: number): boolean =>
        Array.from(p.values[at].data() as Float64Array).some(isWild);
      const float = isFloat(p.values[i].dtype);
      // A remainder is as exact as the product that is taken off, which may be huge.
      const sums = s.kind === 'sum' || s.kind === 'layer' || s.fn === 'remainder';
      this.wild[i] = from.some((at) => this.wild[at]) || (float && sums && from.some(huge));
    }
  }

  of(i: number): Float64Array {
    const value = this.p.values[i];
    if (this.wild[i]) return new Float64Array(value.numel).fill(Infinity);
    const floor = hasFloor(this.p.steps[i]) ? absolute(value) : tiny(value);
    return spreadOf(
      value,
      this.runs.map((run) => run[i]),
      floor,
    );
  }

  ofGradients(grads: Map<number, Tensor>): Map<number, Float64Array> {
    const runs = this.noises.map((n) => gradients(this.p, 'plain', n()));
    const out = new Map<number, Float64Array>();
    for (const [i, g] of grads) {
      const biggest = Array.from(g.data() as Float64Array).reduce(
        (m, x) => Math.max(m, Math.abs(x)),
        0,
      );
      const floor = 1e-12 + 1e-11 * (Number.isFinite(biggest) ? biggest : 0);
      const others = runs.map((run) => run.get(i) as Tensor);
      out.set(i, spreadOf(g, others, floor));
    }
    return out;
  }
}

const tiny = (t: Tensor): number => (t.dtype === 'float32' ? 1e-37 : 1e-290);

function spreadOf(value: Tensor, runs: readonly Tensor[], floor: number): Float64Array {
  const own = value.data() as Float64Array;
  const others = runs.map((r) => r.data() as Float64Array);
  const rtol = relative(value);
  return Float64Array.from(own, (x, k) => {
    let most = 0;
    for (const other of others) {
      if (Number.isFinite(other[k]) !== Number.isFinite(x)) return Infinity;
      if (Number.isFinite(x)) most = Math.max(most, Math.abs(other[k] - x));
    }
    // Moved beyond recognition, such as the logarithm of what may be 0.
    if (most > 0.01 && most > Math.abs(x) / 4) return Infinity;
    return Number.isFinite(x) ? rtol * Math.abs(x) + SAFETY * most + floor : 0;
  });
}

/** ULP that the step's result may be off, and the reference's own error. */
export function ulpsOf(s: Step, t: Tensor): number {
  const documented = ulpBoundOf(s.fn, t.dtype) ?? 0;
  if (t.dtype === 'float32') return documented + 0.5;
  return documented + (s.fn === 'erf' ? 10 : 1);
}

/** The steps that step `i` needs, with itself. */
export function needs(steps: readonly Step[], i: number): number[] {
  const all = new Set([i]);
  for (let k = i; k >= 0; k--) if (all.has(k)) for (const r of refsOf(steps[k].args)) all.add(r);
  return [...all].sort((a, b) => a - b);
}
