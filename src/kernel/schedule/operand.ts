/** What nodes read: operands below their views, scalars that need no memory, dtypes. */
import { bytesOf, type DType, type Shape } from '../../base/index.ts';
import type { OpDef } from '../../ir/index.ts';
import { type GraphNode, type GraphValue, typeOf } from '../../ir/index.ts';
import { type Expr, ExprPool, tracer } from './expr.ts';

export type AnyLowering = NonNullable<OpDef['lower']>;
export type LoweringOf<K extends AnyLowering['kind']> = Extract<AnyLowering, { kind: K }>;

/** What an operand comes down to below its views. */
export interface Chain {
  readonly base: GraphValue | number;
  /** From the base outwards. */
  readonly views: readonly GraphNode[];
}

/** Follows views down to what they show. */
export function chainOf(x: GraphValue | number): Chain {
  const views: GraphNode[] = [];
  let base = x;
  while (typeof base !== 'number' && base.node !== null && base.node.def.lower?.kind === 'view') {
    views.push(base.node);
    base = base.node.inputs[0];
  }
  return { base, views: views.reverse() };
}

/**
 * A number, a run-time scalar, or what elementwise ops make of nothing but these: the same in
 * every element. It belongs to no step and has no memory; each reader computes it.
 */
export function isScalar(x: GraphValue | number): boolean {
  if (typeof x === 'number') return true;
  if (x.node === null) return x.weak !== undefined;
  return isUniform(x.node);
}

const uniform = new WeakMap<GraphNode, boolean>();

function isUniform(node: GraphNode): boolean {
  let known = uniform.get(node);
  if (known === undefined) {
    known =
      node.def.lower?.kind === 'element' &&
      node.inputs.every((x) => isScalar(chainOf(x).base)) &&
      !isPositional(node);
    uniform.set(node, known);
  }
  return known;
}

/** Whether an elementwise op asks for the element's index. */
export function isPositional(node: GraphNode): boolean {
  const lower = node.def.lower as LoweringOf<'element'>;
  const pool = new ExprPool();
  let asked = false;
  const at = (): Expr => {
    asked = true;
    return pool.position([]);
  };
  const operands = operandTypes(node).map((dtype, i) => pool.scalar(i, dtype));
  lower.expr(tracer(pool, at), operands, node.attrs, node.outputs[0]);
  return asked;
}

/** Whether an op is a step of its own: it reads its operands from memory, and no kernel goes past it. */
export function isWall({ def: { lower } }: GraphNode): boolean {
  return !['element', 'view', 'reduce', 'gather'].includes(lower?.kind ?? '');
}

/** The dtypes to which a node converts its operands. */
export function operandTypes(node: GraphNode): readonly DType[] {
  const types = node.inputs.map(typeOf);
  return node.def.operands?.(types, node.outputs, node.attrs) ?? types.map((t) => t.dtype);
}

/** A reduction's operand shape, and the dimensions that really reduce: those not of size 1. */
export function reductionOf(node: GraphNode): { dims: number[]; shape: Shape } {
  const lower = node.def.lower as LoweringOf<'reduce'>;
  const x = typeOf(node.inputs[0]);
  return { dims: lower.dims(node.attrs, x).filter((d) => x.shape[d] !== 1), shape: x.shape };
}

/** Width of a float sum or product, the reductions whose order shows; null for others. */
export function orderedWidth(node: GraphNode): number | null {
  const { combine } = node.def.lower as LoweringOf<'reduce'>;
  const [to] = operandTypes(node);
  if (combine !== 'sum' && combine !== 'prod') return null;
  return to === 'float32' || to === 'float64' ? bytesOf(to) : null;
}
