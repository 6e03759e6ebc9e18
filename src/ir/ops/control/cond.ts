import { defineOp } from '../../op.ts';
import { requireTypes, typesOf } from './types.ts';

/** Whether an element chooses the first branch, or goes on with a loop: whatever is not 0, NaN too. */
export const isTrue = (x: number | bigint): boolean => Number(x) !== 0;

/**
 * Operands (predicate, ...xs), regions (ifTrue, ifFalse) over xs: what the chosen region gives. Its
 * gradient is another of its kind, made where the function is recorded (compile/control/).
 */
export const COND = defineOp({
  name: 'cond',
  onnx: 'If',
  infer(_, __, [ifTrue, ifFalse]) {
    requireTypes('cond', ifTrue.outputs, ifFalse.outputs);
    return typesOf(ifTrue.outputs);
  },
  reference: ([pred, ...xs], _, __, [ifTrue, ifFalse]) =>
    isTrue(pred.data[0]) ? ifTrue(xs) : ifFalse(xs),
  lower: { kind: 'regions' },
});
