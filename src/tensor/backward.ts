/** One backward run over the tape: from seeds to leaves, latest node first, no recursion. */
import { GraphError, ShapeError, type Spec, sameShape } from '../base/index.ts';
import { copy, full, type Value } from '../ir/index.ts';
import { AbstractHandle } from './abstract-handle.ts';
import { accumulate, Frontier, setFrontier } from './accumulate.ts';
import { setBackwardNode } from './anomaly.ts';
import { setGradMode } from './grad-mode.ts';
import type { Node } from './node.ts';
import { LEAF_NAME } from './node-names.ts';
import { enterScope, escape, leaveScope, settle, unpin } from './scope.ts';
import type { Tensor } from './tensor.ts';

export interface BackwardOptions {
  /** Gradient of some final result with respect to this tensor; 1 for a tensor of one element. */
  readonly gradient?: Tensor;
  /** Records the gradients' own computation, so that they can be differentiated again. */
  readonly createGraph?: boolean;
  /** Keeps what the tape saved, for another backward; `createGraph` implies it. */
  readonly retainGraph?: boolean;
}

/** A private run keeps gradients of chosen nodes in a map and touches no `.grad`. */
export interface PrivateRun {
  readonly captured: Map<Node, Tensor | null>;
  /** Nodes up to this sequence number are outside. */
  readonly floor: number;
}

const NO_GRADIENTS: readonly Value[] = [];
let depth = 0;

/** `loss.backward(options)`: adds into `.grad` of every leaf that `root` depends on. */
export function backward(root: Tensor, options: BackwardOptions = {}): void {
  const { createGraph = false, retainGraph = createGraph } = options;
  refuseSymbolicRoot(root);
  if (root.node === null) {
    throw new GraphError({
      op: 'backward',
      problem: 'this tensor does not depend on anything that requires a gradient',
      operands: [root.spec],
      remedy: 'make a Parameter, or set requiresGrad, before computing it; and not in noGrad',
    });
  }
  runBackward([root], [seedOf(root, options.gradient)], createGraph, retainGraph, null);
}

/** Gradients of placeholders' results are graphs: `.grad` of a parameter cannot hold one. */
function refuseSymbolicRoot(t: Tensor): void {
  const { handle } = t.storage;
  if (!(handle instanceof AbstractHandle) || handle.owner.symbolic !== true) return;
  throw new GraphError({
    op: 'backward',
    problem: 'this tensor is symbolic: its gradients have no values to add into .grad',
    operands: [t],
    remedy:
      'build the gradient, with grad(f)(x) or graph(x, loss).grad(w); ' +
      'or write the step as a function and compile() it',
  });
}

export function seedOf(root: Tensor, given?: Tensor): Tensor {
  if (given === undefined) {
    if (root.spec.numel !== 1) {
      throw new ShapeError({
        op: 'backward',
        problem: `a gradient is implied only for a tensor of one element, not [${root.spec.shape}]`,
        remedy: 'reduce the loss, e.g. with mean(), or pass { gradient }',
      });
    }
    return full(root.spec.shape, 1, root.spec.dtype, root.spec.device) as Tensor;
  }
  if (!sameShape(given.spec.shape, root.spec.shape)) {
    throw new ShapeError({
      op: 'backward',
      problem: 'the gradient must have the shape of the tensor',
      operands: [given.spec, root.spec],
    });
  }
  return given;
}

export function runBackward(
  roots: readonly Tensor[],
  seeds: readonly Tensor[],
  createGraph: boolean,
  retainGraph: boolean,
  own: PrivateRun | null,
): void {
  const frontier = new Frontier(own === null ? -1 : own.floor);
  const frontierBefore = setFrontier(frontier);
  const modeBefore = setGradMode(createGraph);
  // Recorded gradients may be held by the tape, nested ones by the outer run: no scope for either.
  const scope = enterScope(!createGraph && depth === 0);
  depth++;
  try {
    roots.forEach((root, i) => {
      if (root.node !== null) accumulate(root.node, seeds[i], false);
    });
    while (frontier.size > 0) step(frontier.pop(), createGraph, retainGraph, own);
  } finally {
    depth--;
    setBackwardNode(null);
    frontier.clear();
    setFrontier(frontierBefore);
    setGradMode(modeBefore);
    leaveScope(scope);
  }
}

function step(n: Node, createGraph: boolean, retainGraph: boolean, own: PrivateRun | null): void {
  const g = n.grad as Tensor;
  const { owned, grads } = n;
  n.grad = null;
  n.owned = false;
  n.grads = null;
  if (own !== null && own.captured.has(n)) {
    own.captured.set(n, g);
    escape(g.storage);
    return;
  }
  if (n.op.name === LEAF_NAME) {
    if (own === null && n.leaf !== null) deposit(n.leaf, g, owned);
    else unpin(g.storage);
    return;
  }
  if (n.released) {
    throw new GraphError({
      op: n.op.name,
      problem: 'backward went through this operation before, and what it had saved is released',
      remedy: 'pass { retainGraph: true } to the first backward',
    });
  }
  setBackwardNode(n);
  if (grads !== null) many(n, grads);
  else n.op.gradient?.(n, g, NO_GRADIENTS);
  settle();
  if (grads === null) unpin(g.storage);
  else for (const x of grads) if (x !== undefined && x !== null) unpin(x.storage);
  if (!retainGraph && !createGraph) n.release();
}

/** Several outputs: those without a gradient get zeros, those of one spec the same ones. */
function many(n: Node, grads: (Tensor | null)[]): void {
  const zeros = new Map<Spec, Tensor>();
  const zerosOf = (t: Spec): Tensor => {
    const z = zeros.get(t) ?? (full(t.shape, 0, t.dtype, t.device) as Tensor);
    zeros.set(t, z);
    return z;
  };
  const filled = (n.outSpecs ?? []).map((t, i) => grads[i] ?? zerosOf(t));
  n.op.gradient?.(n, filled[0], filled);
}

/** Adds into a leaf's `.grad`. Two leaves never share a buffer: what others hold is copied. */
function deposit(leaf: Tensor, g: Tensor, owned: boolean): void {
  refuseSymbolicRoot(g);
  if (leaf.grad !== null) {
    const before = leaf.grad;
    leaf.grad = before.plus(g);
    escape(leaf.grad.storage);
    unpin(g.storage);
    return;
  }
  if (owned && g.spec.contiguous && g.storage.bytes === g.byteLength) {
    leaf.grad = g;
    escape(g.storage);
    return;
  }
  leaf.grad = copy(g) as Tensor;
  escape(leaf.grad.storage);
  unpin(g.storage);
}
