/** The last argument of everything that makes tensors. */
import { checkDType, type DType, DtypeError, ValueError } from '../base/index.ts';
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
export function checkOptions(op: string, options: TensorOptions | undefined): TensorOptions {
  if (options === undefined) return NONE;
  if (options === null || typeof options !== 'object') {
    throw new ValueError({
      op,
      problem: `the last argument must be an object of options, not ${String(options)}`,
      remedy: "write e.g. { dtype: 'float64' }",
    });
  }
  for (const key of Object.keys(options)) {
    if (KEYS.includes(key)) continue;
    throw new ValueError({
      op,
      problem: `there is no option '${key}'`,
      remedy: `the options are ${KEYS.join(', ')}`,
    });
  }
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
    problem: `the operand is ${name(x)}, not a tensor`,
    remedy: 'wrap numbers and arrays with tensor(...)',
  });
}

function name(x: unknown): string {
  if (Array.isArray(x)) return 'an array';
  if (x === null || x === undefined) return String(x);
  if (x instanceof Promise) return 'a Promise (await it first)';
  return typeof x === 'object' ? `a ${x.constructor?.name ?? 'object'}` : `a ${typeof x}`;
}
