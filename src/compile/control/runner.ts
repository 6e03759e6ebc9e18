/** Regions as functions over places: what runners of choices and loops call. */
import { type Spec, specOf, WEAK_INT } from '../../base/index.ts';
import type { Graph, GraphValue } from '../../ir/index.ts';
import type { Device, Executable, Slot } from '../../runtime/device.ts';
import { byteLength, copier } from './slots.ts';

/** Runs a node: results that nobody uses are null. */
export type Runner = (outs: readonly (Slot | null)[], ins: readonly (Slot | number)[]) => void;

export type MakeExecutable = (graph: Graph, specs: readonly Spec[]) => Executable;

/** Where a result of a region comes from: it is an input, or the executable's output `computed`. */
export type From = { readonly input: number } | { readonly computed: number };

/** A region whose results are computed once each, and not at all where they are inputs. */
export class RunnableRegion {
  /** Of each result of the region. */
  readonly from: readonly From[];
  readonly specs: readonly Spec[];
  /** Of what is computed. */
  readonly computed: readonly Spec[];
  private readonly executable: Executable | null;

  constructor(graph: Graph, device: Device, make: MakeExecutable) {
    const spec = (v: GraphValue): Spec => specOf(v.dtype, v.shape, undefined, device.name);
    this.specs = graph.outputs.map(spec);
    const unique = [...new Set(graph.outputs)].filter((v) => v.node !== null);
    this.from = graph.outputs.map((v) =>
      v.node === null ? { input: graph.inputs.indexOf(v) } : { computed: unique.indexOf(v) },
    );
    this.computed = unique.map(spec);
    const inputs = graph.inputs.map((v) => (v.weak === undefined ? spec(v) : WEAK_INT));
    this.executable = unique.length === 0 ? null : make({ ...graph, outputs: unique }, inputs);
  }

  run(computed: readonly Slot[], ins: readonly (Slot | number)[]): void {
    this.executable?.runAll(computed, ins);
  }

  /** Result `i`, when `computed` and `ins` are what was run. */
  result(i: number, computed: readonly Slot[], ins: readonly (Slot | number)[]): Slot {
    const from = this.from[i];
    return 'input' in from ? (ins[from.input] as Slot) : computed[from.computed];
  }
}

/** Copies for results of these specs, each made when it is first needed. */
export function copiers(device: Device, specs: readonly Spec[]) {
  const made: ((to: Slot, from: Slot) => void)[] = [];
  return (i: number, to: Slot, from: Slot): void => {
    if (byteLength(specs[i]) === 0) return;
    made[i] ??= copier(device, specs[i]);
    made[i](to, from);
  };
}

/** Places that no one reads: the first of `own` that is not among `busy`, or one more. */
export function unused(own: Slot[], busy: readonly Slot[], more: () => Slot): Slot {
  for (const slot of own) if (!busy.includes(slot)) return slot;
  const slot = more();
  own.push(slot);
  return slot;
}
