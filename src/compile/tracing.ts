/**
 * What records: an interpreter that adds a node to a graph for each op, gives abstract tensors, and
 * makes the tape nodes that eager mode would make. Whose graph it is, and what comes in from
 * outside, is told by those who extend it.
 */
import { isFloat, runningModule, specOf, userFrame } from '../base/index.ts';
import {
  type Attrs,
  type Graph,
  type GraphValue,
  type Interpreter,
  inferAll,
  type OpDef,
  type Operand,
  type Origin,
  Recorder,
  type Value,
} from '../ir/index.ts';
import {
  type AbstractOwner,
  abstractTensor,
  gradMode,
  recordNode,
  setGradMode,
  specOfOperand,
  Tensor,
  weakSpec,
} from '../tensor/index.ts';

export abstract class Tracing implements Interpreter, AbstractOwner {
  readonly symbolic: boolean = false;
  readonly recorder: Recorder;
  readonly device: string;

  constructor(device: string, recorder: Recorder = new Recorder(device)) {
    this.device = device;
    this.recorder = recorder;
  }

  /** The tensor itself, or what stands for it here. */
  abstract seen(t: Tensor): Tensor;

  /** The graph's value of a tensor, which is made an input if it comes from outside. */
  abstract valueOf(t: Tensor): GraphValue;

  abstract update(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    cells: readonly Value[],
  ): void;

  apply1(def: OpDef, a: Value, attrs: Attrs | null): Value {
    return this.apply(def, [a], attrs)[0];
  }

  apply2(def: OpDef, a: Operand, b: Operand, attrs: Attrs | null): Value {
    return this.apply(def, [a, b], attrs)[0];
  }

  apply(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    regions: readonly Graph[] = [],
  ): readonly Tensor[] {
    const types = typesOf(def, inputs);
    const operands = inputs.map((x) => (typeof x === 'number' ? x : this.seen(x as Tensor)));
    const outs = inferAll(def, types, attrs, regions);
    const wanted =
      def.differentiable &&
      gradMode() &&
      outs.some((t) => isFloat(t.dtype)) &&
      operands.some((x) => typeof x !== 'number' && x.node !== null);
    const taped = wanted ? this.taped(def) : def;
    if (wanted && taped.gradient === undefined && def.decompose !== undefined) {
      return this.inline(def, operands, attrs);
    }
    if (def.views === true) return this.views(def, operands, attrs, wanted);
    const tensors = this.add(def, operands, attrs, regions);
    if (wanted) recordNode(taped, operands, attrs, tensors);
    return tensors;
  }

  /** The op as the tape sees it; a composite without a gradient is taken apart. */
  protected taped(def: OpDef): OpDef {
    return def;
  }

  /** Adds a node. */
  protected add(
    def: OpDef,
    operands: readonly (Tensor | number)[],
    attrs: Attrs | null,
    regions: readonly Graph[],
  ): readonly Tensor[] {
    this.recorder.origin = replayed ?? origin(def.name);
    const values = operands.map((x) => (typeof x === 'number' ? x : this.valueOf(x)));
    const made = this.recorder.apply(def, values, attrs, regions);
    return made.map((v) =>
      abstractTensor(v, specOf(v.dtype, v.shape, undefined, this.device), this),
    );
  }

  private inline(def: OpDef, inputs: readonly Operand[], attrs: Attrs | null): readonly Tensor[] {
    const out = def.decompose?.(inputs, attrs) as Tensor | readonly Tensor[];
    return Array.isArray(out) ? out : [out as Tensor];
  }

  protected views(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    wanted: boolean,
  ): readonly Tensor[] {
    const before = setGradMode(false);
    try {
      const outs = this.inline(def, inputs, attrs);
      if (wanted) recordNode(def, inputs, attrs, outs);
      return outs;
    } finally {
      setGradMode(before);
    }
  }
}

/** Types of operands as eager mode sees them. */
function typesOf(def: OpDef, inputs: readonly Operand[]) {
  if (inputs.length === 2) {
    const [a, b] = inputs;
    if (typeof a === 'number' && b instanceof Tensor) {
      return [weakSpec(def, a, b), specOfOperand(def, b, 1, false)];
    }
    if (typeof b === 'number' && a instanceof Tensor) {
      return [specOfOperand(def, a, 0, false), weakSpec(def, b, a)];
    }
  }
  const floats = inputs.some((x) => x instanceof Tensor && isFloat(x.dtype));
  return inputs.map((x, i) => specOfOperand(def, x, i, floats));
}

/** Of nodes that are recorded again; null while the user's own code is recorded. */
let replayed: Origin | null = null;

/** Runs `f`, whose nodes keep an origin that they had before. */
export function withOrigin<T>(origin: Origin | undefined, f: () => T): T {
  const before = replayed;
  replayed = origin ?? null;
  try {
    return f();
  } finally {
    replayed = before;
  }
}

function origin(op: string): Origin {
  const module = runningModule();
  return { op, line: userLine(), module: module === '' ? undefined : module };
}

/** Frames to look at first: writing them down is what costs. */
const FEW = 12;

function userLine(): string | undefined {
  const limit = Error.stackTraceLimit;
  try {
    for (const frames of [FEW, 60]) {
      Error.stackTraceLimit = frames;
      const line = userFrame(new Error().stack ?? '');
      if (line !== undefined) return line;
    }
    return undefined;
  } finally {
    Error.stackTraceLimit = limit;
  }
}
