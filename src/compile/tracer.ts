/**
 * The recording of a function for compile(): what comes in from outside, what is written, and what
 * cannot be recorded.
 */
import { GraphError, type Spec, sameShape, specOf, WEAK_INT } from '../base/index.ts';
import {
  type Attrs,
  attrs as attrsOf,
  CAST,
  type GraphValue,
  interpreter,
  type OpDef,
  type Operand,
  type RandomState,
  type Value,
  withInterpreter,
} from '../ir/index.ts';
import {
  abstractHandle,
  abstractTensor,
  LEAF,
  Node,
  type Place,
  type Recording,
  refuseSymbolic,
  setRecording,
  type Tensor,
} from '../tensor/index.ts';
import type { Guard, Owner, Source } from './bindings.ts';
import { Fields } from './fields.ts';
import { Overlay } from './overlay.ts';
import { Tracing } from './tracing.ts';

export class Tracer extends Tracing implements Recording {
  readonly inputs: GraphValue[] = [];
  readonly sources: Source[] = [];
  readonly overlay: Overlay;
  readonly guards: Guard[] = [];
  readonly undo: (() => void)[] = [];
  readonly fields = new Fields();
  private readonly watched = new Map<object, Set<string>>();
  randomCalls = 0;
  private seed: readonly Tensor[] | null = null;
  /** Stand-ins of captured tensors, and whom each stand-in stands for. */
  private readonly captured = new Map<Tensor, Tensor>();
  private readonly owners = new Map<Tensor, Owner>();
  /** Arguments, by the tensors given. */
  private readonly given = new Map<Tensor, { readonly stand: Tensor; readonly place: number }>();
  private readonly reals = new Map<Tensor, Tensor>();
  private readonly eager = interpreter();

  constructor(device: string) {
    super(device);
    this.overlay = new Overlay(
      (source, t) => this.input(source, t.spec),
      (t) => this.ownerOf(t),
      this,
    );
  }

  // ---- what comes in

  private input(source: Source, type: Spec): GraphValue {
    const value = this.recorder.input(type);
    this.inputs.push(value);
    this.sources.push(source);
    return value;
  }

  /** What the function sees in place of an argument. */
  argument(t: Tensor, place: number, shape: readonly number[] = t.shape): Tensor {
    if (t.cell) return t;
    // The same tensor twice is one: its gradients add up.
    const known = this.given.get(t);
    if (known !== undefined && sameShape(known.stand.shape, shape)) return known.stand;
    const stand = this.standIn(t, { kind: 'argument', place }, shape);
    this.given.set(t, { stand, place });
    return stand;
  }

  private standIn(t: Tensor, owner: Owner, shape: readonly number[] = t.shape): Tensor {
    const { dtype, device } = t.spec;
    const spec = specOf(dtype, shape, undefined, device);
    const made = abstractTensor(this.input(owner, spec), spec, this);
    this.owners.set(made, owner);
    this.reals.set(made, t);
    if (t.node !== null) {
      // What was computed outside is a leaf here; gradients that reach it go on outside.
      made.node = Node.leaf(spec, 0, t.node.op === LEAF && t.node.leaf === t ? made : null);
      if (made.node.leaf === null) made.node.leaf = new Unreachable(made) as unknown as Tensor;
    }
    return made;
  }

  private ownerOf(t: Tensor): Owner {
    return this.owners.get(t) ?? { kind: 'captured', tensor: t };
  }

  /** Leaves that gradients of results reach: node and owner. */
  leaves(): { node: Node; owner: Owner }[] {
    const found: { node: Node; owner: Owner }[] = [];
    for (const [t, owner] of this.owners) if (t.node !== null) found.push({ node: t.node, owner });
    for (const [tensor, entered] of this.overlay.enteredNodes()) {
      // Frozen and thawed within, it has had several.
      for (const node of new Set([entered, tensor.node])) {
        if (node !== null) found.push({ node, owner: { kind: 'captured', tensor } });
      }
    }
    return found;
  }

  /** The graph's value of a tensor, which is made an input if it comes from outside. */
  valueOf(t: Tensor): GraphValue {
    const seen = this.seen(t);
    return (abstractHandle(seen) as { value: GraphValue }).value;
  }

  /** The tensor itself, or what stands for it here. */
  seen(t: Tensor): Tensor {
    const handle = abstractHandle(t);
    if (handle !== null) {
      if (handle.owner === this) return t;
      if (handle.owner.symbolic === true) throw refuseSymbolic('compile', t);
      throw new GraphError({
        op: 'compile',
        problem: 'a tensor that was made while another function was recorded is used here',
        operands: [t],
        remedy: 'pass it as an argument, or return it from that function',
      });
    }
    if (t.cell) {
      this.overlay.enter(t);
      return t;
    }
    let stand = this.captured.get(t);
    if (stand === undefined) {
      stand = this.capture(t);
      this.captured.set(t, stand);
    }
    return stand;
  }

  /** What stands for a tensor that is no argument, or happens to be one too. */
  private capture(t: Tensor): Tensor {
    const given = this.given.get(t);
    const what = 'whether an argument is a tensor that the function captures';
    if (given !== undefined) {
      this.guards.push({ what, holds: (args) => args[given.place] === t });
      return given.stand;
    }
    if (t.node !== null) this.guards.push({ what, holds: (args) => !args.includes(t) });
    return this.standIn(t, { kind: 'captured', tensor: t });
  }

  /** The tensor under which gradients are kept: a leaf from outside is known by what stands for it. */
  private known(t: Tensor): Tensor {
    const outside = abstractHandle(t) === null && !t.cell && t.node?.op === LEAF;
    return outside ? this.seen(t) : t;
  }

  // ---- Interpreter

  update(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    cells: readonly Value[],
  ): void {
    const outs = this.apply(def, inputs, attrs);
    (cells as readonly Tensor[]).forEach((cell, i) => {
      const { dtype } = cell;
      const value =
        outs[i].dtype === dtype ? outs[i] : this.apply(CAST, [outs[i]], attrsOf({ dtype }))[0];
      this.seen(cell);
      cell.replaceStorage(value.storage);
    });
  }

  // ---- Recording

  gradient(t: Tensor, stored: Tensor | null): Tensor | null {
    const known = this.known(t);
    const real = this.reals.get(known);
    return this.overlay.gradient(known, real === undefined ? stored : real.storedGradient());
  }

  setGradient(t: Tensor, g: Tensor | null): void {
    this.overlay.setGradient(this.known(t), g);
  }

  spend(t: Tensor): void {
    this.overlay.spend(this.known(t));
  }

  randomState(): RandomState {
    return this.reserve(1)(0);
  }

  /** Takes the next `count` random calls; what is given tells key and counter of one of them. */
  reserve(count: number): (at: number) => RandomState {
    const first = this.randomCalls;
    this.randomCalls += count;
    return (at) => {
      this.seed ??= this.words((word) => ({ kind: 'seed', word }));
      const [k0, k1] = this.seed;
      const [c0, c1] = this.words((word) => ({ kind: 'counter', call: first + at, word }));
      return [k0, k1, c0, c1];
    };
  }

  /** The two words of a number that is given at each call. */
  protected words(source: (word: 0 | 1) => Source): Tensor[] {
    return ([0, 1] as const).map((word) => {
      const value = this.recorder.input(WEAK_INT);
      this.inputs.push(value);
      this.sources.push(source(word));
      return abstractTensor(value, WEAK_INT, this);
    });
  }

  enter(t: Tensor): void {
    if (t.cell) this.seen(t);
  }

  refuseRead(op: string, t: Tensor): void {
    if (abstractHandle(t) === null && !t.cell) return;
    throw new GraphError({
      op,
      problem: 'the value of a tensor is not known while the function is recorded',
      operands: [t],
      remedy:
        'return the tensor and read it outside; for a choice by value use where or cond; ' +
        'or run the function eagerly: compile(fn, { fallback: true })',
    });
  }

  refuse(op: string, problem: string, remedy: string): never {
    throw new GraphError({ op, problem, remedy });
  }

  watch(owner: object, what: string, read: () => unknown): void {
    if (!this.isFirst(owner, what)) return;
    const then = read();
    this.guards.push({ what, holds: () => read() === then });
  }

  settle(owner: object, what: string): void {
    this.isFirst(owner, what);
  }

  private isFirst(owner: object, what: string): boolean {
    const known = this.watched.get(owner) ?? new Set<string>();
    this.watched.set(owner, known);
    return known.size < known.add(what).size;
  }

  watchPlaces(owner: object, name: string, places: readonly Place[]): void {
    this.fields.watch(owner, name, places);
  }

  /** Whether the function has read a tensor that it was not given. */
  hasCaptured(t: Tensor): boolean {
    return this.captured.has(t) || this.overlay.has(t);
  }

  outside<T>(uses: readonly Tensor[], f: () => T): T {
    return this.overlay.outside(uses, () => {
      const before = setRecording(null);
      try {
        return withInterpreter(this.eager, f);
      } finally {
        setRecording(before);
      }
    });
  }

  onFailure(undo: () => void): void {
    this.undo.push(undo);
  }
}

/** Takes the place of a leaf that only gradients of results may reach. */
class Unreachable {
  private readonly stand: Tensor;

  constructor(stand: Tensor) {
    this.stand = stand;
  }

  get grad(): never {
    throw new GraphError({
      op: 'backward',
      problem:
        'the gradient leads out of the compiled function, to what was computed before the call',
      operands: [this.stand],
      remedy: 'call backward outside, on what the function returns; or pass x.detach()',
    });
  }
}
