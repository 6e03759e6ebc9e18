/** The room's door: compile(). */
export { type Compiled, type CompileOptions, compile } from './compile.ts';
