/** Checks of what losses are given. */
import {
  checkOptions,
  DtypeError,
  formatShape,
  given,
  ShapeError,
  sameShape,
  ValueError,
} from '../base/index.ts';
import type { Reduction } from '../ir/index.ts';
import { Tensor } from '../tensor/index.ts';

export interface LossOptions {
  /** What becomes of the losses of single examples. Default `mean`. */
  readonly reduction?: Reduction;
}

/** Checks the names of options, and the reduction. */
export function checkLossOptions(
  op: string,
  options: LossOptions,
  known: readonly string[] = ['reduction'],
): void {
  checkOptions(op, options, known);
  const { reduction } = options;
  if (reduction === undefined || ['mean', 'sum', 'none'].includes(reduction)) return;
  throw new ValueError({
    op,
    problem: `there is no reduction ${given(reduction)}`,
    remedy: "use 'mean', 'sum' or 'none'",
  });
}

/** Throws a DtypeError unless `x` is a tensor; `wrap` shows how to make one of an array. */
export function checkOperand(op: string, name: string, x: unknown, wrap: string): void {
  if (x instanceof Tensor) return;
  throw new DtypeError({
    op,
    problem: `the ${name} must be a tensor, not ${given(x)}`,
    remedy: fix(),
  });

  function fix(): string {
    if (x === undefined) return 'did forward return its result?';
    if (x instanceof Promise) return 'await it first; a forward is not asynchronous';
    return Array.isArray(x) || ArrayBuffer.isView(x) || typeof x === 'number'
      ? `wrap it: ${wrap}`
      : 'pass what forward gives, and a tensor to compare it with';
  }
}

/** Input and target: tensors, of one shape. A broadcast here is nearly always a mistake. */
export function checkAlike(op: string, input: Tensor, target: Tensor): void {
  checkOperand(op, 'input', input, 'tensor(values)');
  checkOperand(op, 'target', target, 'tensor(values)');
  if (sameShape(input.shape, target.shape)) return;
  const [x, y] = [input.shape, target.shape];
  throw new ShapeError({
    op,
    problem: `input ${formatShape(x)} and target ${formatShape(y)} differ`,
    operands: [input, target],
    remedy: column(x, y)
      ? 'drop the last dimension of the input: input.squeeze(-1)'
      : column(y, x)
        ? 'drop the last dimension of the target: target.squeeze(-1)'
        : 'reshape or expand one of them: silent broadcasting hides mistakes here',
  });
}

/** Whether `a` is `b` with a last dimension of 1 more. */
const column = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length + 1 && a.at(-1) === 1 && sameShape(a.slice(0, -1), b);

/** Scores and class labels: what people pass by mistake, and what to pass instead. */
export function checkLabels(op: string, scores: Tensor, labels: Tensor, name = 'logits'): void {
  checkOperand(op, name, scores, 'tensor(values)');
  checkOperand(op, 'labels', labels, "tensor(labels, { dtype: 'int32' })");
  const [x, y] = [scores.shape, labels.shape];
  const rest = x.length === 1 ? [] : [x[0], ...x.slice(2)];
  if (x.length === 0 || sameShape(rest, y)) return;
  const whole = labels.dtype.startsWith('int');
  const remedy =
    y.length === rest.length + 1 && y[x.length === 1 ? 0 : 1] === 1 && !sameShape(x, y)
      ? `drop the dimension of size 1: labels.squeeze(${x.length === 1 ? 0 : 1})`
      : sameShape(x, y) && whole
        ? "one label an example: labels.argmax(1).to('int32') of one-hot rows, or probabilities as floats"
        : undefined;
  // What is left the op itself tells, probabilities of the scores' shape among it.
  if (remedy === undefined) return;
  throw new ShapeError({
    op,
    problem: `labels ${formatShape(y)} do not fit ${name} ${formatShape(x)}: expected ${formatShape(rest)}`,
    operands: [scores, labels],
    remedy,
  });
}
