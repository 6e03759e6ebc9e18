/** Graphs as text, one line a node. */
import type { Type } from '../base/index.ts';
import type { Graph, GraphNode, GraphValue } from './graph.ts';
import type { Attrs } from './op.ts';

/** `float32[64, 10]`; a run-time scalar says that it is one. */
export function printType(t: Type): string {
  const text = `${t.dtype}[${t.shape.join(', ')}]`;
  return t.weak === undefined ? text : `${text} scalar`;
}

/** `%3 = matmul(%0, %1) : float32[64, 10]`; attributes stand in braces behind the operands. */
export function printNode({ def, inputs, attrs, outputs }: GraphNode): string {
  const names = outputs.map((v) => `%${v.id}`).join(', ');
  const types = outputs.map(printType).join(', ');
  const operands = inputs.map((x) => (typeof x === 'number' ? `${x}` : `%${x.id}`)).join(', ');
  return `${names} = ${def.name}(${operands})${printAttrs(attrs)} : ${types}`;
}

/** The whole graph: its inputs, its nodes, what it returns. */
export function printGraph(graph: Graph): string {
  const named = (v: GraphValue) => `%${v.id}: ${printType(v)}`;
  return [
    `graph ${graph.name}(${graph.inputs.map(named).join(', ')})`,
    ...graph.nodes.flatMap((node) => [
      `  ${printNode(node)}`,
      ...node.regions.map((region) => printGraph(region).trimEnd().replace(/^/gm, '    ')),
    ]),
    `  return ${graph.outputs.map((v) => `%${v.id}`).join(', ')}`,
    '',
  ].join('\n');
}

function printAttrs(attrs: Attrs | null): string {
  if (attrs === null) return '';
  const entries = Object.entries(attrs).filter(([k, v]) => k !== 'attrId' && v !== undefined);
  return entries.length === 0
    ? ''
    : ` {${entries.map(([k, v]) => `${k}: ${printValue(v)}`).join(', ')}}`;
}

function printValue(v: unknown): string {
  return Array.isArray(v) ? `[${v.map(printValue).join(', ')}]` : String(v);
}
