/**
 * The interpreter in the slot once there is a placeholder: ops on symbolic tensors become nodes of a
 * graph, all others run eagerly as before.
 */
import {
  type DType,
  GradusError,
  GraphError,
  isFloat,
  type Shape,
  specOf,
} from '../../base/index.ts';
import {
  type Attrs,
  type Graph,
  type GraphValue,
  type Interpreter,
  inferAll,
  interpreter,
  type OpDef,
  type Operand,
  Recorder,
  setInterpreter,
  type Value,
} from '../../ir/index.ts';
import {
  abstractHandle,
  abstractTensor,
  gradMode,
  Node,
  setGradMode,
  Tensor,
} from '../../tensor/index.ts';
import { Tracing } from '../tracing.ts';
import { DETACH } from './detach.ts';
import { type Made, Provenance } from './provenance.ts';
import { Recogniser } from './recognise.ts';
import { openSizes } from './sizes.ts';
import { drawsRandom, MANY_PARTS, numbersIn, tapedAs, unrolled } from './special-ops.ts';

/** What a graph has as an input. */
export type Origin =
  | {
      readonly kind: 'placeholder';
      readonly name: string;
      readonly shape: readonly (number | string)[];
    }
  | { readonly kind: 'captured'; readonly tensor: Tensor };

/** Numbers its nodes and keeps none of them: they live as long as tensors that need them. */
class Forgetful extends Recorder {
  override apply(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    regions: readonly Graph[] = [],
  ): readonly GraphValue[] {
    const outs = super.apply(def, inputs, attrs, regions);
    this.nodes.length = 0;
    return outs;
  }
}

export class SymbolicTracer extends Tracing {
  override readonly symbolic = true;
  private readonly eager: Interpreter = interpreter();
  private readonly provenance = new Provenance();
  private readonly captured = new WeakMap<Tensor, Tensor>();
  private readonly origins = new WeakMap<GraphValue, Origin>();
  /** Values that a call of the graph could differentiate, and those values cut off. */
  private readonly flowing = new WeakSet<GraphValue>();
  private readonly cut = new WeakMap<GraphValue, Tensor>();
  /** While a composite makes its views, for which there is one node of the tape. */
  private parting = false;
  private sizes = new Recogniser(new Map());
  private sizedAttrs = new WeakMap<Attrs, boolean>();

  constructor(device: string) {
    super(device, new Forgetful(device));
  }

  /** What comes in under this name at each call. */
  placeholder(
    name: string,
    shape: readonly (number | string)[],
    sizes: Shape,
    dtype: DType,
  ): Tensor {
    this.sizes = new Recogniser(openSizes());
    this.sizedAttrs = new WeakMap();
    const spec = specOf(dtype, sizes, undefined, this.device);
    const t = this.input(spec, { kind: 'placeholder', name, shape });
    if (isFloat(dtype)) t.node = Node.leaf(spec, 0, null);
    if (t.node !== null) this.flowing.add(this.valueOf(t));
    return t;
  }

  originOf(value: GraphValue): Origin | undefined {
    return this.origins.get(value);
  }

  private input(spec: Tensor['spec'], origin: Origin): Tensor {
    const value = this.recorder.input(spec);
    this.origins.set(value, origin);
    return abstractTensor(value, spec, this);
  }

  owns(x: unknown): x is Tensor {
    return x instanceof Tensor && abstractHandle(x)?.owner === this;
  }

  valueOf(t: Tensor): GraphValue {
    return (abstractHandle(this.seen(t)) as { value: GraphValue }).value;
  }

  seen(t: Tensor): Tensor {
    if (!this.owns(t)) return this.outside(t);
    const value = (abstractHandle(t) as { value: GraphValue }).value;
    if (this.parting || !this.flowing.has(value) || (t.node !== null && gradMode())) return t;
    let cut = this.cut.get(value);
    if (cut === undefined) {
      const [made] = this.recorder.apply(DETACH, [value], null);
      cut = abstractTensor(made, t.spec, this);
      this.cut.set(value, cut);
    }
    return cut;
  }

  /** What stands for a tensor with elements: a parameter, what ops made of one, or a constant. */
  private outside(t: Tensor): Tensor {
    const known = this.captured.get(t);
    if (known !== undefined) {
      known.node = t.node;
      return known;
    }
    const from = this.provenance.of(t);
    let stand: Tensor;
    if (from === null) {
      this.refuseStandIn(t);
      const { dtype, shape, device } = t.spec;
      stand = this.input(specOf(dtype, shape, undefined, device), { kind: 'captured', tensor: t });
    } else {
      stand = this.rebuilt(from);
    }
    // Gradients go on along the tape that the tensor itself has.
    stand.node = t.node;
    if (t.node !== null) this.flowing.add((abstractHandle(stand) as { value: GraphValue }).value);
    this.captured.set(t, stand);
    return stand;
  }

  /** The ops that made it, on what stands for their operands; what gradients do is told by its node. */
  private rebuilt({ def, inputs, attrs, index }: Made): Tensor {
    const before = setGradMode(true);
    try {
      const xs = inputs.map((x) => (typeof x === 'number' ? x : this.outside(x as Tensor)));
      return this.add(def, xs, attrs, [])[index];
    } finally {
      setGradMode(before);
    }
  }

  /** A tensor whose size came from a stand-in holds elements for no call. */
  private refuseStandIn(t: Tensor): void {
    const size = t.shape.find((n) => this.sizes.isMultiple(n));
    if (size === undefined) return;
    const { text } = this.sizes.recognise(size) as { text: string };
    throw new GraphError({
      op: 'graph',
      problem: `a tensor of ${size} elements stands along the open size ${text}: it fits no call`,
      operands: [t],
      remedy: 'make it by an op (zeros, full, arange, ...), or pass it: another placeholder',
    });
  }

  // ---- Interpreter

  override apply1(def: OpDef, a: Value, attrs: Attrs | null): Value {
    if (this.owns(a) || this.sized(def, [], attrs)) return this.apply(def, [a], attrs)[0];
    const out = this.eager.apply1(def, a, attrs);
    this.provenance.note(def, [a], attrs, [out]);
    return out;
  }

  override apply2(def: OpDef, a: Operand, b: Operand, attrs: Attrs | null): Value {
    if (this.owns(a) || this.owns(b) || this.sized(def, [a, b], attrs)) {
      return this.apply(def, [a, b], attrs)[0];
    }
    const out = this.eager.apply2(def, a, b, attrs);
    this.provenance.note(def, [a, b], attrs, [out]);
    return out;
  }

  override apply(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    regions: readonly Graph[] = [],
  ): readonly Tensor[] {
    if (!inputs.some((x) => this.owns(x)) && !this.sized(def, inputs, attrs)) {
      const outs = this.eager.apply(def, inputs, attrs) as readonly Tensor[];
      this.provenance.note(def, inputs, attrs, outs);
      return outs;
    }
    try {
      return super.apply(def, inputs, attrs, regions);
    } catch (error) {
      throw this.named(error);
    }
  }

  update(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    cells: readonly Value[],
  ): void {
    if (![...inputs, ...cells].some((x) => this.owns(x)) && !this.sized(def, inputs, attrs)) {
      this.eager.update(def, inputs, attrs, cells);
      return;
    }
    throw new GraphError({
      op: 'assign',
      problem:
        'a cell cannot hold a symbolic value: it would be written once, and not at each call',
      operands: cells,
      remedy:
        'return the new value from the graph and assign it outside; layers that keep running ' +
        'statistics build a graph after net.eval(); or write the step as a function and compile() it',
    });
  }

  protected override add(
    def: OpDef,
    operands: readonly (Tensor | number)[],
    attrs: Attrs | null,
    regions: readonly Graph[],
  ): readonly Tensor[] {
    const outs = super.add(def, operands, attrs, regions);
    const flows =
      def.differentiable &&
      operands.some((x) => typeof x !== 'number' && this.flowing.has(this.valueOf(x)));
    for (const t of outs) if (flows && isFloat(t.dtype)) this.flowing.add(handleValue(t));
    return outs;
  }

  protected override views(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    wanted: boolean,
  ): readonly Tensor[] {
    this.refuseUnrolled(def, inputs, attrs);
    this.parting = true;
    try {
      return super.views(def, inputs, attrs, wanted);
    } finally {
      this.parting = false;
    }
  }

  /** Parts along an open size: there would be as many as the stand-in has. */
  private refuseUnrolled(def: OpDef, [x]: readonly Operand[], attrs: Attrs | null): void {
    const { dim } = attrs as unknown as { readonly dim?: number };
    const size = dim === undefined ? 0 : (x as Tensor).shape[dim];
    if (!this.sizes.isMultiple(size)) return;
    const n = inferAll(def, [x as Tensor], attrs).length;
    if (n > MANY_PARTS) throw this.named(unrolled(def.name, size));
  }

  protected override taped(def: OpDef): OpDef {
    return tapedAs(def);
  }

  /** Whether attributes or numbers among the operands came from an open size. */
  private sized(def: OpDef, inputs: readonly Operand[], attrs: Attrs | null): boolean {
    // Words of random states are no sizes.
    if (!drawsRandom(def, attrs)) {
      for (const x of inputs) if (typeof x === 'number' && this.sizes.isMultiple(x)) return true;
    }
    if (attrs === null) return false;
    let has = this.sizedAttrs.get(attrs);
    if (has === undefined) {
      has = numbersIn(attrs).some((n) => this.sizes.isMultiple(n));
      this.sizedAttrs.set(attrs, has);
    }
    return has;
  }

  /** Tells whose stand-ins the numbers in the message are. */
  private named(error: unknown): unknown {
    if (!(error instanceof GradusError) || error instanceof GraphError) return error;
    const seen = [...openSizes()].filter(([, n]) => error.message.includes(String(n)));
    if (seen.length > 0 && !error.message.includes('stands for')) {
      error.addContext(seen.map(([name, n]) => `${n} stands for the open size ${name}`).join(', '));
    }
    return error;
  }
}

const handleValue = (t: Tensor): GraphValue => (abstractHandle(t) as { value: GraphValue }).value;

let tracer: SymbolicTracer | null = null;

/** The one that builds graphs; the first call puts it into the slot. */
export function symbolicTracer(device: string): SymbolicTracer {
  if (tracer === null) {
    tracer = new SymbolicTracer(device);
    setInterpreter(tracer);
  }
  return tracer;
}

export const builder = (): SymbolicTracer | null => tracer;
