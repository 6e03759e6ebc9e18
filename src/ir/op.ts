/** What the system knows of an op. Each op is one file in `ops/` that makes one OpDef. */
import type { DType, Type } from '../base/index.ts';
import type { Graph } from './graph.ts';
import type { Lowering } from './lowering.ts';
import type { NdArray } from './nd-array.ts';
import type { Operand, Value } from './value.ts';

/** Interned attributes: equal attributes are one object, so the dispatcher compares pointers. */
export interface Attrs {
  readonly attrId: number;
}

/** What a gradient sees of the node it differentiates; the tape's nodes implement it. */
export interface GradContext<A> {
  readonly attrs: A;
  /** Operand `i`, if `saves` keeps it; numbers are given as they were. */
  input(i: number): Operand;
  /** Output `i`, if `saves` keeps it. */
  output(i: number): Value;
  /** Shape and dtype of operand `i`, always known. */
  inputType(i: number): Type;
  /** Whether operand `i` wants a gradient; work for others may be skipped. */
  needs(i: number): boolean;
  /** Gives operand `i` a gradient that this function has just made. */
  give(i: number, gradient: Value): void;
  /** Gives operand `i` a gradient that others hold too, such as the incoming one or its view. */
  alias(i: number, gradient: Value): void;
}

/** Bits for `saves`: which operands and outputs the gradient reads. */
export const SAVE = {
  none: 0,
  in0: 1,
  in1: 2,
  in2: 4,
  in3: 8,
  inputs: 0xffff,
  out0: 1 << 16,
  out1: 1 << 17,
  out2: 1 << 18,
} as const;

/** Runs a subgraph of a node. */
export type Region = (inputs: readonly NdArray[]) => NdArray[];

// The registry holds ops of all attributes; each op's own file is checked against its own.
// oxlint-disable-next-line typescript/no-explicit-any
export interface OpDef<A extends Attrs | null = any> {
  readonly name: string;
  /** The operator's name in ONNX, if it has one. */
  readonly onnx?: string;
  /** Shape and dtype rule: one Type, or one for each output. Throws ShapeError, DtypeError, ... */
  infer(inputs: readonly Type[], attrs: A, regions: readonly Graph[]): Type | readonly Type[];
  /**
   * The dtype each operand is converted to before the op computes. Left out: each keeps its own.
   */
  operands?(inputs: readonly Type[], outputs: readonly Type[], attrs: A): readonly DType[];
  /**
   * The meaning, in float64 (int64 in BigInt), on operands already converted. `regions` run the
   * node's subgraphs.
   */
  reference?(
    inputs: readonly NdArray[],
    attrs: A,
    outputs: readonly Type[],
    regions: readonly Region[],
  ): NdArray | NdArray[];
  /** Primitives: how a kernel computes it. */
  readonly lower?: Lowering<A>;
  /** Composites: the same, written in other ops. */
  decompose?(inputs: readonly Operand[], attrs: A): Value | readonly Value[];
  /**
   * Composites that cut their operand into views: run op by op, as a kernel would copy, and still
   * one node of the tape, whose gradient puts the parts together in one pass.
   */
  readonly views?: boolean;
  /** Which operands and outputs `gradient` reads, as SAVE bits. */
  readonly saves?: number;
  /**
   * Gives each operand its gradient from `g`, that of output 0; `all` holds those of every output
   * (zeros where one had none). Left out: a composite is differentiated through its
   * decomposition, a primitive is constant.
   */
  gradient?(ctx: GradContext<A>, g: Value, all: readonly Value[]): void;
  /** Numbered by {@link defineOp}. */
  readonly id: number;
  /** Whether results may carry gradients at all (float outputs of differentiable ops). */
  readonly differentiable: boolean;
}

let nextId = 1;
const registry = new Map<string, OpDef>();

/** Makes an op known under its name. Exactly one of `lower` and `decompose` is given. */
export function defineOp<A extends Attrs | null = null>(
  def: Omit<OpDef<A>, 'id' | 'differentiable'>,
): OpDef<A> {
  if (registry.has(def.name)) throw new Error(`op ${def.name} is defined twice`);
  if ((def.lower === undefined) === (def.decompose === undefined)) {
    throw new Error(`op ${def.name} needs either lower or decompose`);
  }
  const op: OpDef<A> = {
    // Every field set, in one order: the dispatcher stays monomorphic.
    name: def.name,
    onnx: def.onnx,
    infer: def.infer,
    operands: def.operands,
    reference: def.reference,
    lower: def.lower,
    decompose: def.decompose,
    views: def.views ?? false,
    saves: def.saves ?? SAVE.none,
    gradient: def.gradient,
    id: nextId++,
    differentiable: def.gradient !== undefined || def.decompose !== undefined,
  };
  registry.set(def.name, op);
  return op;
}

/** Every op defined so far, by name. */
export const ops: ReadonlyMap<string, OpDef> = registry;

const interned = new Map<string, Attrs>();
let nextAttrId = 1;

/** The one object for these attributes. Values must be JSON: numbers, strings, arrays, booleans. */
export function attrs<T extends object>(record: T): Readonly<T> & Attrs {
  const key = keyOf(record);
  let a = interned.get(key);
  if (a === undefined) {
    if (interned.size >= 1 << 16) interned.clear();
    a = Object.freeze({ ...(owned(record) as T), attrId: nextAttrId++ });
    interned.set(key, a);
  }
  return a as Readonly<T> & Attrs;
}

/** A frozen copy, arrays within included: the caller may go on to write its own. */
function owned(v: unknown): unknown {
  if (Array.isArray(v)) return Object.freeze(v.map(owned));
  if (typeof v !== 'object' || v === null) return v;
  return Object.fromEntries(Object.entries(v).map(([key, x]) => [key, owned(x)]));
}

/** The same text for equal values alone. JSON knows neither -0 nor infinities, and takes longer. */
function keyOf(v: unknown): string {
  if (typeof v === 'number') return Object.is(v, -0) ? '-0' : `${v}`;
  if (typeof v === 'string') return JSON.stringify(v);
  if (typeof v !== 'object' || v === null) return `${v as boolean | null | undefined}`;
  let key = '';
  if (Array.isArray(v)) {
    for (const x of v) key += `${keyOf(x)},`;
    return `[${key}]`;
  }
  for (const [name, x] of Object.entries(v)) if (x !== undefined) key += `${name}:${keyOf(x)},`;
  return `{${key}}`;
}
