/** One recording: the function runs once on abstract tensors, and everything is put back. */
import { GraphError, given } from '../base/index.ts';
import { type Graph, type GraphValue, withInterpreter } from '../ir/index.ts';
import {
  abstractHandle,
  abstractTensor,
  gradMode,
  type Node,
  rejectPromise,
  runBackward,
  setGradMode,
  setRecording,
  Tensor,
} from '../tensor/index.ts';
import { separate } from './backward.ts';
import type { Owner, Passed, Recorded, Target } from './bindings.ts';
import { Tracer } from './tracer.ts';
import { type Flat, flatten, unflatten } from './tree.ts';

export interface RecordOptions {
  readonly name: string;
  readonly device: string;
  /** Gradients that an optimiser has used are kept all the same. */
  readonly keepGrads: boolean;
  /** Plain JavaScript state is put back after success too: nothing will be run for good. */
  readonly trial?: boolean;
}

/** Records `fn` on arguments like these, or of other shapes. Nothing is changed, whether it throws or not. */
export function recordFunction(
  fn: (...args: never[]) => unknown,
  args: Flat,
  options: RecordOptions,
  shapes?: readonly (readonly number[])[],
): Recorded {
  const tracer = new Tracer(options.device);
  const mode = gradMode();
  const before = setRecording(tracer);
  let done = false;
  try {
    const recorded = withInterpreter(tracer, () => {
      const inputs = args.tensors.map((t, i) => tracer.argument(t, i, shapes?.[i]));
      const list = unflatten(args.template, (i) => inputs[i]) as never[];
      const result = rejectPromise('compile', fn(...list));
      tracer.fields.refuseCarried(options.name, (t) => tracer.hasCaptured(t));
      return collect(tracer, result, inputs, options);
    });
    done = true;
    return recorded;
  } finally {
    setRecording(before);
    setGradMode(mode);
    tracer.overlay.restore();
    if (!done || options.trial === true) {
      for (const undo of tracer.undo.reverse()) undo();
    }
    if (!done) tracer.fields.restore();
  }
}

/** The recorded graph with its bindings. */
function collect(
  tracer: Tracer,
  result: unknown,
  inputs: readonly Tensor[],
  options: RecordOptions,
): Recorded {
  const { overlay, recorder } = tracer;
  const flat = flatten(`the result of ${options.name}`, result, (i) => `[${i}]`);
  const outputs: GraphValue[] = [];
  const targets: Target[] = [];
  const output = (t: Tensor, target: Target): void => {
    outputs.push(tracer.valueOf(t));
    targets.push(target);
  };
  const passed: Passed[] = [];
  const computed: { place: number; t: Tensor }[] = [];
  flat.tensors.forEach((t, place) => {
    const owner = passedOwner(t, inputs);
    if (owner !== null) passed.push({ place, owner });
    else computed.push({ place, t });
  });
  for (const { place, t } of computed) output(t, { kind: 'result', place });
  for (const cell of overlay.written()) output(cell, { kind: 'cell', cell });
  const gradientEnds: Recorded['gradientEnds'][number][] = [];
  for (const { of, grad, spent } of overlay.gradientEnds(options.keepGrads)) {
    if (grad === null) gradientEnds.push({ of, end: 'none' });
    else if (spent) gradientEnds.push({ of, end: 'spent' });
    else if (!(grad instanceof Tensor)) throw wrongGradient(grad);
    else if (abstractHandle(grad) === null) gradientEnds.push({ of, end: grad });
    else output(grad, { kind: 'gradient', of });
  }
  const forward: Graph = {
    name: options.name,
    inputs: [...tracer.inputs],
    nodes: [...recorder.nodes],
    outputs,
  };
  const roots = gradMode() ? computed.filter(({ t }) => isOpen(t.node)) : [];
  const whole = {
    graph: forward,
    sources: [...tracer.sources],
    targets,
    result: flat.template,
    passed,
    gradientEnds,
    guards: [...tracer.guards, ...tracer.fields.guards(), ...overlay.guards],
    fields: tracer.fields.names(),
    changed: tracer.fields.changed(),
    randomCalls: tracer.randomCalls,
    backward: null,
  } satisfies Recorded;
  return roots.length === 0 ? whole : withBackward(tracer, whole, roots);
}

/** Records the backward pass of differentiable results too, from one gradient for each. */
function withBackward(
  tracer: Tracer,
  whole: Recorded,
  roots: readonly { readonly place: number; readonly t: Tensor }[],
): Recorded {
  const leaves = tracer.leaves();
  const captured = new Map(leaves.map(({ node }) => [node, null as Tensor | null]));
  const seeds = roots.map(({ t }) => {
    const value = tracer.recorder.input(t.spec);
    return { value, tensor: abstractTensor(value, t.spec, tracer) };
  });
  runBackward(
    roots.map((r) => r.t),
    seeds.map((s) => s.tensor),
    false,
    true,
    { captured, floor: -1 },
  );
  const gradients: { owner: Owner; value: GraphValue }[] = [];
  for (const { node, owner } of leaves) {
    const g = captured.get(node) ?? null;
    if (g !== null) gradients.push({ owner, value: tracer.valueOf(g) });
  }
  if (gradients.length === 0) return whole;
  const nodes = tracer.recorder.nodes.slice(whole.graph.nodes.length);
  return separate({ ...whole, sources: [...tracer.sources] }, [...tracer.inputs], nodes, {
    seeds: seeds.map((s) => s.value),
    results: roots.map((r) => r.place),
    gradients,
  });
}

/** Whether a tape node can be differentiated still: no backward has gone through what leads to it. */
function isOpen(root: Node | null): boolean {
  if (root === null) return false;
  const seen = new Set<Node>();
  const stack = [root];
  for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
    if (n.released) return false;
    if (seen.has(n)) continue;
    seen.add(n);
    for (const e of [n.edge0, n.edge1, ...(n.edges ?? [])]) if (e !== null) stack.push(e);
  }
  return true;
}

/** Whose tensor this is, if the function returns one that it did not make. */
function passedOwner(t: Tensor, inputs: readonly Tensor[]): Owner | null {
  const place = inputs.indexOf(t);
  if (place >= 0) return { kind: 'argument', place };
  return t.cell || abstractHandle(t) === null ? { kind: 'captured', tensor: t } : null;
}

const wrongGradient = (grad: unknown): GraphError =>
  new GraphError({
    op: 'compile',
    problem: `a gradient was set to ${given(grad)}, not a tensor`,
    remedy: 'set p.grad to a tensor of the shape of p, or to null',
  });
