/** Checks of the numbers and flags that layers are made with. */
import { given, ValueError } from '../base/index.ts';

/** Height and width, or one number for both. */
export type Pair = number | readonly [number, number];

/** Throws a ValueError unless `value` is a whole number of at least `min`. */
export function checkSize(op: string, name: string, value: unknown, min = 1): number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return value as number;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number of at least ${min}, not ${given(value)}`,
  });
}

/** A pair of whole numbers of at least `min`; one number stands for both. */
export function checkPair(op: string, name: string, value: unknown, min = 1): [number, number] {
  if (!Array.isArray(value)) {
    const n = checkSize(op, name, value, min);
    return [n, n];
  }
  if (value.length !== 2) {
    throw new ValueError({
      op,
      problem: `${name} must be one number or [height, width], not ${given(value)}`,
    });
  }
  return [checkSize(op, `${name}[0]`, value[0], min), checkSize(op, `${name}[1]`, value[1], min)];
}

/** Throws a ValueError unless `value` is a whole number, negative ones included. */
export function checkDim<D extends number>(op: string, name: string, value: D): D {
  if (Number.isSafeInteger(value)) return value;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number, not ${given(value)}`,
    remedy: 'negative ones count from the last dimension',
  });
}

/** Throws a ValueError unless `value` is true, false, or left out: then `usual`. */
export function checkFlag(op: string, name: string, value: unknown, usual: boolean): boolean {
  if (value === undefined) return usual;
  if (typeof value === 'boolean') return value;
  throw new ValueError({ op, problem: `${name} must be true or false, not ${given(value)}` });
}

/** `3`, or `3×5`: for descriptions of layers. */
export const showPair = ([h, w]: readonly [number, number]): string =>
  h === w ? `${h}` : `${h}×${w}`;

/** Throws a ValueError unless `value`, added to a variance, is a number from 0; 1e-5 if left out. */
export function checkEps(op: string, value: unknown = 1e-5): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new ValueError({ op, problem: `eps must be a number from 0, not ${given(value)}` });
}
