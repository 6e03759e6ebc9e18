/** The Spec of each operand of an op, or a clear error if it is none. */
import { DtypeError, isFloat, type Spec, WEAK_FLOAT, WEAK_INT } from '../base/index.ts';
import type { OpDef, Operand } from '../ir/index.ts';
import { Tensor } from './tensor.ts';

/** The Spec of operand `i` of an op with any number of them. */
export const specOfOperand = (op: OpDef, x: Operand, i: number, floatContext: boolean): Spec =>
  typeof x !== 'number'
    ? checkedSpec(op, x, i)
    : floatContext || !Number.isInteger(x)
      ? WEAK_FLOAT
      : WEAK_INT;

/** The Spec of a number beside `other`: it yields to the tensor's dtype, if that can hold it. */
export function weakSpec(op: OpDef, x: number, other: Tensor | null): Spec {
  if (!Number.isInteger(x) || other === null || isFloat(other.dtype)) return WEAK_FLOAT;
  const bits = other.dtype === 'int64' ? 63 : 31;
  if (x < -(2 ** bits) || x >= 2 ** bits) {
    throw new DtypeError({
      op: op.name,
      problem: `the number ${x} does not fit the ${other.dtype} tensor it meets`,
      operands: [other.spec],
      remedy: `convert the tensor first, e.g. x.to('${bits === 31 ? 'int64' : 'float64'}')`,
    });
  }
  return WEAK_INT;
}

export function checkedSpec(op: OpDef, x: unknown, i: number): Spec {
  if (x instanceof Tensor) return x.spec;
  const [what, remedy] = describe(x);
  throw new DtypeError({
    op: op.name,
    problem: `operand ${i} is ${what}, not a tensor or a number`,
    remedy,
  });
}

function describe(x: unknown): [what: string, remedy: string] {
  if (Array.isArray(x)) return ['an array', 'wrap it: tensor(array)'];
  if (ArrayBuffer.isView(x)) return [`a ${x.constructor.name}`, 'wrap it: tensor(typedArray)'];
  if (x === null) return ['null', 'give a tensor or a number'];
  if (typeof (x as { then?: unknown })?.then === 'function') {
    return ['a Promise', 'await it first'];
  }
  switch (typeof x) {
    case 'undefined':
      return ['undefined', 'did a function, or forward, forget to return its result?'];
    case 'string':
      return [`the string '${x}'`, 'give a tensor or a number'];
    case 'bigint':
      return ['a bigint', `make it an int64 tensor: tensor(${x}n)`];
    case 'boolean':
      return [`the boolean ${x}`, `make it a bool tensor: tensor(${x})`];
    case 'function':
      return ['a function', 'call it, and give its result'];
    default:
      return ['an object', 'give a tensor or a number; options come last'];
  }
}
