/** The kernels to be of a graph, and which of them need the results of which. */
import type { GraphNode, GraphValue } from '../../ir/index.ts';

/** One kernel or contraction to be. */
export class Step {
  /** Which of all steps it is, in the order in which they were begun. */
  readonly number: number;
  /** In the graph's order. */
  readonly nodes: GraphNode[] = [];
  /** Steps whose results it reads from memory, and those that read its own. */
  readonly deps = new Set<Step>();
  readonly users = new Set<Step>();
  /** Above that of every step it depends on: no path leads from a lower level to a higher one. */
  level = 0;
  /** Sizes of the space that an elementwise group computes over; null for other steps. */
  space: number[] | null = null;
  /** Which of its dimensions are reduced, once a reduction has joined. */
  inner: boolean[] | null = null;
  readonly maps = new Map<GraphValue, readonly number[]>();
  /** Holds a float sum, whose vectors must all be as wide as it. */
  ordered: number | null = null;
  /** Element widths of values that span the space. */
  readonly widths = new Set<number>();
  /** Holds a gather, and one that spans the space. */
  faults = false;
  gathers = false;

  constructor(number: number) {
    this.number = number;
  }

  dependOn(other: Step): void {
    if (other === this) return;
    this.deps.add(other);
    other.users.add(this);
    this.rise(other.level + 1);
  }

  /** Takes what another step, which is then none, depends on and is needed for. */
  takeOver(other: Step): void {
    for (const d of other.deps) {
      d.users.delete(other);
      this.dependOn(d);
    }
    for (const u of other.users) {
      u.deps.delete(other);
      if (u !== this) u.dependOn(this);
    }
    other.deps.clear();
    other.users.clear();
  }

  /** Whether it depends on another step, directly or not; on itself it does. */
  reaches(other: Step): boolean {
    const seen = new Set<Step>();
    const stack: Step[] = [this];
    for (let s = stack.pop(); s !== undefined; s = stack.pop()) {
      if (s === other) return true;
      if (s.level <= other.level || seen.has(s)) continue;
      seen.add(s);
      stack.push(...s.deps);
    }
    return false;
  }

  private rise(level: number): void {
    const stack: (readonly [Step, number])[] = [[this, level]];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const [s, least] = top;
      if (s.level >= least) continue;
      s.level = least;
      for (const u of s.users) stack.push([u, least + 1]);
    }
  }
}
