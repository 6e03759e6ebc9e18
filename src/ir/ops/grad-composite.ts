/** Composites that exist to make a gradient one node, so that it fuses into one kernel. */
import { apply } from '../apply.ts';
import { broadcastTypes, floatOf, promoteTypes } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';

/**
 * An elementwise function of its operands as one composite; differentiated through its
 * decomposition.
 */
export function elementComposite<X extends readonly Operand[]>(
  name: string,
  decompose: (...operands: X) => Value,
): (...operands: X) => Value {
  const def = defineOp({
    name,
    infer: (xs) => ({ shape: broadcastTypes(name, xs), dtype: floatOf(promoteTypes(xs)) }),
    decompose: (xs) => decompose(...(xs as unknown as X)),
  });
  return (...operands) => apply(def, operands)[0];
}
