/** A recorded function made executable for one signature: gathers inputs, runs, commits. */
import { debugLevel, type Spec, specOf } from '../base/index.ts';
import { copy } from '../ir/index.ts';
import type { Executable } from '../runtime/device.ts';
import { getRandomState, noGrad, SPENT, setRandomState, type Tensor } from '../tensor/index.ts';
import { attachBackward } from './attach.ts';
import { ownerTensor, type Recorded } from './bindings.ts';
import { Constants, foldConstants, showFolded } from './constants.ts';
import { makeExecutable } from './control/executable.ts';
import { type Call, freshTensor, operandOf, specFor } from './operands.ts';
import { PASSES, type Pass, runPasses } from './passes/index.ts';
import { unflatten } from './tree.ts';

export class Program {
  readonly recorded: Recorded;
  private readonly device: string;
  private readonly executable: Executable;
  private readonly specs: readonly Spec[];
  private readonly constants: Constants | null;
  /** For each output, the input that is the same cell, if it may be written in place; else -1. */
  private readonly sameInput: readonly number[];

  /** `keepsWeights`: what kernels make of constant weights takes as much memory once more. */
  constructor(
    recorded: Recorded,
    device: string,
    passes: readonly Pass[] = PASSES,
    keepsWeights = true,
  ) {
    this.recorded = recorded;
    this.device = device;
    const { graph, sources, targets } = recorded;
    const start = performance.now();
    this.specs = sources.map((s, i) => specFor(s, graph.inputs[i], device));
    const captured = new Map<Tensor, number>();
    sources.forEach((s, i) => {
      if (s.kind === 'captured') captured.set(s.tensor, i);
    });
    const cells = targets.flatMap((t, o) =>
      t.kind === 'cell' ? [[o, captured.get(t.cell) ?? -1] as const] : [],
    );
    const written = new Set(targets.map((t) => (t.kind === 'cell' ? t.cell : null)));
    const passed = runPasses(
      graph,
      passes,
      cells.flatMap(([, i]) => (i < 0 ? [] : [i])),
    );
    const isConstant = (i: number): boolean => {
      const source = sources[i];
      return source.kind === 'captured' && !written.has(source.tensor);
    };
    const folded = foldConstants(passed, isConstant);
    if (folded !== null) showFolded(folded);
    const { main, constants } = folded ?? { main: passed, constants: null };
    this.constants = constants === null ? null : new Constants(constants, this.specs, device);
    const kept = constants?.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device)) ?? [];
    this.executable = makeExecutable(device, main, [...this.specs, ...kept], {
      cells,
      program: true,
      constants: main.inputs.flatMap((_, i) =>
        keepsWeights && (i >= sources.length || isConstant(i)) ? [i] : [],
      ),
    });
    if (debugLevel() >= 1) {
      const ms = (performance.now() - start).toFixed(1);
      const nodes = `${main.nodes.length}${constants === null ? '' : ` + ${constants.nodes.length}`}`;
      console.error(
        `[gradus] program ${graph.name}: ${graph.nodes.length} ops, ${nodes} primitives, ${ms} ms`,
      );
    }
    const inPlace = new Map(this.executable.inPlace);
    this.sameInput = targets.map((_, o) => inPlace.get(o) ?? -1);
  }

  /** Whether what the recording relied on is so still. */
  holds(args: readonly Tensor[]): boolean {
    return this.recorded.guards.every((g) => g.holds(args));
  }

  run(args: readonly Tensor[]): unknown {
    const call: Call = { args, ...getRandomState() };
    const inputs = this.operands(call);
    const outs = this.compute(inputs, (o) => this.cellInPlace(o, inputs));
    return this.commit(outs, inputs, call);
  }

  /** What the outputs would be: a run that commits nothing. Cells are written in copies. */
  peek(args: readonly Tensor[]): readonly Tensor[] {
    const inputs = this.operands({ args, ...getRandomState() });
    const copies = inputs.slice();
    return this.compute(copies, (o) => {
      const cell = this.cellInPlace(o, inputs);
      if (cell === null) return null;
      const copied = noGrad(() => copy(cell) as Tensor);
      copies[this.sameInput[o]] = copied;
      return copied;
    });
  }

  private operands(call: Call): (Tensor | number)[] {
    return this.recorded.sources.map((s, i) => operandOf(s, call, this.specs[i]));
  }

  /** The outputs, in the memory of the cells that `cellFor` gives, or fresh. */
  private compute(
    inputs: readonly (Tensor | number)[],
    cellFor: (o: number) => Tensor | null,
  ): readonly Tensor[] {
    const outs = this.executable.outputs.map(
      (spec, o) => cellFor(o) ?? freshTensor(this.device, spec),
    );
    const constants = this.constants?.in(inputs) ?? [];
    this.executable.runAll(outs, constants.length === 0 ? inputs : [...inputs, ...constants]);
    return outs;
  }

  /** The cell that output `o` may be written over in this call, or null. */
  private cellInPlace(o: number, inputs: readonly (Tensor | number)[]): Tensor | null {
    const own = this.sameInput[o];
    if (own < 0) return null;
    const cell = inputs[own] as Tensor;
    const { storage, spec, offset } = cell;
    if (storage.shared || offset !== 0 || !spec.contiguous) return null;
    const alone = inputs.every(
      (x, i) => i === own || typeof x === 'number' || x.storage !== storage,
    );
    return alone ? cell : null;
  }

  /** After the run, which cannot fail any more: cells, gradients and the random counter. */
  private commit(
    outs: readonly Tensor[],
    inputs: readonly (Tensor | number)[],
    { args, seed, counter }: Call,
  ): unknown {
    const { recorded } = this;
    const results: Tensor[] = [];
    recorded.targets.forEach((target, o) => {
      if (target.kind === 'result') results[target.place] = outs[o];
      else if (target.kind === 'cell') target.cell.replaceStorage(outs[o].storage);
      else if (target.kind === 'gradient') ownerTensor(target.of, args).storeGradient(outs[o]);
    });
    for (const { place, owner } of recorded.passed) results[place] = ownerTensor(owner, args);
    for (const { of, end } of recorded.gradientEnds) {
      const value = end === 'none' ? null : end === 'spent' ? SPENT : end;
      ownerTensor(of, args).storeGradient(value);
    }
    if (recorded.randomCalls > 0) {
      setRandomState({ seed, counter: counter + BigInt(recorded.randomCalls) });
    }
    const { backward, graph } = recorded;
    if (backward !== null) {
      attachBackward(graph.name, backward, results, args, this.device, (i) => {
        const bound = backward.inputs[i];
        return bound.kind === 'source'
          ? inputs[bound.input]
          : outs[(bound as { output: number }).output];
      });
    }
    return unflatten(recorded.result, (i) => results[i]);
  }
}
