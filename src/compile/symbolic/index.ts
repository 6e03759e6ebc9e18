/** Symbolic graphs: placeholders, callable graphs, rules. */
export { type GraphFunction, type GraphOptions, graph, type SymbolicGraph } from './graph.ts';
export { OpGraph, type OpInput, type OpNode, type OpValue } from './op-graph.ts';
export {
  type OpenShape,
  type PlaceholderOptions,
  placeholder,
  type ShapeFor,
} from './placeholder.ts';
export type { Rule, RuleOps } from './rewrite.ts';
