/** Nodes of the tape. A node points to nodes, not to tensors, so it keeps only what it saved. */
import { GraphError, type Spec, type Type } from '../base/index.ts';
import type { Attrs, GradContext, OpDef, Operand, Value } from '../ir/index.ts';
import { accumulate } from './accumulate.ts';
import { LEAF_NAME, OUTPUT_NAME } from './node-names.ts';
import type { Tensor } from './tensor.ts';

/** What a leaf or an alias that starts a transform has in place of an op. */
export const LEAF = { name: LEAF_NAME, saves: 0 } as unknown as OpDef;
/** Joins one output of a many-output node to it. */
export const OUTPUT = { name: OUTPUT_NAME, saves: 0 } as unknown as OpDef;

let sequence = 0;
export const nextSequence = (): number => ++sequence;
export const lastSequence = (): number => sequence;

/**
 * One application of an op whose result wants a gradient. Fields are set once in the constructor,
 * in one order, for every kind of node.
 */
export class Node implements GradContext<Attrs | null> {
  op: OpDef;
  readonly seq: number;
  readonly attrs: Attrs | null;
  /** The nodes of operands 0 and 1, or null where no gradient is wanted. */
  edge0: Node | null;
  edge1: Node | null;
  /** The nodes of operands 2 and on. */
  edges: (Node | null)[] | null = null;
  saved0: Operand | null;
  saved1: Operand | null;
  saved: (Operand | null)[] | null = null;
  savedOut: Value | null;
  /** With many outputs: those that are saved. */
  savedOuts: readonly (Value | null)[] | null = null;
  /** With many outputs: the spec of each. */
  outSpecs: readonly Spec[] | null = null;
  /** Storage versions of operands 2 and on, when they were saved. */
  versions: readonly number[] | null = null;
  readonly type0: Type;
  readonly type1: Type | null;
  types: readonly Type[] | null = null;
  version0: number;
  version1: number;
  /** The gradient gathered so far, and whether its buffer belongs to this gathering alone. */
  grad: Tensor | null = null;
  owned = false;
  /** For many outputs: the gradient of each. */
  grads: (Tensor | null)[] | null = null;
  /** OUTPUT nodes: which output of `edge0` this is. LEAF nodes: the tensor. */
  readonly which: number;
  leaf: Tensor | null = null;
  released = false;
  /** Under detectAnomaly: the user's line. */
  line: string | undefined = undefined;

  constructor(
    op: OpDef,
    seq: number,
    attrs: Attrs | null,
    edge0: Node | null,
    edge1: Node | null,
    saved0: Operand | null,
    saved1: Operand | null,
    savedOut: Value | null,
    type0: Type,
    type1: Type | null,
    version0: number,
    version1: number,
    which: number,
  ) {
    this.op = op;
    this.seq = seq;
    this.attrs = attrs;
    this.edge0 = edge0;
    this.edge1 = edge1;
    this.saved0 = saved0;
    this.saved1 = saved1;
    this.savedOut = savedOut;
    this.type0 = type0;
    this.type1 = type1;
    this.version0 = version0;
    this.version1 = version1;
    this.which = which;
  }

  /** The node of a leaf: `backward` adds into the `.grad` of `tensor`, if there is one. */
  static leaf(type: Type, seq: number, tensor: Tensor | null): Node {
    const n = new Node(LEAF, seq, null, null, null, null, null, null, type, null, 0, 0, 0);
    n.leaf = tensor;
    return n;
  }

  /** The node of output `which` of `whole`. */
  static output(whole: Node, which: number, type: Type): Node {
    const seq = nextSequence();
    return new Node(OUTPUT, seq, null, whole, null, null, null, null, type, null, 0, 0, which);
  }

  input(i: number): Operand {
    const x = i === 0 ? this.saved0 : i === 1 ? this.saved1 : (this.saved?.[i - 2] ?? null);
    if (x === null) throw new Error(`${this.op.name}: operand ${i} was not saved (see its saves)`);
    if (typeof x !== 'number') {
      const then =
        i === 0 ? this.version0 : i === 1 ? this.version1 : (this.versions?.[i - 2] ?? 0);
      if ((x as Tensor).storage.version !== then) this.stale(i);
    }
    return x;
  }

  output(i: number): Value {
    const o = this.savedOuts === null ? this.savedOut : this.savedOuts[i];
    if (o === null) throw new Error(`${this.op.name}: output ${i} was not saved (see its saves)`);
    return o;
  }

  inputType(i: number): Type {
    return i === 0 ? this.type0 : i === 1 ? (this.type1 as Type) : (this.types as Type[])[i - 2];
  }

  edge(i: number): Node | null {
    return i === 0 ? this.edge0 : i === 1 ? this.edge1 : (this.edges?.[i - 2] ?? null);
  }

  needs(i: number): boolean {
    return this.edge(i) !== null;
  }

  give(i: number, gradient: Value): void {
    const e = this.edge(i);
    if (e !== null) accumulate(e, gradient as Tensor, true);
  }

  alias(i: number, gradient: Value): void {
    const e = this.edge(i);
    if (e !== null) accumulate(e, gradient as Tensor, false);
  }

  /** Lets go of everything a backward has used; a second backward through here throws. */
  release(): void {
    this.edge0 = null;
    this.edge1 = null;
    this.edges = null;
    this.saved0 = null;
    this.saved1 = null;
    this.saved = null;
    this.savedOut = null;
    this.savedOuts = null;
    this.released = true;
  }

  private stale(i: number): never {
    throw new GraphError({
      op: this.op.name,
      problem: `operand ${i}, saved for backward, was assigned a new value since`,
      operands: [this.inputType(i)],
      remedy: 'call backward before the optimiser step, or use a copy of the value',
    });
  }
}
