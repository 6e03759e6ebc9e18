/** Puts the results of a program on the tape: one node, whose gradient is a program too. */
import { GraphError, type Spec, specOf, WEAK_INT } from '../base/index.ts';
import type { GradContext, OpDef, Value } from '../ir/index.ts';
import type { Executable } from '../runtime/device.ts';
import { gradMode, Node, nextSequence, type Tensor } from '../tensor/index.ts';
import { type BackwardPart, ownerTensor } from './bindings.ts';
import { makeExecutable } from './control/executable.ts';
import { laidOut, runOn } from './operands.ts';
import { runPasses } from './passes/index.ts';

interface Ready {
  readonly executable: Executable;
  readonly specs: readonly Spec[];
}

/** The backward programs, each made at its first backward pass. */
const ready = new WeakMap<BackwardPart, Ready>();

function readyFor(part: BackwardPart, device: string): Ready {
  let made = ready.get(part);
  if (made === undefined) {
    const specs = part.graph.inputs.map((v) =>
      v.weak === undefined ? specOf(v.dtype, v.shape, undefined, device) : WEAK_INT,
    );
    const graph = runPasses(part.graph);
    made = { specs, executable: makeExecutable(device, graph, specs, { program: true }) };
    ready.set(part, made);
  }
  return made;
}

/**
 * Gives differentiable results a tape node. `held(i)` is input `i` of the backward graph, other than
 * gradients of results.
 */
export function attachBackward(
  name: string,
  part: BackwardPart,
  results: readonly Tensor[],
  args: readonly Tensor[],
  device: string,
  held: (i: number) => Tensor | number,
): void {
  const owners = part.to.map((o) => ownerTensor(o, args));
  const kept = part.inputs.map((b, i) => (b.kind === 'seed' ? 0 : held(i)));
  const versions = kept.map((x) => (typeof x === 'number' ? 0 : x.storage.version));
  const outs = part.results.map((place) => results[place]);
  const op = {
    name,
    saves: 0,
    gradient(ctx: GradContext<null>, g: Value, all: readonly Value[]): void {
      const node = ctx as unknown as Node;
      const saved = node.saved as readonly (Tensor | number)[];
      refuseStale(name, saved, versions);
      if (gradMode()) throw secondOrder(name);
      const seeds = (all.length === 0 ? [g] : all) as readonly Tensor[];
      const { executable, specs } = readyFor(part, device);
      const inputs = part.inputs.map((b, i) => {
        const x = b.kind === 'seed' ? seeds[part.results.indexOf(b.result)] : saved[i];
        return typeof x === 'number' ? x : laidOut(x, specs[i]);
      });
      const made = runOn(device, executable, inputs);
      made.forEach((t, i) => {
        ctx.give(i, t);
      });
    },
  } as unknown as OpDef;
  const [a, b] = owners;
  const spec = outs[0].spec;
  const node = new Node(
    op,
    nextSequence(),
    null,
    a?.node ?? null,
    b?.node ?? null,
    null,
    null,
    null,
    spec,
    null,
    0,
    0,
    0,
  );
  node.edges = owners.slice(2).map((t) => t.node);
  node.saved = kept;
  if (outs.length === 1) {
    outs[0].node = node;
    return;
  }
  node.outSpecs = outs.map((o) => o.spec);
  outs.forEach((o, i) => {
    o.node = Node.output(node, i, o.spec);
  });
}

function refuseStale(
  op: string,
  saved: readonly (Tensor | number)[],
  versions: readonly number[],
): void {
  saved.forEach((x, i) => {
    if (typeof x === 'number' || x.storage.version === versions[i]) return;
    throw new GraphError({
      op,
      problem: 'a value saved for backward was assigned a new one since',
      operands: [x],
      remedy: 'call backward before the optimiser step',
    });
  });
}

const secondOrder = (op: string): GraphError =>
  new GraphError({
    op,
    problem: 'gradients of gradients do not lead through a compiled function from outside',
    remedy: 'take the inner gradient within the compiled function, or compile the outer one',
  });
