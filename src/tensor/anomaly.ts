/** `detectAnomaly`: names the op that first made a NaN or an infinity, forward or backward. */
import { GraphError, isFloat, userFrame } from '../base/index.ts';
import type { OpDef } from '../ir/index.ts';
import { rejectPromise, type Synchronous } from './grad-mode.ts';
import type { Node } from './node.ts';
import { recording } from './recording.ts';
import type { Tensor } from './tensor.ts';

let on = false;
export const anomalyMode = (): boolean => on;

/** The node whose gradient is being computed, for the message. */
let within: Node | null = null;

export function setBackwardNode(n: Node | null): void {
  within = n;
}

/** Under `detectAnomaly`, remembers the user's line on the tape node. */
export function anomalyLine(n: Node): void {
  if (on) n.line = userFrame(new Error().stack ?? '');
}

/** Under `detectAnomaly`, throws if the result holds a NaN or an infinity. */
export function checkAnomaly(op: OpDef, out: Tensor): void {
  if (!on || !isFloat(out.dtype)) return;
  const data = out.data();
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    if (Number.isFinite(x)) continue;
    const place =
      within === null
        ? ''
        : `, in the gradient of ${within.op.name}${within.line === undefined ? '' : ` recorded at ${within.line}`}`;
    throw new GraphError({
      op: op.name,
      problem: `made ${x} at element ${i} of ${out.dtype}[${out.shape}]${place}`,
      remedy: 'the operands were finite or given by you: look at this op first',
    });
  }
}

/**
 * Runs `f` and checks the result of every op; the first that makes a NaN or an infinity throws a
 * GraphError that names it, its element and the line, also for gradients. Slow: for debugging.
 *
 * @example
 * detectAnomaly(() => loss(x).backward());
 */
export function detectAnomaly<T>(f: () => Synchronous<T>): T {
  recording()?.refuse(
    'detectAnomaly',
    'values are looked at, and are not known while a function is recorded',
    'call it around the compiled function, which then runs line by line',
  );
  const before = on;
  on = true;
  try {
    return rejectPromise('detectAnomaly', f() as T);
  } finally {
    on = before;
  }
}
