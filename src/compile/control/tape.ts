/** The tape of regions: which inputs a result depends on, and its gradients with respect to them. */
import { isFloat } from '../../base/index.ts';
import { full, type GradContext, type OpDef, type Value } from '../../ir/index.ts';
import {
  gradMode,
  type Node,
  recording,
  recordNode,
  runBackward,
  setGradMode,
  type Tensor,
} from '../../tensor/index.ts';
import type { Tracer } from '../tracer.ts';
import type { RegionTracer } from './region.ts';

/** A tensor of the region, and the gradient of it from which the way back starts. */
export interface Seeded {
  readonly of: Tensor;
  readonly seed: Tensor;
}

/** The recording that is under way: ops of regions add nodes to it. */
export const tracerNow = (): Tracer => recording() as unknown as Tracer;

/** The input nodes that a result leads back to. */
export function reaches(result: Tensor): Set<Node> {
  const seen = new Set<Node>();
  const stack = result.node === null ? [] : [result.node];
  for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
    if (seen.has(n)) continue;
    seen.add(n);
    for (const e of [n.edge0, n.edge1, ...(n.edges ?? [])]) if (e !== null) stack.push(e);
  }
  return seen;
}

/** Whether a result depends on one of these inputs of its region. */
export function dependsOn(result: Tensor, inputs: readonly Tensor[]): boolean {
  const reached = reaches(result);
  return inputs.some((x) => x.node !== null && reached.has(x.node));
}

/**
 * States of a loop that depend on something that wants a gradient: on `wanted` inputs of the region, on
 * their own start, or on another such state.
 */
export function wantedStates(
  states: readonly { readonly stand: Tensor; readonly out: Tensor; readonly init: Tensor }[],
  wanted: readonly Tensor[],
): boolean[] {
  const is = states.map(({ init, stand }) => init.node !== null && isFloat(stand.dtype));
  for (let changed = true; changed; ) {
    changed = false;
    const from = [...wanted, ...states.filter((_, i) => is[i]).map((s) => s.stand)];
    states.forEach(({ out, stand }, i) => {
      if (is[i] || !isFloat(stand.dtype) || !dependsOn(out, from)) return;
      is[i] = true;
      changed = true;
    });
  }
  return is;
}

/**
 * Adds the way back to a region: gradients of `inputs` from those of its results. A seed of an input
 * itself is where its sum begins.
 */
export function pull(
  region: RegionTracer,
  seeds: readonly Seeded[],
  inputs: readonly Tensor[],
): Tensor[] {
  const createGraph = gradMode();
  return region.run(() => {
    const captured = new Map<Node, Tensor | null>();
    for (const { node } of inputs) if (node !== null) captured.set(node, null);
    runBackward(
      seeds.map((s) => s.of),
      seeds.map((s) => s.seed),
      createGraph,
      true,
      { captured, floor: -1 },
    );
    return inputs.map((x) => (x.node === null ? null : captured.get(x.node)) ?? zerosLike(x));
  });
}

export const zerosLike = ({ shape, dtype, device }: Tensor): Tensor =>
  full(shape, 0, dtype, device) as Tensor;

/**
 * Gives the results of a control node a tape node. `gradient` is handed the gradients of all outputs;
 * what it gives for each operand (null: none) goes on. Outputs that `live` denies stay constant.
 */
export function putOnTape(
  def: OpDef,
  operands: readonly Tensor[],
  outs: readonly Tensor[],
  live: (output: number) => boolean,
  gradient: (grads: readonly Tensor[]) => readonly (Tensor | null)[],
): void {
  const some = outs.some((t, i) => isFloat(t.dtype) && live(i));
  if (!gradMode() || !some || operands.every((x) => x.node === null)) return;
  const op = {
    ...def,
    saves: 0,
    gradient(ctx: GradContext<null>, g: Value, all: readonly Value[]): void {
      const grads = (all.length === 0 ? [g] : all) as readonly Tensor[];
      gradient(grads).forEach((x, i) => {
        // Several operands may be given one tensor.
        if (x !== null) ctx.alias(i, x);
      });
    },
  };
  recordNode(op, operands, null, outs);
  outs.forEach((t, i) => {
    if (!live(i) || !isFloat(t.dtype)) t.node = null;
  });
}

/** Runs `f` with nothing put on the tape. */
export function withoutTape<T>(f: () => T): T {
  const before = setGradMode(false);
  try {
    return f();
  } finally {
    setGradMode(before);
  }
}
