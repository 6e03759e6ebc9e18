import type { Type } from '../base/index.ts';

/**
 * What an op takes and gives: a Tensor when code runs eagerly, a node's output while a graph is
 * being made. Ops, gradients and rewrites see no more than this.
 */
export interface Value extends Type {
  readonly device: string;
}

/** An operand: a value, or a JavaScript number, which is a weakly typed run-time scalar. */
export type Operand = Value | number;

export const isValue = (x: Operand): x is Value => typeof x !== 'number';
