import type { Shape } from '../../base/index.ts';

/** Groups larger than this gain little and cost compile time and registers. */
export const MAX_NODES = 120;

/** What a group that computes values of a shape runs over. */
export const spaceOf = (shape: Shape): number[] => shape.filter((n) => n !== 1);
