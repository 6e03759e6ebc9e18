/** The rules and passes that compiled functions were made with, for tools that look at them. */
import type { Pass } from './passes/index.ts';
import type { Rule } from './symbolic/rewrite.ts';

const known = new WeakMap<object, readonly (Rule | Pass)[]>();

export function noteOwnPasses(compiled: object, passes: readonly (Rule | Pass)[]): void {
  known.set(compiled, passes);
}

/** None for a function that is not compiled. */
export const ownPassesOf = (fn: object): readonly (Rule | Pass)[] => known.get(fn) ?? [];
