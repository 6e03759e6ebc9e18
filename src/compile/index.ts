/** The room's door: compile(), and choices and loops that it can record. */
export { type Compiled, type CompileOptions, compile } from './compile.ts';
export { cond, type ScanOptions, scan, whileLoop } from './control/index.ts';
