/** A loop whose number of turns a tensor decides. */
import { recording, rejectPromise, requireFunction, type Tensor } from '../../tensor/index.ts';
import { type Template, unflatten } from '../tree.ts';
import { heldBy, RegionTracer } from './region.ts';
import { flat, type Given, holds, requirePredicate, requireSame, type Wide } from './structure.ts';
import { tracerNow } from './tape.ts';
import { applyWhile } from './while-node.ts';

/**
 * `state = init; while (test(state)) state = body(state)`: gives the last state. `test` gives a tensor
 * of one element, which ends the loop when it is 0. Within a compiled function `test` and `body` are
 * recorded once and run as often as the values say. They may also use tensors, parameters and
 * intermediate values around them.
 *
 * The state is a tensor, or arrays and plain objects of tensors; `body` gives the same structure,
 * shapes and dtypes. Gradients go through the turns that were made. In a compiled function they are
 * computed by running the loop again, keeping each state; gradients of those gradients are a
 * GraphError there: use `scan`.
 *
 * Throws GraphError or ShapeError if `body` changes structure or types; in compiled functions
 * GraphError also for random numbers within (draw them before), and if a parameter or buffer is
 * assigned or gradients are written. Source: `lax.while_loop` of JAX.
 *
 * @example
 * const [n, x] = whileLoop(
 *   ([, x]) => x.lt(100),
 *   ([n, x]) => [n.add(1), x.mul(2)],
 *   [tensor(0), tensor(3)],
 * ); // 6, 192
 */
export function whileLoop<const S>(
  test: (state: Wide<S>) => Tensor,
  body: (state: Wide<S>) => Given<S>,
  init: S,
): Wide<S> {
  requireFunction('whileLoop', test, 'write whileLoop((x) => ..., (x) => ..., x)');
  requireFunction('whileLoop', body, 'write whileLoop((x) => ..., (x) => ..., x)');
  const start = flat('whileLoop', 'the first state', init);
  const functions = {
    test: test as (s: unknown) => unknown,
    body: body as (s: unknown) => unknown,
  };
  if (recording() !== null) return record(functions, start.template, start.tensors) as Wide<S>;
  let state: unknown = init;
  while (
    holds(requirePredicate('whileLoop', TEST, rejectPromise('whileLoop', functions.test(state))))
  ) {
    const next = rejectPromise('whileLoop', functions.body(state));
    requireSame('whileLoop', FIRST, start, NEXT, flat('whileLoop', NEXT, next));
    state = next;
  }
  return state as Wide<S>;
}

const FIRST = 'the first state';
const NEXT = 'the result of body';
const TEST = 'the result of test';

interface Functions {
  readonly test: (state: unknown) => unknown;
  readonly body: (state: unknown) => unknown;
}

function record(functions: Functions, template: Template, tensors: readonly Tensor[]): unknown {
  const parent = tracerNow();
  const inits = tensors.map((t) => heldBy(parent, t));
  const testing = new RegionTracer('whileLoop', parent, false);
  const testStands = inits.map((t) => testing.take(t.spec));
  const holding = testing.run(() => {
    const given = functions.test(unflatten(template, (i) => testStands[i]));
    return testing.seen(requirePredicate('whileLoop', TEST, rejectPromise('whileLoop', given)));
  });
  const region = new RegionTracer('whileLoop', parent, false);
  const stands = inits.map((t) => region.take(t.spec));
  const outs = region.run(() => {
    const state = unflatten(template, (i) => stands[i]);
    const next = flat('whileLoop', NEXT, rejectPromise('whileLoop', functions.body(state)));
    requireSame('whileLoop', FIRST, { template, tensors: inits, paths: next.paths }, NEXT, next);
    return next.tensors.map((t) => region.seen(t));
  });
  const last = applyWhile({
    test: { region: testing, stands: testStands, out: holding },
    body: region,
    states: inits.map((init, i) => ({ init, stand: stands[i], out: outs[i] })),
  });
  return unflatten(template, (i) => last[i]);
}
