/**
 * A program, not a test: makes argv[2] tensors too large for a slab in one synchronous loop, and
 * prints how many megabytes of JavaScript's own heap are left behind.
 */
import { ones } from '../../src/index.ts';

const collect = (globalThis as { gc?: () => void }).gc as () => void;
const x = ones([20_000]);
const make = (count: number): void => {
  for (let i = 0; i < count; i++) x.add(i % 7);
};
const used = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
make(2000);
const before = used();
make(Number(process.argv[2]));
console.log(JSON.stringify({ grown: used() - before }));
