/** A function recorded with open sizes: a program for each combination that was met. */
import { GradusError, GraphError } from '../base/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Owner, Recorded, Source, Target } from './bindings.ts';
import { mapSamples, type Samples } from './fit.ts';
import { checkFitted, type OpenGraph, openGraph } from './open-graph.ts';
import { type OpenSizes, shapesWith } from './open-sizes.ts';
import { PASSES } from './passes/index.ts';
import { Program } from './program.ts';
import { type Flat, structureKey } from './tree.ts';

/** More combinations of sizes than this are rare; the one that was not used longest is let go of. */
const MAX_PROGRAMS = 128;
/** So many of the programs keep packed weights, each its own. */
const KEEPING = 4;

/** Sizes far from those of a call, at which an open recording is checked. */
const [SMALLEST, LARGER] = [2, 64];

/** Records the function with arguments of these shapes. */
export type RecordAt = (shapes: readonly (readonly number[])[]) => Recorded;

/**
 * Throws a GraphError unless two recordings read the same tensors, write the same and return the same
 * structure: a mask that is made of a size in JavaScript is another tensor each time.
 */
function checkAlike(a: Recorded, b: Recorded): void {
  const owner = (x: Owner | Source | Target): unknown[] => {
    if (x.kind === 'captured') return [x.kind, x.tensor];
    if (x.kind === 'cell') return [x.kind, x.cell];
    return x.kind === 'gradient' ? [x.kind, ...owner(x.of)] : Object.values(x);
  };
  const parts = (r: Recorded): readonly (readonly [what: string, list: readonly unknown[]])[] => [
    ['which tensors it reads', r.sources.flatMap(owner)],
    ['which tensors it writes', r.targets.flatMap(owner)],
    [
      'what it returns',
      [structureKey(r.result), ...r.passed.flatMap((p) => [p.place, ...owner(p.owner)])],
    ],
    ['which gradients it leaves', r.gradientEnds.flatMap((g) => [...owner(g.of), g.end])],
    ['how many random numbers it draws', [r.randomCalls]],
    ['what can be differentiated', [r.backward?.to.length, ...(r.backward?.results ?? [])]],
  ];
  const [left, right] = [parts(a), parts(b)];
  for (const [i, [what, list]] of left.entries()) {
    const other = right[i][1];
    if (list.length === other.length && list.every((x, k) => Object.is(x, other[k]))) continue;
    throw new GraphError({
      op: a.graph.name,
      problem: `${what} depends on an open size`,
      remedy:
        'make tensors that depend on it of ops (arange, zeros, where) or pass them as arguments; or ' +
        'leave that dimension out of `dynamic`',
    });
  }
}

export class OpenProgram {
  readonly recorded: Recorded;
  private readonly device: string;
  private readonly forward: OpenGraph;
  private readonly backward: OpenGraph | null;
  private readonly programs = new Map<string, Program>();

  /**
   * Records at the sizes of a call, with each doubled, and with all three times as large. Throws a
   * GraphError where something depends on the sizes in no simple way.
   */
  constructor(recordAt: RecordAt, flat: Flat, open: OpenSizes, device: string) {
    const { dims, sizes } = open;
    const at = (sizesNow: readonly number[]): Recorded => {
      try {
        return recordAt(shapesWith(flat, dims, sizesNow));
      } catch (error) {
        if (error instanceof GradusError && sizesNow !== sizes) {
          const names = dims.map((d) => `${flat.paths[d.tensor]} dimension ${d.dim}`);
          error.addContext(
            `open sizes: recorded with ${[...new Set(names)].join(', ')} at ${sizesNow.join(', ')}`,
          );
        }
        throw error;
      }
    };
    const samples: Samples<Recorded> = {
      base: at(sizes),
      doubled: sizes.map((n, i) => at(sizes.with(i, 2 * n))),
      tripled: at(sizes.map((n) => 3 * n)),
    };
    for (const r of [...samples.doubled, samples.tripled]) checkAlike(samples.base, r);
    this.recorded = samples.base;
    this.device = device;
    this.forward = openGraph(
      mapSamples(samples, (r) => r.graph),
      sizes,
    );
    this.backward =
      samples.base.backward === null
        ? null
        : openGraph(
            mapSamples(samples, (r) => (r.backward as NonNullable<Recorded['backward']>).graph),
            sizes,
          );
    this.check(at, sizes);
  }

  /**
   * Compares with recordings at very small and very large sizes. Where the function refuses these, for
   * reasons of its own, there is nothing to compare.
   */
  private check(at: (sizes: readonly number[]) => Recorded, sizes: readonly number[]): void {
    for (const far of [sizes.map(() => SMALLEST), sizes.map((n) => LARGER * n)]) {
      const fitted = this.forward(far);
      if (fitted === null || new Set(far).size < new Set(sizes).size) continue;
      let recorded: Recorded;
      try {
        recorded = at(far);
      } catch (error) {
        if (error instanceof GradusError) continue;
        throw error;
      }
      checkAlike(this.recorded, recorded);
      checkFitted(fitted, recorded.graph);
    }
  }

  holds(args: readonly Tensor[]): boolean {
    return this.recorded.guards.every((g) => g.holds(args));
  }

  /** The program for these sizes; null if the recording does not fit them. */
  programFor(sizes: readonly number[]): Program | null {
    const key = sizes.join();
    let program = this.programs.get(key);
    if (program === undefined) {
      const graph = this.forward(sizes);
      const back = this.backward === null ? null : this.backward(sizes);
      const { backward } = this.recorded;
      if (graph === null || (backward !== null && back === null)) return null;
      program = new Program(
        {
          ...this.recorded,
          graph,
          backward: backward === null || back === null ? null : { ...backward, graph: back },
        },
        this.device,
        PASSES,
        this.programs.size < KEEPING,
      );
    } else this.programs.delete(key);
    this.programs.set(key, program);
    if (this.programs.size > MAX_PROGRAMS) {
      this.programs.delete(this.programs.keys().next().value as string);
    }
    return program;
  }
}
