/** Op graphs, and the recorder that makes one by running a function on abstract values. */
import type { DType, Shape, Type } from '../base/index.ts';
import { WEAK_FLOAT, WEAK_INT } from '../base/index.ts';
import { type Interpreter, withInterpreter } from './apply.ts';
import type { Attrs, OpDef } from './op.ts';
import type { Operand, Value } from './value.ts';

/** A value in a graph: a graph input (`node` null) or output `index` of a node. */
export class GraphValue implements Value {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly device: string;
  /** A run-time scalar: a number that the caller passes at each run. */
  readonly weak: 'int' | 'float' | undefined;
  readonly node: GraphNode | null;
  readonly index: number;

  constructor(id: number, type: Type, device: string, node: GraphNode | null, index: number) {
    this.id = id;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.device = device;
    this.weak = type.weak;
    this.node = node;
    this.index = index;
  }
}

/** Where the user asked for an op. */
export interface Origin {
  /** The op as it was asked for, of which this may be a part. */
  readonly op?: string | undefined;
  /** `file:line:column` of the user's own code. */
  readonly line?: string | undefined;
  /** Path of the module whose forward was running, such as `net.layers.2.conv`. */
  readonly module?: string | undefined;
}

/** An application of an op. Numbers among the inputs are constants of the graph. */
export interface GraphNode {
  readonly def: OpDef;
  readonly inputs: readonly (GraphValue | number)[];
  readonly attrs: Attrs | null;
  /** Graphs that the op runs as parts of itself (a loop's body); they see only their own inputs. */
  readonly regions: readonly Graph[];
  readonly outputs: readonly GraphValue[];
  readonly origin?: Origin | undefined;
}

/** Nodes in an order in which they can run. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly GraphValue[];
}

/** The Type of an operand; a number is weak, an integer one if it is whole. */
export const typeOf = (x: Operand): Type =>
  typeof x === 'number' ? (Number.isInteger(x) ? WEAK_INT : WEAK_FLOAT) : x;

/** Output Types of an op as an array. */
export function inferAll(
  def: OpDef,
  inputs: readonly Type[],
  attrs: Attrs | null,
  regions: readonly Graph[] = [],
): readonly Type[] {
  const t = def.infer(inputs, attrs, regions);
  return Array.isArray(t) ? t : [t as Type];
}

/** Appends a node for every op applied while it holds the interpreter slot. */
export class Recorder implements Interpreter {
  readonly nodes: GraphNode[] = [];
  /** Of the nodes that are made now. */
  origin: Origin | undefined = undefined;
  private nextId = 0;
  private readonly device: string;

  constructor(device: string) {
    this.device = device;
  }

  input(type: Type): GraphValue {
    return new GraphValue(this.nextId++, type, this.device, null, 0);
  }

  apply(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    regions: readonly Graph[] = [],
  ): readonly GraphValue[] {
    const outputs: GraphValue[] = [];
    const node: GraphNode = {
      def,
      inputs: inputs as readonly (GraphValue | number)[],
      attrs,
      regions,
      outputs,
      origin: this.origin,
    };
    for (const t of inferAll(def, inputs.map(typeOf), attrs, regions)) {
      outputs.push(new GraphValue(this.nextId++, t, this.device, node, outputs.length));
    }
    this.nodes.push(node);
    return outputs;
  }

  apply1(def: OpDef, a: Value, attrs: Attrs | null): Value {
    return this.apply(def, [a], attrs)[0];
  }

  apply2(def: OpDef, a: Operand, b: Operand, attrs: Attrs | null): Value {
    return this.apply(def, [a, b], attrs)[0];
  }

  update(def: OpDef): void {
    throw new Error(`${def.name}: a cell cannot be written inside a decomposition`);
  }
}

/** The graph of `f` on inputs of these types. */
export function record(
  name: string,
  f: (...xs: Value[]) => Value | readonly Value[],
  inputs: readonly Type[],
  device: string,
): Graph {
  const recorder = new Recorder(device);
  const values = inputs.map((t) => recorder.input(t));
  const out = withInterpreter(recorder, () => f(...values));
  const outputs = (Array.isArray(out) ? out : [out]) as GraphValue[];
  return { name, inputs: values, nodes: recorder.nodes, outputs };
}

/** The graph of one op applied to operands of these types, composites expanded to primitives. */
export function graphOf(
  def: OpDef,
  inputs: readonly Type[],
  attrs: Attrs | null,
  device: string,
): Graph {
  const recorder = new Recorder(device);
  const values = inputs.map((t) => recorder.input(t));
  const outputs = expandInto(recorder, def, values, attrs);
  return { name: def.name, inputs: values, nodes: recorder.nodes, outputs };
}

/** Applies an op in a recorder, a composite as the primitives that it consists of. */
export function expandInto(
  recorder: Recorder,
  def: OpDef,
  inputs: readonly Operand[],
  attrs: Attrs | null,
  regions: readonly Graph[] = [],
): readonly GraphValue[] {
  if (def.decompose === undefined) return recorder.apply(def, inputs, attrs, regions);
  const inner: Interpreter = {
    apply: (d, xs, at) => expandInto(recorder, d, xs, at),
    apply1: (d, a, at) => expandInto(recorder, d, [a], at)[0],
    apply2: (d, a, b, at) => expandInto(recorder, d, [a, b], at)[0],
    update: (d) => recorder.update(d),
  };
  const out = withInterpreter(inner, () => def.decompose?.(inputs, attrs) as Value | Value[]);
  return (Array.isArray(out) ? out : [out]) as GraphValue[];
}
