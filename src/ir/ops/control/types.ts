import { GraphError, sameShape, type Type } from '../../../base/index.ts';

/** The types alone, without what else a graph's value holds. */
export const typesOf = (values: readonly Type[]): Type[] =>
  values.map(({ shape, dtype }) => ({ shape, dtype }));

/** Throws a GraphError unless two lists of values have the same types. */
export function requireTypes(op: string, a: readonly Type[], b: readonly Type[]): void {
  const same = (x: Type, i: number): boolean =>
    b[i] !== undefined && x.dtype === b[i].dtype && sameShape(x.shape, b[i].shape);
  if (a.length === b.length && a.every(same)) return;
  throw new GraphError({
    op,
    problem: 'the values that its regions take and give differ in type',
    operands: [...a, ...b],
  });
}
