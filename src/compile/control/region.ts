/**
 * The recording of a branch or a loop's body: a graph of its own, which sees only its own inputs. What
 * the function uses of the outside has a stand-in here and becomes an operand of the node.
 */
import {
  type DType,
  GraphError,
  isFloat,
  type Shape,
  type Spec,
  specOf,
  WEAK_INT,
} from '../../base/index.ts';
import {
  type Attrs,
  type Graph,
  type GraphValue,
  type OpDef,
  type Operand,
  type Value,
  withInterpreter,
} from '../../ir/index.ts';
import {
  abstractHandle,
  abstractTensor,
  gradMode,
  Node,
  type Place,
  setGradMode,
  setRecording,
  Tensor,
} from '../../tensor/index.ts';
import type { Source } from '../bindings.ts';
import { dce } from '../passes/dce.ts';
import { cut } from '../rebuild.ts';
import { Tracer } from '../tracer.ts';

/** Something of the outside that a region uses. */
export interface Capture {
  /** What it is outside. */
  readonly outer: Tensor;
  /** What stands for it in the region. */
  readonly stand: Tensor;
}

/** A word of random state that a region takes as an input. */
export interface Word {
  /** As {@link ScanAttrs.words} counts. */
  readonly code: number;
  readonly stand: Tensor;
}

export class RegionTracer extends Tracer {
  /** By what the function itself used: a cell, a tensor of the outside, a constant. */
  readonly captures = new Map<Tensor, Capture>();
  readonly drawn: Word[] = [];
  private readonly parent: Tracer;
  private readonly op: string;
  private readonly mayDraw: boolean;

  /** Records a function that `op` was given within what `parent` records. */
  constructor(op: string, parent: Tracer, mayDraw: boolean) {
    super(parent.device);
    this.op = op;
    this.parent = parent;
    this.mayDraw = mayDraw;
  }

  /** Runs `f` on this region; may be called again, to add what its gradients are. */
  run<T>(f: () => T): T {
    const before = setRecording(this);
    const mode = gradMode();
    try {
      return withInterpreter(this, f);
    } finally {
      setRecording(before);
      setGradMode(mode);
    }
  }

  /** An input of the region; gradients may lead to it, if it holds floats. */
  take(like: Spec): Tensor {
    const { dtype, shape, weak } = like;
    const spec = weak === undefined ? specOf(dtype, shape, undefined, this.device) : like;
    const made = abstractTensor(this.recorder.input(spec), spec, this);
    if (weak === undefined && isFloat(dtype)) made.node = Node.leaf(spec, 0, made);
    return made;
  }

  takeType(dtype: DType, shape: Shape): Tensor {
    return this.take(specOf(dtype, shape, undefined, this.device));
  }

  /** What gives `outputs` from `inputs`, captures and words: what is needed of them, and the graph. */
  graph(
    name: string,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
  ): { uses(stand: Tensor): boolean; graph(inputs: readonly Tensor[]): Graph } {
    const nodes = [...this.recorder.nodes];
    const outs = outputs.map((t) => this.valueOf(t));
    const all = [...inputs, ...[...this.captures.values(), ...this.drawn].map((c) => c.stand)];
    const whole = { name, inputs: all.map((t) => this.valueOf(t)), nodes, outputs: outs };
    const live = dce(whole);
    const used = new Set<GraphValue | number>(live.nodes.flatMap((n) => n.inputs));
    for (const v of outs) used.add(v);
    return {
      uses: (stand) => used.has(this.valueOf(stand)),
      graph: (chosen) =>
        cut(
          name,
          chosen.map((t) => this.valueOf(t)),
          live.nodes,
          outs,
        ),
    };
  }

  // ---- what comes in

  override seen(t: Tensor): Tensor {
    const handle = abstractHandle(t);
    if (handle !== null && handle.owner === this && !t.cell) return t;
    let capture = this.captures.get(t);
    if (capture === undefined) {
      const outer = heldBy(this.parent, t);
      const stand = this.take(outer.spec);
      if (outer.node === null) stand.node = null;
      capture = { outer, stand };
      this.captures.set(t, capture);
    }
    return capture.stand;
  }

  protected override words(source: (word: 0 | 1) => Source): Tensor[] {
    return ([0, 1] as const).map((word) => {
      const from = source(word);
      const code = from.kind === 'counter' ? 2 * from.call + word : -1 - word;
      const before = this.drawn.find((w) => w.code === code);
      if (before !== undefined) return before.stand;
      const stand = this.take(WEAK_INT);
      this.drawn.push({ code, stand });
      return stand;
    });
  }

  override reserve(count: number): ReturnType<Tracer['reserve']> {
    if (!this.mayDraw) {
      this.refuse(
        this.op,
        'random numbers are drawn in it, and how many would depend on values',
        'draw them outside, and give them to it',
      );
    }
    return super.reserve(count);
  }

  // ---- what it may not do

  override update(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    cells: readonly Value[],
  ): void {
    if (cells.some((c) => (c as Tensor).cell)) {
      throw this.writes('a parameter or buffer is assigned in it');
    }
    super.update(def, inputs, attrs, cells);
  }

  override gradient(_: Tensor): Tensor | null {
    throw this.writes('the .grad of a tensor is read or written in it');
  }

  override setGradient(): void {
    throw this.writes('the .grad of a tensor is written in it');
  }

  override spend(): void {}

  private writes(problem: string): GraphError {
    return new GraphError({
      op: this.op,
      problem: `${problem}: that would happen outside the function that it was given`,
      remedy:
        'return the new value and assign it after; for gradients within, use grad(f) or vjp(f, x)',
    });
  }

  // ---- what concerns the whole recording

  override watch(owner: object, what: string, read: () => unknown): void {
    this.parent.watch(owner, what, read);
  }

  override settle(owner: object, what: string): void {
    this.parent.settle(owner, what);
  }

  override watchPlaces(owner: object, name: string, places: readonly Place[]): void {
    this.parent.watchPlaces(owner, name, places);
  }

  override outside<T>(uses: readonly Tensor[], f: () => T): T {
    return this.parent.outside(uses, f);
  }

  override onFailure(undo: () => void): void {
    this.parent.onFailure(undo);
  }
}

/** The tensor as an operand of a node that `tracer` records: of a cell, the value it has now. */
export function heldBy(tracer: Tracer, t: Tensor): Tensor {
  const seen = tracer.seen(t);
  return seen.cell ? new Tensor(seen.storage, seen.offset, seen.spec, seen.node) : seen;
}
