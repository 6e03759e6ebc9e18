/** Whether ops are recorded on the tape. */
import { GraphError, given } from '../base/index.ts';

let on = true;

export const gradMode = (): boolean => on;

/** Sets the mode and returns the one before. */
export function setGradMode(mode: boolean): boolean {
  const before = on;
  on = mode;
  return before;
}

/** A function type that rejects `async` functions. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/** Throws if `result` is a Promise: a scope would have closed before its code had run. */
export function rejectPromise<T>(op: string, result: T): T {
  if (result instanceof Promise || typeof (result as { then?: unknown })?.then === 'function') {
    // The promise is dropped here; a failure inside it must not end the process.
    Promise.resolve(result).catch(() => {});
    throw new GraphError({
      op,
      problem: 'the function is asynchronous: its code would run after the scope had closed',
      remedy: `await first, then call ${op} with a synchronous function`,
    });
  }
  return result;
}

/** Throws a GraphError unless `f` is a function. */
export function requireFunction(op: string, f: unknown, remedy: string): void {
  if (typeof f === 'function') return;
  throw new GraphError({ op, problem: `takes a function, not ${given(f)}`, remedy });
}

/**
 * Runs `f` without recording: results carry no gradients and the tape keeps nothing.
 *
 * Throws GraphError if `f` returns a Promise.
 *
 * @example
 * const accuracy = noGrad(() => net.forward(x).argmax(1).eq(y).mean().item());
 */
export function noGrad<T>(f: () => Synchronous<T>): T {
  requireFunction('noGrad', f, 'write noGrad(() => ...)');
  const before = setGradMode(false);
  try {
    return rejectPromise('noGrad', f() as T);
  } finally {
    on = before;
  }
}

/** Runs `f` with recording on, inside a `noGrad`. */
export function enableGrad<T>(f: () => Synchronous<T>): T {
  requireFunction('enableGrad', f, 'write enableGrad(() => ...)');
  const before = setGradMode(true);
  try {
    return rejectPromise('enableGrad', f() as T);
  } finally {
    on = before;
  }
}
