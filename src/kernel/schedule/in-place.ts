/**
 * Outputs that may lie on inputs: a dense input of the same shape and dtype that is last read where the
 * output is first written, element by element, each before it is written; or earlier.
 */
import { type Spec, sameShape } from '../../base/index.ts';
import type { Graph } from '../../ir/index.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { argsOf, type Expr, type Root, type Stream } from './expr.ts';
import type { Plan, Store } from './plan.ts';

export type Pair = readonly [output: number, input: number];

export interface Ordered {
  readonly graph: Graph;
  readonly inputs: readonly Spec[];
  readonly launches: readonly Launch[];
  /** What each batch is made of. */
  readonly parts: ReadonlyMap<Launch, readonly Launch[]>;
  /** Of elementwise kernels and reductions. */
  readonly plans: ReadonlyMap<Launch, Plan>;
  readonly buffers: ReadonlyMap<Root, BufferRef>;
}

/**
 * The pairs among `wanted` (all that there can be, unless given) that are possible. Outputs in `last`
 * are not if they are written before the last launch that may fault.
 */
export function pairsInPlace(
  ordered: Ordered,
  last: ReadonlySet<number>,
  wanted?: readonly Pair[],
): Pair[] {
  const { launches } = ordered;
  const firstWrite = new Map<number, number>();
  const lastRead = new Map<number, number>();
  launches.forEach((launch, at) => {
    for (const arg of launch.args) {
      if (arg.kind !== 'pointer') continue;
      const { kind, index } = arg.buffer;
      if (kind === 'input') lastRead.set(index, at);
      else if (kind === 'output' && !firstWrite.has(index)) firstWrite.set(index, at);
    }
  });
  const lastFault = launches.findLastIndex((l) => l.faults !== undefined);
  return (wanted ?? allPairs(ordered)).filter(([o, i]) => {
    if (!alikeInMemory(ordered, o, i)) return false;
    const at = firstWrite.get(o) ?? -1;
    if (last.has(o) && at >= 0 && at <= lastFault) return false;
    const read = lastRead.get(i) ?? -1;
    if (read < at || read < 0) return true;
    return read === at && writesAsItReads(ordered, launches[at], o, i);
  });
}

function allPairs({ graph }: Ordered): Pair[] {
  return graph.outputs.flatMap((_, o) => graph.inputs.map((_i, i): Pair => [o, i]));
}

function alikeInMemory({ graph, inputs }: Ordered, o: number, i: number): boolean {
  if (i < 0) return false;
  const [out, input, spec] = [graph.outputs[o], graph.inputs[i], inputs[i]];
  return (
    input.weak === undefined &&
    spec.dtype === out.dtype &&
    spec.contiguous &&
    sameShape(spec.shape, out.shape)
  );
}

/** Whether a launch reads input `i` only where it writes output `o`. */
function writesAsItReads(
  { graph, parts, plans, buffers }: Ordered,
  launch: Launch,
  o: number,
  i: number,
): boolean {
  // Parts of a batch run side by side: what one writes no other may read.
  const all = parts.get(launch) ?? [launch];
  const writer = all.find((l) => touches(l, 'output', o));
  if (writer === undefined || all.some((l) => l !== writer && touches(l, 'input', i))) return false;
  if (!touches(writer, 'input', i)) return true;
  const plan = plans.get(writer);
  if (plan === undefined) return false;
  const input = graph.inputs[i];
  const isOutput = (s: Stream): boolean => {
    const ref = s.memory === null ? undefined : buffers.get(s.memory.root);
    return ref?.kind === 'output' && ref.index === o;
  };
  const written = plan.streams.filter(isOutput);
  const gathers = plan.exprs.some((e) => e.kind === 'gather' && e.stream.memory?.root === input);
  return (
    !gathers &&
    !isReadLater(plan, isOutput, input) &&
    plan.streams.every(
      (s) =>
        s.memory?.root !== input ||
        written.every(
          (w) =>
            s.memory?.offset === 0 && w.memory?.offset === 0 && sameShape(s.strides, w.strides),
        ),
    )
  );
}

/**
 * Whether a kernel reads `root` in a phase after one that stores the output already (softmax leaves its
 * exponentials there).
 */
function isReadLater(plan: Plan, isOutput: (s: Stream) => boolean, root: Root): boolean {
  const { kernel, phases, exprs } = plan;
  const phaseOf = ({ phase = phases - 1 }: Store): number => phase;
  const inner = kernel.stores.filter((s) => s.place === 'inner');
  const first = Math.min(phases, ...inner.filter((s) => isOutput(s.stream)).map(phaseOf));
  const later = [
    ...inner.filter((s) => phaseOf(s) > first).map((s) => s.value),
    ...exprs.flatMap((e) =>
      e.kind === 'reduced' && e.level > first + 1 ? [e.reduction.operand] : [],
    ),
  ];
  const seen = new Set<Expr>();
  for (let e = later.pop(); e !== undefined; e = later.pop()) {
    if (seen.has(e)) continue;
    seen.add(e);
    if (e.kind === 'load' && e.stream.memory?.root === root) return true;
    later.push(...argsOf(e));
  }
  return false;
}

const touches = ({ args }: Launch, kind: string, index: number): boolean =>
  args.some((a) => a.kind === 'pointer' && a.buffer.kind === kind && a.buffer.index === index);
