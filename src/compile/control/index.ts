/** Choices and loops by value, as ops. */
export { cond } from './cond.ts';
export { makeExecutable } from './executable.ts';
export { type ScanOptions, scan } from './scan.ts';
export { whileLoop } from './while-loop.ts';
