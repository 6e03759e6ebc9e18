/** graph(): what was built from placeholders, callable. */
import { checkOptions, compileWanted, GraphError, given, ShapeError } from '../../base/index.ts';
import { full, type GraphValue } from '../../ir/index.ts';
import {
  anomalyMode,
  device,
  enableGrad,
  gradMode,
  isSymbolic,
  noGrad,
  recording,
  Tensor,
  vjp,
} from '../../tensor/index.ts';
import { compileEnabled } from '../enabled.ts';
import type { Pass } from '../passes/index.ts';
import { Program } from '../program.ts';
import { recordFunction } from '../record.ts';
import { flatten } from '../tree.ts';
import { sizesOf } from './check-call.ts';
import { type Collected, collect } from './collect.ts';
import { capturedOf, inputsOf, labels, placeOf, STAND_INS } from './graph-inputs.ts';
import { OpGraph } from './op-graph.ts';
import { replay } from './replay.ts';
import { applyPasses, checkPasses, type Rule } from './rewrite.ts';
import { builder } from './tracer.ts';

type Result<O> = O extends readonly unknown[] ? Tensor[] : Tensor;

/** A graph that is called as a function, and can be looked at and changed. */
export type GraphFunction<R = Tensor | Tensor[]> = SymbolicGraph<R> & ((...inputs: Tensor[]) => R);

export interface GraphOptions {
  /** What errors and pictures call it; `graph` unless given. */
  readonly name?: string;
}

/** Programs that are kept; the one used longest ago is forgotten first. */
const KEPT = 64;

interface Parts {
  readonly name: string;
  readonly collected: Collected;
  readonly placeholders: readonly Tensor[];
  /** Whether a call gives one tensor, and not a list. */
  readonly single: boolean;
  /** Whether results of calls may require gradients. */
  readonly open: boolean;
}

/** What {@link graph} gives. */
export class SymbolicGraph<R> extends OpGraph {
  private readonly parts: Parts;
  private readonly held: Map<string, Program[]>;

  /** @internal Made by `graph`. */
  constructor(parts: Parts) {
    super(parts.collected.graph, labels(parts.collected.origins), parts.collected.sizes);
    this.parts = parts;
    this.held = new Map();
  }

  /** How many programs there are: one for each combination of open sizes and gradient modes. */
  get programs(): number {
    return [...this.held.values()].reduce((n, list) => n + list.length, 0);
  }

  /**
   * The gradients of a one-element output with respect to placeholders and parameters, as a graph of
   * the same inputs: one tensor for a tensor, a list for a list.
   *
   * Throws GraphError for a tensor that the graph does not have, ShapeError for an output of more
   * elements than one.
   *
   * @example
   * const loss = graph([x, y], nn.mseLoss(x.matmul(w), y));
   * const g = loss.grad(w);
   * w.assign(w.sub(g(images, labels).mul(0.1)));
   */
  grad<const W extends Tensor | readonly Tensor[]>(
    wrt: W,
    options: { readonly output?: number } = {},
  ): GraphFunction<Result<W>> {
    const { collected, placeholders, name } = this.parts;
    const op = `${name}.grad`;
    refuseRecording(op);
    checkOptions(op, options, ['output']);
    const { output = 0 } = options;
    const target = this.outputs[output];
    if (target === undefined || target.shape.some((n) => n !== 1)) {
      throw new ShapeError({
        op,
        problem:
          target === undefined
            ? `there is no output ${output}`
            : `output ${output} is [${target.shape.join(', ')}]: gradients are those of one element`,
        remedy: 'reduce it with sum() or mean(), or choose another: grad(wrt, { output: 1 })',
      });
    }
    const list = (Array.isArray(wrt) ? wrt : [wrt]) as readonly Tensor[];
    const inputs = inputsOf(collected, placeholders);
    const places = list.map((t, i) => placeOf(op, inputs, t, i));
    const gradients = enableGrad(() => {
      const f = (...xs: Tensor[]): Tensor => {
        const own = inputs.map((t, i) => xs[places.indexOf(i)] ?? t);
        return replay(collected, own, STAND_INS)[output];
      };
      const [y, pull] = vjp(f, ...list);
      return pull(full(y.shape, 1, y.dtype, y.device) as Tensor);
    });
    return build(op, placeholders, gradients, !Array.isArray(wrt), false) as GraphFunction<
      Result<W>
    >;
  }

  /**
   * A graph changed by rules and passes, in this order; neighbouring rules are tried together until
   * none fits. This one stays as it is.
   *
   * Throws GraphError, naming the rule or pass, if types change or what it gives is no graph, and
   * ValueError for a rule that matches an op that does not exist.
   *
   * @example
   * const g = f.rewrite([{ name: 'twice', match: 'mul', replace: (_, [x, y], ops) =>
   *   y === 2 ? ops.add(x, x) : undefined }]);
   */
  rewrite(list: readonly (Rule | Pass)[]): GraphFunction<R> {
    const { parts } = this;
    checkPasses(`${parts.name}.rewrite`, list);
    const changed = applyPasses(parts.collected.graph, list, (text) => this.named(text));
    return callable({ ...parts, collected: { ...parts.collected, graph: changed } });
  }

  /** @internal */
  run(args: readonly Tensor[]): R {
    const { name, collected, open } = this.parts;
    const inputs = this.inputs.flatMap((x, i) => {
      const origin = collected.origins[i];
      return origin.kind === 'placeholder' ? [{ ...origin, dtype: x.dtype }] : [];
    });
    const sizes = sizesOf(name, inputs, args);
    const outs = open ? this.results(args, sizes) : noGrad(() => this.results(args, sizes));
    return (this.parts.single ? outs[0] : outs) as R;
  }

  private results(args: readonly Tensor[], sizes: ReadonlyMap<string, number>): Tensor[] {
    const { collected, name } = this.parts;
    const rest = capturedOf(collected);
    const body = (...xs: Tensor[]): Tensor[] => replay(collected, [...xs, ...rest], sizes);
    const whole = compileEnabled() && compileWanted() && !anomalyMode();
    // Within a recording, or another graph, it is part of that.
    if (!whole || recording() !== null || args.some(isSymbolic)) return body(...args);
    // A parameter as an argument is a value like another, and may be another one at the next call.
    const own = args.map((t) =>
      !t.cell ? t : gradMode() && t.requiresGrad ? t.clone() : t.detach(),
    );
    const wanted = own.map((t) => (t.requiresGrad ? 'r' : ''));
    const key = `${[...sizes.values()]}|${gradMode() ? 'g' : ''}|${wanted}`;
    const programs = this.held.get(key) ?? [];
    let program = programs.find((p) => p.holds(own));
    if (program === undefined) {
      const flat = flatten(name, own, (i) => this.inputs[i].name);
      const options = { name, device: device(), keepGrads: false };
      program = new Program(recordFunction(body, flat, options), device());
      programs.push(program);
    }
    this.held.delete(key);
    this.held.set(key, programs);
    for (const oldest of this.held.keys()) {
      if (this.held.size <= KEPT) break;
      this.held.delete(oldest);
    }
    return program.run(own) as Tensor[];
  }
}

const refuseRecording = (op: string): void =>
  recording()?.refuse(
    op,
    'a graph would be built once, when the function is recorded',
    'build it outside',
  );

function build(
  name: string,
  placeholders: readonly Tensor[],
  outputs: readonly Tensor[],
  single: boolean,
  open: boolean,
): GraphFunction<unknown> {
  const tracer = builder();
  const inputs: GraphValue[] = placeholders.map((t, i) => {
    const value = tracer?.owns(t) ? enableGrad(() => [tracer.valueOf(t)])[0] : null;
    if (value !== null && tracer?.originOf(value)?.kind === 'placeholder') return value;
    throw new GraphError({
      op: name,
      problem: `input ${i} is ${t instanceof Tensor ? 'a tensor' : given(t)} that is no placeholder`,
      remedy: "inputs are what placeholder('x', [...]) gave: graph([x], [y])",
    });
  });
  outputs.forEach((t, i) => {
    if (t instanceof Tensor) return;
    throw new GraphError({ op: name, problem: `output ${i} is ${given(t)}, not a tensor` });
  });
  if (tracer === null) {
    throw new GraphError({
      op: name,
      problem: 'there is no placeholder, so nothing is symbolic',
      remedy: "begin with const x = placeholder('x', ['batch', 784])",
    });
  }
  const values = enableGrad(() => outputs.map((t) => tracer.valueOf(t)));
  const collected = collect(tracer, name, inputs, values);
  return callable({ name, collected, placeholders, single, open });
}

function callable<R>(parts: Parts): GraphFunction<R> {
  const made = new SymbolicGraph<R>(parts);
  const call = (...args: Tensor[]): R => made.run(args);
  Object.defineProperty(call, 'name', { value: parts.name });
  // The function is the graph as well: it inherits from it.
  return Object.setPrototypeOf(call, made) as GraphFunction<R>;
}

/**
 * What computes `outputs` from `inputs`, which are placeholders: a function of as many tensors, which
 * runs as one program (one for each combination of open sizes). Parameters and buffers are read at
 * each call, and results require gradients where parameters do. A single tensor as `outputs` gives a
 * single tensor; a list gives a list. It can be walked, printed, drawn, differentiated and rewritten.
 *
 * Called with symbolic tensors it becomes part of their graph; called in a compiled function, of that.
 *
 * Throws GraphError for an input that is no placeholder, for a placeholder that an output depends on
 * and that is not listed, and for sizes and numbers that seem to come from open ones and cannot be
 * followed (see {@link placeholder}). Calls throw ShapeError and DtypeError, naming the placeholder,
 * for what does not fit, and GraphError for a number that was whole by division and is not there.
 *
 * @example
 * const x = placeholder('x', ['batch', 784]);
 * const f = graph(x, net.forward(x).softmax(1));
 * f(randn([3, 784])).shape; // [3, 10]
 * f.print();
 */
export function graph<const O extends Tensor | readonly Tensor[]>(
  inputs: Tensor | readonly Tensor[],
  outputs: O,
  options: GraphOptions = {},
): GraphFunction<Result<O>> {
  checkOptions('graph', options, ['name']);
  const { name = 'graph' } = options;
  refuseRecording(name);
  const from = (Array.isArray(inputs) ? inputs : [inputs]) as readonly Tensor[];
  const to = (Array.isArray(outputs) ? outputs : [outputs]) as readonly Tensor[];
  return build(name, from, to, !Array.isArray(outputs), true) as GraphFunction<Result<O>>;
}
