/** The last argument of everything that makes tensors. */
import { checkDType, checkOptions, type DType, DtypeError, given } from '../base/index.ts';
import { getDevice } from '../runtime/device.ts';
import { device } from './default-device.ts';
import { Tensor } from './tensor.ts';

export interface TensorOptions {
  readonly dtype?: DType;
  /** Whether operations on the tensor are recorded for `backward`. */
  readonly requiresGrad?: boolean;
  /** Where the tensor lives; see `device()`. */
  readonly device?: string;
}

const KEYS = ['dtype', 'requiresGrad', 'device'];
const NONE: TensorOptions = {};

/** Checks names and values, so that a misspelt option is not ignored. */
export function readOptions(op: string, options: TensorOptions | undefined): TensorOptions {
  if (options === undefined) return NONE;
  checkOptions(op, options, KEYS);
  if (options.dtype !== undefined) checkDType(options.dtype, op);
  if (options.device !== undefined) getDevice(options.device);
  return options;
}

/** Moves a new tensor to its device and makes it require a gradient, as the options say. */
export function finish<T extends Tensor>(t: T, options: TensorOptions): T {
  const made = t.to(options.device ?? device()) as T;
  if (options.requiresGrad === true) made.requiresGrad = true;
  return made;
}

/** Returns `x` if it is a tensor, else throws a DtypeError that says what it is. */
export function checkTensor(op: string, x: unknown): Tensor {
  if (x instanceof Tensor) return x;
  throw new DtypeError({
    op,
    problem: `the operand is ${Array.isArray(x) ? 'an array' : given(x)}, not a tensor`,
    remedy: 'wrap numbers and arrays with tensor(...)',
  });
}
