/** The kernels to be of a graph while nodes are being placed: who computes what, and who reads it. */
import { numelOf } from '../../base/index.ts';
import type { Graph, GraphNode, GraphValue } from '../../ir/index.ts';
import { mapThrough } from '../schedule/maps.ts';
import { chainOf } from '../schedule/operand.ts';
import { Step } from './step.ts';

/** What a node reads, below its views. */
export const basesOf = (node: GraphNode): GraphValue[] =>
  node.inputs.map((x) => chainOf(x).base).filter((b) => typeof b !== 'number');

export const isContraction = ({ nodes: [first] }: Step): boolean =>
  first.def.lower?.kind === 'gemm' || first.def.lower?.kind === 'conv';

/** The contractions whose results a group takes. */
export const taken = (group: Step): readonly Step[] => [...group.deps].filter(isContraction);

export class Steps {
  readonly all = new Set<Step>();
  readonly stepOf = new Map<GraphValue, Step>();
  readonly placed = new Set<GraphNode>();
  /** Who reads each value, through views too. */
  private readonly readers = new Map<GraphValue, GraphNode[]>();
  private readonly outputs = new Set<GraphValue>();
  private begun = 0;

  /** `live`: the nodes that an output needs. */
  constructor(graph: Graph, live: ReadonlySet<GraphNode>) {
    for (const node of live) {
      if (node.def.lower?.kind === 'view') continue;
      for (const base of basesOf(node)) {
        const list = this.readers.get(base);
        if (list === undefined) this.readers.set(base, [node]);
        else list.push(node);
      }
    }
    for (const v of graph.outputs) {
      const { base } = chainOf(v);
      if (typeof base !== 'number') this.outputs.add(base);
    }
  }

  begin(): Step {
    return new Step(this.begun++);
  }

  /** Puts a node into a step, which then depends on those that compute its operands. */
  add(step: Step, node: GraphNode): void {
    this.all.add(step);
    this.placed.add(node);
    step.nodes.push(node);
    for (const out of node.outputs) this.stepOf.set(out, step);
    for (const base of basesOf(node)) {
      const s = this.stepOf.get(base);
      if (s !== undefined) step.dependOn(s);
    }
  }

  /** Groups that compute operands of the node, largest space and latest first. */
  candidates(node: GraphNode): Step[] {
    const found = new Set<Step>();
    for (const base of basesOf(node)) {
      const s = this.stepOf.get(base);
      if (s?.space != null) found.add(s);
    }
    return [...found].reverse().sort((a, b) => numelOf(b.space ?? []) - numelOf(a.space ?? []));
  }

  /** How an operand lies in the space of the group that computes it, through its views. */
  mapIn(group: Step, x: GraphValue | number): readonly number[] | null {
    const { base, views } = chainOf(x);
    let map = group.maps.get(base as GraphValue) ?? null;
    for (const node of views) {
      if (map === null) return null;
      map = mapThrough(map, node);
    }
    return map;
  }

  wouldCycle(node: GraphNode, group: Step): boolean {
    return basesOf(node).some((base) => {
      const s = this.stepOf.get(base);
      return s !== undefined && s !== group && s.reaches(group);
    });
  }

  /** Whether others than `node` read what a group computes: it is then computed once, for all. */
  isNeeded(group: Step, node: GraphNode): boolean {
    return this.isReadBy(group, (r) => r !== node && !group.nodes.includes(r));
  }

  isNeededBeside(group: Step, other: Step): boolean {
    return this.isReadBy(group, (r) => !other.nodes.includes(r) && !group.nodes.includes(r));
  }

  private isReadBy(group: Step, who: (reader: GraphNode) => boolean): boolean {
    return group.nodes.some((n) =>
      n.outputs.some((v) => this.outputs.has(v) || this.readers.get(v)?.some(who) === true),
    );
  }

  isOutput(v: GraphValue): boolean {
    return this.outputs.has(v);
  }

  /** Whether a value is in memory for a step that has been placed already, or was never elsewhere. */
  isInMemory(base: GraphValue, node: GraphNode, group: Step): boolean {
    const step = this.stepOf.get(base);
    if (step === undefined || step.space === null) return true;
    return (
      this.readers
        .get(base)
        ?.some((r) => r !== node && this.placed.has(r) && !group.nodes.includes(r)) === true
    );
  }
}
