/**
 * Keeps costly values between phases. Phases recompute what they share, but softmax would then
 * take every exponential twice: where the last phase needs nothing else from memory, the one
 * before leaves the value in the output, and the last phase finishes it there.
 */
import type { Expr, ExprPool } from './expr.ts';
import { argsOf } from './expr.ts';
import { costOf, type FusedKernel } from './plan.ts';

/** Cheaper values are recomputed. */
const WORTH = 15;

export function keepCostly(kernel: FusedKernel, pool: ExprPool): FusedKernel {
  const inner = kernel.stores.filter((s) => s.place === 'inner');
  if (inner.length !== 1 || inner[0].value.level === 0) return kernel;
  const [store] = inner;
  const { stream, value } = store;
  const phase = value.level - 1;
  if (value.dtype !== 'float32' && value.dtype !== 'float64') return kernel;
  const before = new Set<Expr>();
  const reductions = allBelow(value, true).filter((e) => e.kind === 'reduced');
  for (const e of reductions) {
    if (e.level === value.level)
      for (const x of allBelow(e.reduction.operand, false)) before.add(x);
  }
  const kept = allBelow(value, false).filter(
    (e) => before.has(e) && e.dtype === value.dtype && e.kind === 'op' && weight(e) >= WORTH,
  );
  // The largest: the one that no other candidate contains.
  const inside = new Set(kept.flatMap((e) => allBelow(e, false).filter((x) => x !== e)));
  const tops = kept.filter((e) => !inside.has(e));
  if (tops.length !== 1 || !spans(tops[0], kernel)) return kernel;
  const [top] = tops;
  const reload = pool.load(stream);
  const next = replace(value, top, reload, pool, new Map());
  const rest = allBelow(next, false).some(
    (e) => e !== reload && (e.kind === 'load' || e.kind === 'gather') && touchesInner(e, kernel),
  );
  if (rest) return kernel;
  const others = kernel.stores.filter((s) => s !== store);
  const stores = [...others, { ...store, value: top, phase }, { ...store, value: next }];
  return { ...kernel, stores };
}

/** Expressions below one, itself included; past reductions only if asked. */
function allBelow(root: Expr, past: boolean): Expr[] {
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    for (const a of argsOf(e)) visit(a);
    if (past && e.kind === 'reduced') visit(e.reduction.operand);
  };
  visit(root);
  return [...seen];
}

const weight = (e: Expr): number => allBelow(e, false).reduce((sum, x) => sum + costOf(x), 0);

const touchesInner = (e: Expr, { inner }: FusedKernel): boolean =>
  (e.kind === 'load' || e.kind === 'gather' || e.kind === 'position') &&
  (e.stream.strides.some((n, d) => n !== 0 && inner[d]) ||
    (e.kind === 'gather' &&
      allBelow(e.index, false).some((x) => touchesInner(x, { inner } as FusedKernel))));

/** Whether the value differs along reduced dimensions at all. */
const spans = (e: Expr, kernel: FusedKernel): boolean =>
  allBelow(e, false).some((x) => touchesInner(x, kernel));

function replace(e: Expr, from: Expr, to: Expr, pool: ExprPool, done: Map<Expr, Expr>): Expr {
  if (e === from) return to;
  if (e.kind !== 'op') return e;
  let out = done.get(e);
  if (out === undefined) {
    const args = e.args.map((a) => (typeof a === 'number' ? a : replace(a, from, to, pool, done)));
    out = pool.op(e.fn, args, e.dtype, e.position);
    done.set(e, out);
  }
  return out;
}
