import type { NdArray } from '../../nd-array.ts';
import { type Attrs, defineOp, type Region } from '../../op.ts';
import { isTrue } from './cond.ts';
import { requireTypes, typesOf } from './types.ts';

export interface WhileLoopAttrs extends Attrs {
  /** How many operands are the state; the rest are constants of the loop. */
  readonly states: number;
}

/** Operands (...state, ...constants), regions (test, body) over them; gives the last state. */
export const WHILE_LOOP = defineOp<WhileLoopAttrs>({
  name: 'whileLoop',
  onnx: 'Loop',
  infer(xs, { states }, [, body]) {
    requireTypes('whileLoop', xs.slice(0, states), body.outputs);
    return typesOf(body.outputs);
  },
  reference(xs, { states }, _, [test, body]) {
    const turns = turnsOf(xs, states, test, body);
    return turns[turns.length - 1];
  },
  lower: { kind: 'regions' },
});

export interface WhileGradAttrs extends WhileLoopAttrs {
  /** How many operands follow state and constants that go back with each turn: gradients. */
  readonly seeds: number;
}

/**
 * The gradient of a loop whose number of turns nobody knows: runs forward again keeping each state,
 * then back. Operands (...state, ...constants, ...gradients), regions (test, body, pull); `pull` takes
 * the state before a turn, the constants and the gradients after it, and gives those before it.
 */
export const WHILE_LOOP_GRAD = defineOp<WhileGradAttrs>({
  name: 'whileLoopGrad',
  infer(xs, { seeds }, [, , pull]) {
    requireTypes('whileLoopGrad', xs.slice(xs.length - seeds), pull.outputs);
    return typesOf(pull.outputs);
  },
  reference(xs, { states, seeds }, _, [test, body, pull]) {
    const own = xs.slice(0, xs.length - seeds);
    const turns = turnsOf(own, states, test, body);
    let gradients = xs.slice(xs.length - seeds);
    for (const state of turns.slice(0, -1).reverse()) {
      gradients = pull([...state, ...own.slice(states), ...gradients]);
    }
    return gradients;
  },
  lower: { kind: 'regions' },
});

/** The states of a loop, from the first to the last. */
function turnsOf(xs: readonly NdArray[], states: number, test: Region, body: Region): NdArray[][] {
  const constants = xs.slice(states);
  const turns = [xs.slice(0, states)];
  for (let now = turns[0]; isTrue(test([...now, ...constants])[0].data[0]); turns.push(now)) {
    now = body([...now, ...constants]);
  }
  return turns;
}
