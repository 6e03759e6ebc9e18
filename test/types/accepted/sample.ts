// A program that compiles: the type tests of test/types run, whatever else stands there.
const shape = [2, 3] as const;
const rows: 2 = shape[0];
export const sample: readonly [2, 3] = [rows, shape[1]];
