/** A loop over the slices of tensors. */
import { checkOptions, GraphError } from '../../base/index.ts';
import {
  noGrad,
  recording,
  rejectPromise,
  requireFunction,
  setRecording,
  stack,
  type Tensor,
  zeros,
} from '../../tensor/index.ts';
import { Tracer } from '../tracer.ts';
import { type Flat, unflatten } from '../tree.ts';
import { heldBy, RegionTracer } from './region.ts';
import { applyScan } from './scan-node.ts';
import { flat, type Given, leadingSize, requireSame, type Wide } from './structure.ts';
import { tracerNow } from './tape.ts';

export interface ScanOptions {
  /** From the last slice to the first; ys stay at the places of their slices. Default false. */
  readonly reverse?: boolean;
}

/** What a body is given of xs at each step: null for `{ length }`. */
type SliceOf<X> = X extends Tensor | readonly unknown[]
  ? Wide<X>
  : X extends { readonly length: number }
    ? null
    : Wide<X>;

type Body = (carry: unknown, x: unknown) => unknown;

/**
 * `for (x of xs) [carry, y] = body(carry, x)` over the slices of `xs` along its first dimension: gives
 * the last carry and all ys, stacked. With `{ length }` for `xs` the body is given null. Within a
 * compiled function the body is recorded once and run at each step. It may also use tensors, parameters
 * and intermediate values around it.
 *
 * Shapes: carry, xs and ys are tensors, or arrays and plain objects of tensors; all xs have the same
 * first dimension N. The body gives a carry of the same structure, shapes and dtypes; a y of shape S
 * becomes [N, ...S]. A y may be null.
 *
 * Gradients, of any order: a scan the other way over the carries of all steps, which are kept.
 * Random numbers: each step draws its own, the same as eagerly.
 * Throws GraphError or ShapeError if the body changes the carry's structure or types, or if it assigns
 * a parameter or buffer or writes gradients within a compiled function; ShapeError if the xs differ in
 * their first dimension. Source: `lax.scan` of JAX.
 *
 * @example
 * const [sum, sums] = scan((c, x) => [c.add(x), c.add(x)], tensor(0), tensor([1, 2, 3]));
 * sums.toArray(); // [1, 3, 6]
 */
export function scan<const C, const X, Y>(
  body: (carry: Wide<C>, x: SliceOf<X>) => readonly [Given<C>, Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): [Wide<C>, Wide<Y>] {
  requireFunction('scan', body, 'write scan((carry, x) => [carry, y], init, xs)');
  checkOptions('scan', options, ['reverse']);
  const { reverse = false } = options;
  if (typeof init === 'number') {
    const remedy = `give a tensor: tensor(${init})`;
    throw new GraphError({ op: 'scan', problem: `the first carry is the number ${init}`, remedy });
  }
  const start = flat('scan', 'the first carry', init);
  const count = lengthOf(xs);
  const slices = flat('scan', 'xs', count === null ? xs : null);
  if (count === null && slices.tensors.length === 0) {
    throw new GraphError({
      op: 'scan',
      problem: 'there is no tensor in xs, so the number of steps is not known',
      remedy: 'give { length: n }',
    });
  }
  const call: Call = {
    body: body as unknown as Body,
    start,
    slices,
    length: count ?? leadingSize('scan', slices),
    reverse,
  };
  const result =
    recording() !== null
      ? record(call)
      : call.length === 0
        ? [init, noSteps(call)]
        : run(call, init);
  return result as [Wide<C>, Wide<Y>];
}

interface Call {
  readonly body: Body;
  readonly start: Flat;
  readonly slices: Flat;
  readonly length: number;
  readonly reverse: boolean;
}

/** The length that is given in place of slices, or null. */
function lengthOf(xs: unknown): number | null {
  if (typeof xs !== 'object' || xs === null || Object.keys(xs).join() !== 'length') return null;
  const { length } = xs as { length: unknown };
  if (typeof length === 'object') return null;
  if (Number.isSafeInteger(length) && (length as number) >= 0) return length as number;
  throw new GraphError({
    op: 'scan',
    problem: `length is ${String(length)}, no whole number from 0`,
  });
}

/** What a step gave, taken apart. */
function stepOf({ start }: Call, given: unknown): { carry: unknown; y: unknown; flat: Flat } {
  const pair = rejectPromise('scan', given);
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new GraphError({
      op: 'scan',
      problem: 'the body must give an array of two: the next carry, and y',
      remedy: 'write (carry, x) => [carry, y]; y may be null',
    });
  }
  const now = flat('scan', NEXT, pair[0]);
  requireSame('scan', 'the first carry', start, NEXT, now);
  return { carry: pair[0], y: pair[1], flat: now };
}

const NEXT = 'the carry that the body gives';

/** Eagerly: the lines themselves. */
function run(call: Call, init: unknown): [unknown, unknown] {
  const { body, slices, length, reverse } = call;
  const cut = slices.tensors.map((t) => t.unbind(0) as Tensor[]);
  const ys: Flat[] = [];
  let carry = init;
  for (let t = 0; t < length; t++) {
    const at = reverse ? length - 1 - t : t;
    const step = stepOf(
      call,
      body(
        carry,
        unflatten(slices.template, (i) => cut[i][at]),
      ),
    );
    carry = step.carry;
    const y = flat('scan', 'y', step.y);
    if (t > 0) requireSame('scan', 'y of the first step', ys[0], `y of step ${t}`, y);
    ys.push(y);
  }
  if (reverse) ys.reverse();
  const stacked = ys[0].tensors.map((_, i) => stack(ys.map((y) => y.tensors[i])));
  return [carry, unflatten(ys[0].template, (i) => stacked[i])];
}

/** Eagerly without a step: the types of ys are found by recording. */
function noSteps(call: Call): unknown {
  const first = [...call.start.tensors, ...call.slices.tensors][0];
  const tracer = new Tracer(first?.device ?? 'cpu');
  const before = setRecording(tracer);
  try {
    const { region, y } = recordBody(call, tracer);
    const types = y.tensors.map((t) => region.seen(t).spec);
    setRecording(before);
    return unflatten(y.template, (i) => {
      const { shape, dtype, device } = types[i];
      return noGrad(() => zeros([0, ...shape], { dtype, device }));
    });
  } finally {
    setRecording(before);
    tracer.overlay.restore();
  }
}

function recordBody(call: Call, parent: Tracer) {
  const region = new RegionTracer('scan', parent, true);
  const inits = call.start.tensors.map((t) => heldBy(parent, t));
  const carries = inits.map((t) => region.take(t.spec));
  const values = call.slices.tensors.map((t) => heldBy(parent, t));
  const xs = values.map(({ spec }) => region.takeType(spec.dtype, spec.shape.slice(1)));
  const { next, y } = region.run(() => {
    const step = stepOf(
      { ...call, start: { ...call.start, tensors: inits } },
      call.body(
        unflatten(call.start.template, (i) => carries[i]),
        unflatten(call.slices.template, (i) => xs[i]),
      ),
    );
    return { next: step.flat, y: flat('scan', 'y', step.y) };
  });
  return { region, inits, carries, values, xs, next, y };
}

function record(call: Call): [unknown, unknown] {
  const parent = tracerNow();
  const { length, reverse } = call;
  const { region, inits, carries, values, xs, next, y } = recordBody(call, parent);
  const draws = region.randomCalls;
  const { last, ys } = applyScan({
    region,
    length,
    reverse,
    carries: inits.map((init, i) => ({
      init,
      stand: carries[i],
      out: region.seen(next.tensors[i]),
    })),
    xs: values.map((value, i) => ({ value, stand: xs[i] })),
    ys: y.tensors.map((t) => region.seen(t)),
    draws,
    fromEnd: false,
    random: draws === 0 ? null : parent.reserve(draws * length),
  });
  return [unflatten(call.start.template, (i) => last[i]), unflatten(y.template, (i) => ys[i])];
}
