/** A choice between two functions by the value of a tensor. */
import { GraphError } from '../../base/index.ts';
import { recording, rejectPromise, requireFunction, type Tensor } from '../../tensor/index.ts';
import { unflatten } from '../tree.ts';
import { applyCond } from './cond-node.ts';
import { heldBy, RegionTracer } from './region.ts';
import { flat, type Given, holds, requirePredicate, requireSame, type Wide } from './structure.ts';
import { tracerNow } from './tape.ts';

/**
 * What `ifTrue(...operands)` gives if the one element of `pred` is not 0, else what
 * `ifFalse(...operands)` gives. Within a compiled function the value is not known when the function is
 * recorded: both branches are recorded, and at each call the one is run. The branches may also use
 * tensors, parameters and intermediate values around them.
 *
 * Operands and results are tensors, arrays and plain objects of tensors; both branches give the same
 * structure, shapes and dtypes. Gradients, of any order, go through the branch that was taken; what
 * the other one uses gets zeros. For a choice by element use `where`.
 *
 * Random numbers: within a compiled function both branches must draw equally often, since the counter
 * goes on by what was recorded. Otherwise draw before, and pass the numbers.
 * Throws GraphError or ShapeError if the branches differ, or if one assigns a parameter or buffer or
 * writes gradients within a compiled function; ShapeError unless `pred` has one element.
 * Source: `lax.cond` of JAX.
 *
 * @example
 * const x = tensor([1, 2]);
 * cond(x.sum().gt(0), (y) => y.mul(2), (y) => y.neg(), x).toArray(); // [2, 4]
 */
export function cond<const A extends readonly unknown[], R>(
  pred: Tensor,
  ifTrue: (...operands: Wide<A>) => R,
  ifFalse: (...operands: Wide<A>) => Given<R>,
  ...operands: A
): Wide<R> {
  requireFunction('cond', ifTrue, 'write cond(pred, (x) => ..., (x) => ..., x)');
  requireFunction('cond', ifFalse, 'write cond(pred, (x) => ..., (x) => ..., x)');
  requirePredicate('cond', 'the predicate', pred);
  const functions = [ifTrue, ifFalse] as unknown as readonly [Branch, Branch];
  if (recording() !== null) return record(pred, functions, operands) as Wide<R>;
  return rejectPromise('cond', functions[holds(pred) ? 0 : 1](...operands)) as Wide<R>;
}

type Branch = (...operands: unknown[]) => unknown;

const NAMES = ['the result of ifTrue', 'the result of ifFalse'] as const;

function record(pred: Tensor, functions: readonly [Branch, Branch], operands: unknown): unknown {
  const parent = tracerNow();
  const given = flat('cond', 'the operands', operands);
  const made = functions.map((f, k) => {
    const region = new RegionTracer('cond', parent, true);
    return region.run(() => {
      const args = unflatten(given.template, (i) => {
        const t = given.tensors[i];
        return t.cell ? t : region.seen(t);
      }) as unknown[];
      const result = flat('cond', NAMES[k], rejectPromise('cond', f(...args)));
      return { region, result, outs: result.tensors.map((t) => region.seen(t)) };
    });
  });
  const [a, b] = made;
  requireSame('cond', NAMES[0], a.result, NAMES[1], b.result);
  const calls = [a, b].map((s) => s.region.randomCalls);
  if (calls[0] !== calls[1]) {
    throw new GraphError({
      op: 'cond',
      problem: `ifTrue draws random numbers ${calls[0]} times, ifFalse ${calls[1]} times`,
      remedy: 'draw them before, and pass them as operands',
    });
  }
  const outs = applyCond({
    pred: heldBy(parent, pred),
    sides: [
      { region: a.region, extra: [], outs: a.outs },
      { region: b.region, extra: [], outs: b.outs },
    ],
    extra: [],
    random: calls[0] === 0 ? null : parent.reserve(calls[0]),
  });
  return unflatten(a.result.template, (i) => outs[i]);
}
