/** A composite run as one kernel gives the bits of its decomposition run op by op. */
import { describe, expect, test } from 'vitest';
import { devices, type Tensor, tensor, vjp } from '../../src/index.ts';
import {
  type Attrs,
  type Interpreter,
  interpreter,
  type OpDef,
  type Operand,
  type Value,
  withInterpreter,
} from '../../src/ir/index.ts';
import { cases } from '../conformance/cases.ts';
import { gradientCases } from '../conformance/gradient-cases.ts';
import { layOut, valuesOf } from '../conformance/harness.ts';

const eager = interpreter();
const expanded = new Set<string>();
let written = 0;

/** Runs primitives eagerly and writes every composite out. */
const writtenOut: Interpreter = {
  apply1: (def, a, attrs) => all(def, [a], attrs)?.[0] ?? eager.apply1(def, a, attrs),
  apply2: (def, a, b, attrs) => all(def, [a, b], attrs)?.[0] ?? eager.apply2(def, a, b, attrs),
  apply: (def, inputs, attrs) => all(def, inputs, attrs) ?? eager.apply(def, inputs, attrs),
  // The tape adds gradients up in place.
  update: (def, inputs, attrs, cells) => eager.update(def, inputs, attrs, cells),
};

function all(
  def: OpDef,
  inputs: readonly Operand[],
  attrs: Attrs | null,
): readonly Value[] | undefined {
  if (def.decompose === undefined) return undefined;
  expanded.add(def.name);
  written++;
  // The update of Adam takes hyper-parameters that are tensors only.
  const operands =
    def.name === 'adamUpdate'
      ? inputs.map((x) => (typeof x === 'number' ? tensor(x, { dtype: 'float64' }) : x))
      : inputs;
  const out = def.decompose(operands, attrs);
  return Array.isArray(out) ? (out as Value[]) : [out as Value];
}

function compare(name: string, got: readonly Tensor[], want: readonly Tensor[]): string[] {
  for (const [k, x] of got.entries()) {
    const y = want[k];
    if (x.dtype !== y.dtype || x.shape.join() !== y.shape.join()) {
      return [`${name}: ${x.dtype}[${x.shape}], written out ${y.dtype}[${y.shape}]`];
    }
    const [xs, ys] = [x.data(), y.data()];
    for (let i = 0; i < xs.length; i++) {
      if (Object.is(xs[i], ys[i])) continue;
      return [`${name}: element ${i} of ${k} is ${xs[i]}, written out ${ys[i]}`];
    }
  }
  return [];
}

const list = (x: Value | readonly Value[]): readonly Tensor[] =>
  (Array.isArray(x) ? x : [x]) as readonly Tensor[];

// The reference rounds where a tensor is stored: inside a composite, nothing is.
const rounds = !devices()[0].engine.startsWith('reference');

describe.runIf(rounds)('bit by bit', () => {
  test('results', () => {
    const failures: string[] = [];
    let ran = 0;
    for (const c of cases) {
      const xs = c.operands.map((o, k) => layOut(o, valuesOf(o, k)));
      const before = written;
      const separate = list(withInterpreter(writtenOut, () => c.run(...xs)));
      // Nothing to compare where no composite took part.
      if (written === before) continue;
      ran++;
      failures.push(...compare(c.name, list(c.run(...xs)), separate));
    }
    expect(ran).toBeGreaterThan(100);
    expect(failures.slice(0, 20)).toEqual([]);
  });

  test('gradients', () => {
    const failures: string[] = [];
    const dtype = 'float32';
    for (const c of gradientCases) {
      const xs = c.operands.map((o, k) =>
        layOut(o.dtype === 'float64' ? { ...o, dtype } : o, valuesOf(o, k)),
      );
      const places = xs.flatMap((x, i) => (x.dtype === dtype ? [i] : []));
      const f = (...ys: Tensor[]) =>
        c.run(...xs.map((x, i) => (places.includes(i) ? ys[places.indexOf(i)] : x))) as Tensor;
      const [y, pull] = vjp(f, ...places.map((i) => xs[i]));
      const u = y.mul(0.37).add(0.81) as Tensor;
      const separate = withInterpreter(writtenOut, () => pull(u));
      failures.push(...compare(c.name, pull(u), separate));
    }
    expect(failures.slice(0, 20)).toEqual([]);
  });

  test('the composites of the layers and optimisers took part', () => {
    const wanted = ['gelu', 'softmax', 'logSoftmax', 'crossEntropy', 'mse', 'adamUpdate'];
    const grads = ['geluGrad', 'softmaxGrad', 'crossEntropyGrad', 'mseGrad', 'sgdMomentumUpdate'];
    expect([...wanted, ...grads].filter((name) => !expanded.has(name))).toEqual([]);
  });
});
