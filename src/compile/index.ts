/** The room's door: compile(), choices and loops that it can record, symbolic graphs. */
export { type Compiled, type CompileOptions, compile } from './compile.ts';
export { cond, type ScanOptions, scan, whileLoop } from './control/index.ts';
/** @internal */
export * from './internals.ts';
export type { Pass } from './passes/index.ts';
export {
  type GraphFunction,
  type GraphOptions,
  graph,
  type OpenShape,
  OpGraph,
  type OpInput,
  type OpNode,
  type OpValue,
  type PlaceholderOptions,
  placeholder,
  type Rule,
  type RuleOps,
  type SymbolicGraph,
} from './symbolic/index.ts';
