/**
 * The one interpreter slot. Every op function ends in `apply1`, `apply2` or `apply`; whoever holds
 * the slot runs it: the eager interpreter with its tape, a recorder, or the reference.
 */
import type { Attrs, OpDef } from './op.ts';
import type { Operand, Value } from './value.ts';

export interface Interpreter {
  /** One operand, one output. */
  apply1(def: OpDef, a: Value, attrs: Attrs | null): Value;
  /** Two operands, one output; at most one of them is a number. */
  apply2(def: OpDef, a: Operand, b: Operand, attrs: Attrs | null): Value;
  /** Any number of operands and outputs. */
  apply(def: OpDef, inputs: readonly Operand[], attrs: Attrs | null): readonly Value[];
  /**
   * `cells[i] = outputs[i]` of the op, for cells (parameters, buffers): the same as `apply` and
   * then assigning, but the outputs may be written straight into the cells.
   */
  update(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    cells: readonly Value[],
  ): void;
}

let current: Interpreter | null = null;

/** Puts an interpreter in the slot and returns the one before it. */
export function setInterpreter(i: Interpreter | null): Interpreter | null {
  const before = current;
  current = i;
  return before;
}

export function interpreter(): Interpreter {
  if (current === null) {
    throw new Error('no interpreter: import gradus through its root, which wires one');
  }
  return current;
}

/** Runs `f` with `i` in the slot. */
export function withInterpreter<T>(i: Interpreter, f: () => T): T {
  const before = setInterpreter(i);
  try {
    return f();
  } finally {
    current = before;
  }
}

export const apply1 = (def: OpDef, a: Value, attrs: Attrs | null = null): Value =>
  (current ?? interpreter()).apply1(def, a, attrs);

export const apply2 = (def: OpDef, a: Operand, b: Operand, attrs: Attrs | null = null): Value =>
  (current ?? interpreter()).apply2(def, a, b, attrs);

export const apply = (
  def: OpDef,
  inputs: readonly Operand[],
  attrs: Attrs | null = null,
): readonly Value[] => (current ?? interpreter()).apply(def, inputs, attrs);
