/** Checks that a graph is one: run after it is made and after every pass that changes it. */
import { GraphError, sameShape, type Type } from '../base/index.ts';
import { type Graph, type GraphNode, type GraphValue, inferAll, typeOf } from './graph.ts';
import { printNode, printType } from './print.ts';

/**
 * Throws a GraphError unless every value is defined once and before its use, each node has the
 * outputs that its op infers from its operands, and the graph returns values it defines.
 */
export function verifyGraph(graph: Graph): void {
  const defined = new Set<GraphValue>();
  const ids = new Set<number>();
  const define = (v: GraphValue, at: string): void => {
    if (defined.has(v) || ids.has(v.id)) fail(graph, `%${v.id} is defined twice, in ${at}`);
    defined.add(v);
    ids.add(v.id);
  };
  for (const v of graph.inputs) {
    if (v.node !== null) fail(graph, `input %${v.id} is the output of a node`);
    define(v, 'inputs');
  }
  for (const node of graph.nodes) {
    for (const x of node.inputs) {
      if (typeof x === 'number' || defined.has(x)) continue;
      fail(graph, `%${x.id} is used before it is defined, in ${printNode(node)}`);
    }
    for (const region of node.regions) verifyGraph(region);
    checkOutputs(graph, node);
    for (const v of node.outputs) define(v, printNode(node));
  }
  for (const v of graph.outputs) {
    if (!defined.has(v)) fail(graph, `%${v.id} is returned but never defined`);
  }
}

function checkOutputs(graph: Graph, node: GraphNode): void {
  const inferred = inferAll(node.def, node.inputs.map(typeOf), node.attrs, node.regions);
  if (inferred.length !== node.outputs.length) {
    fail(graph, `expected ${inferred.length} outputs in ${printNode(node)}`);
  }
  for (const [i, v] of node.outputs.entries()) {
    if (v.node !== node || v.index !== i) {
      fail(graph, `%${v.id} does not name its node and place, in ${printNode(node)}`);
    }
    if (sameType(v, inferred[i])) continue;
    fail(graph, `%${v.id} should be ${printType(inferred[i])} in ${printNode(node)}`);
  }
}

const sameType = (a: Type, b: Type): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

function fail(graph: Graph, problem: string): never {
  throw new GraphError({ op: graph.name, problem });
}
