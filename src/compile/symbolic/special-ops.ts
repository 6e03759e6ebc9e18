/** Ops that a symbolic graph has to know, and what it asks of any op's attributes. */
import { GraphError, ShapeError } from '../../base/index.ts';
import type { Attrs, OpDef } from '../../ir/index.ts';

const RANDOM = new Set(['randomBits', 'uniform', 'normal', 'randint', 'bernoulli', 'dropout']);

/** Whether the last four operands of an op are the state of the random numbers. */
export const drawsRandom = ({ name }: OpDef, attrs: Attrs | null): boolean =>
  RANDOM.has(name) || (attrs as { readonly dropout?: unknown } | null)?.dropout === true;

/** Composites that consist of as many ops as there are steps or blocks: taken apart at each call. */
const UNROLLED = new Set(['lstmGrad', 'scaledDotProductAttentionGrad']);

/** An op whose gradient cannot be built before its sizes are known. */
const closed = (def: OpDef): OpDef => ({
  ...def,
  gradient() {
    throw new GraphError({
      op: def.name,
      problem: 'its gradient depends on sizes in a way that a symbolic graph cannot hold',
      remedy: 'take gradients of gradients through it in a function that you compile()',
    });
  },
});

/** The op as the tape of a symbolic graph sees it. */
export const tapedAs = (def: OpDef): OpDef =>
  UNROLLED.has(def.name) && def.gradient === undefined ? closed(def) : def;

/** Nobody takes an open size apart into more. */
export const MANY_PARTS = 256;

/** Numbers anywhere in attributes. */
export function numbersIn(x: unknown): number[] {
  if (typeof x === 'number') return [x];
  if (typeof x !== 'object' || x === null) return [];
  return Object.entries(x).flatMap(([key, y]) => (key === 'attrId' ? [] : numbersIn(y)));
}

/** The error of an op whose parts cannot be counted. */
export const unrolled = (op: string, n: number): ShapeError =>
  new ShapeError({
    op,
    problem: `a dimension of ${n} is an open size: there are as many parts as a call says`,
    remedy:
      'give that placeholder a number as its size (the steps of an LSTM must be known), ' +
      'or use compile(), which records each size',
  });
