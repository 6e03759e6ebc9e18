/** What floats need on every ISA class: predicates of comparisons. */
import type { Predicate } from '../../kernel/index.ts';

/** Predicates of VCMPPS that raise nothing on NaN (Intel SDM, table 3-1). */
const PREDICATES: Readonly<Record<Predicate, number>> = {
  eq: 0,
  lt: 17,
  le: 18,
  ne: 4,
  ge: 29,
  gt: 30,
};
export const UNORDERED = 3;
export const ORDERED = 7;

export const compareFloats = (fn: Predicate): number => PREDICATES[fn];
