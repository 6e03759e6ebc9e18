/**
 * Functional transforms: derivatives of functions. They keep gradients in a map of their own, never
 * touch `.grad`, and nest to any order.
 */
import { GraphError, isFloat, ShapeError } from '../base/index.ts';
import { full, interpreter, mul, sum } from '../ir/index.ts';
import { ALIAS } from './alias.ts';
import { runBackward, seedOf } from './backward.ts';
import { gradMode, rejectPromise, requireFunction, setGradMode } from './grad-mode.ts';
import { lastSequence, Node, nextSequence } from './node.ts';
import { Tensor } from './tensor.ts';

/** Depth of transforms being run: inner gradients are recorded for the outer. */
let level = 0;

interface Pullback {
  readonly value: Tensor;
  /** Whether the value also depends on leaves outside: parameters that `f` closes over. */
  readonly outside: boolean;
  /** Gradients of the arguments from that of the value; zeros where it does not depend on them. */
  pull(seed: Tensor, createGraph: boolean): Tensor[];
}

/** Runs `f` on aliases of `args` that start a private stretch of tape. */
function linearize(op: string, f: (...xs: Tensor[]) => Tensor, args: readonly Tensor[]): Pullback {
  const floor = lastSequence();
  const before = setGradMode(true);
  level++;
  let value: Tensor;
  let aliases: Tensor[];
  try {
    aliases = args.map((x, i) => begin(op, x, i));
    value = rejectPromise(op, f(...aliases));
  } finally {
    level--;
    setGradMode(before);
  }
  if (!(value instanceof Tensor)) {
    throw new GraphError({ op, problem: 'the function must return a tensor' });
  }
  const nodes = aliases.map((x) => x.node as Node);
  return {
    value,
    outside: leadsOutside(value.node, floor, nodes),
    pull(seed, createGraph) {
      const captured = new Map<Node, Tensor | null>(nodes.map((n) => [n, null]));
      runBackward([value], [seed], createGraph, true, { captured, floor });
      return nodes.map((n, i) => {
        const g = captured.get(n) ?? null;
        if (g === null) return full(args[i].shape, 0, args[i].dtype, args[i].device) as Tensor;
        // A seed that passed through: a cell given as one stays the caller's alone.
        return g.cell ? (interpreter().apply1(ALIAS, g, null) as Tensor) : g;
      });
    },
  };
}

/** An alias of `x` with a node of its own, through which an outer transform can go on. */
function begin(op: string, x: Tensor, i: number): Tensor {
  if (!(x instanceof Tensor)) {
    throw new GraphError({ op, problem: `argument ${i} must be a tensor` });
  }
  if (!isFloat(x.dtype)) {
    throw new GraphError({
      op,
      problem: `argument ${i} is ${x.dtype}: only float tensors have gradients`,
      operands: [x.spec],
      remedy: "convert it, e.g. x.to('float32')",
    });
  }
  const y = interpreter().apply1(ALIAS, x, null) as Tensor;
  if (y.node === null) {
    y.node = Node.leaf(x.spec, nextSequence(), null);
  }
  return y;
}

/** Whether anyone may differentiate the results: an outer transform, or a tape outside. */
const nested = (args: readonly Tensor[]): boolean =>
  gradMode() && (level > 0 || args.some((x) => x.node !== null));

/** Whether a path leads from `from` to a node made before `floor`, other than through `starts`. */
function leadsOutside(from: Node | null, floor: number, starts: readonly Node[]): boolean {
  const seen = new Set<Node>(starts);
  const stack = from === null ? [] : [from];
  for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
    if (seen.has(n)) continue;
    seen.add(n);
    if (n.seq <= floor) return true;
    for (const e of [n.edge0, n.edge1, ...(n.edges ?? [])]) if (e !== null) stack.push(e);
  }
  return false;
}

/** The result outside every transform: without the private tape, unless someone wants it. */
const finish = (x: Tensor, keep: boolean): Tensor => (keep ? x : x.detach());

const FOR_LOSS =
  'grad takes a function and gives its gradient function; for a loss tensor use loss.backward()';

/**
 * The gradient function of a scalar-valued `f` with respect to its first argument:
 * `grad(f)(x) = df/dx`, of x's shape. Nest it for higher orders. Where `f` also depends on
 * parameters, the result can be differentiated with respect to them (a gradient penalty).
 *
 * Throws ShapeError if `f` gives more than one element, GraphError if it is asynchronous.
 *
 * @example
 * grad((x) => x.mul(x).sum())(tensor([1, 2])).toArray(); // [2, 4]
 * const d2f = grad(grad((x) => x.sin().mul(x).sum()));
 */
export function grad(
  f: (x: Tensor, ...rest: Tensor[]) => Tensor,
): (x: Tensor, ...rest: Tensor[]) => Tensor {
  requireFunction('grad', f, FOR_LOSS);
  return (x, ...rest) => valueAndGrad(f)(x, ...rest)[1];
}

/**
 * Like {@link grad}, but gives `[f(x), df/dx]` from one evaluation.
 *
 * @example
 * const [loss, g] = valueAndGrad((w) => w.mul(w).sum())(tensor([3]));
 */
export function valueAndGrad(
  f: (x: Tensor, ...rest: Tensor[]) => Tensor,
): (x: Tensor, ...rest: Tensor[]) => [Tensor, Tensor] {
  requireFunction('valueAndGrad', f, FOR_LOSS);
  return (x, ...rest) => {
    const p = linearize('grad', (y) => f(y, ...rest), [x]);
    const keep = nested([x, ...rest]) || (gradMode() && p.outside);
    if (p.value.spec.numel !== 1) {
      throw new ShapeError({
        op: 'grad',
        problem: `the function must return one element, not [${p.value.shape}]`,
        operands: [p.value.spec],
        remedy: 'reduce its result with sum() or mean(), or use vjp',
      });
    }
    const [g] = p.pull(seedOf(p.value), keep);
    return [finish(p.value, keep), finish(g, keep)];
  };
}

/**
 * The value of `f` at `args` and its pullback: `pullback(u)` gives uᵀJ, one tensor an argument.
 * The pullback may be called more than once.
 *
 * @example
 * const [y, pullback] = vjp((x) => x.exp(), tensor([0, 1]));
 * const [gx] = pullback(onesLike(y));
 */
export function vjp(
  f: (...xs: Tensor[]) => Tensor,
  ...args: Tensor[]
): [Tensor, (u: Tensor) => Tensor[]] {
  requireFunction('vjp', f, 'write vjp((x) => ..., x)');
  const p = linearize('vjp', f, args);
  const keep = nested(args) || (gradMode() && p.outside);
  return [
    finish(p.value, keep),
    (u) => {
      const wanted = keep || nested([u]);
      return p.pull(seedOf(p.value, u), wanted).map((g) => finish(g, wanted));
    },
  ];
}

/**
 * The value of `f` at `args` and the directional derivative J·t along `tangents`, computed as a
 * double vjp (Townsend, 2017): u ↦ uᵀJ is linear, so its own vjp is J·t.
 *
 * Shapes: one tangent an argument, of its shape.
 *
 * @example
 * const [y, dy] = jvp((x) => x.mul(x), [tensor([3])], [tensor([1])]); // dy = [6]
 */
export function jvp(
  f: (...xs: Tensor[]) => Tensor,
  args: readonly Tensor[],
  tangents: readonly Tensor[],
): [Tensor, Tensor] {
  requireFunction('jvp', f, 'write jvp((x) => ..., [x], [tangent])');
  if (args.length !== tangents.length) {
    throw new GraphError({
      op: 'jvp',
      problem: `${args.length} arguments need as many tangents, not ${tangents.length}`,
    });
  }
  const p = linearize('jvp', f, args);
  const keep = nested([...args, ...tangents]) || (gradMode() && p.outside);
  const zero = full(p.value.shape, 0, p.value.dtype, p.value.device) as Tensor;
  const inner = linearize(
    'jvp',
    (u) => {
      const gs = p.pull(u, true);
      return gs.map((g, i) => sum(mul(g, tangents[i])) as Tensor).reduce((a, b) => a.plus(b));
    },
    [zero],
  );
  const [out] = inner.pull(seedOf(inner.value), keep);
  return [finish(p.value, keep), finish(out, keep)];
}
