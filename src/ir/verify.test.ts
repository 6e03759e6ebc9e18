import { expect, test } from 'vitest';
import { GraphError } from '../base/index.ts';
import { type Graph, type GraphNode, GraphValue, graphOf } from './graph.ts';
import { attrs } from './op.ts';
import { ADD, SOFTMAX } from './ops/index.ts';
import { verifyGraph } from './verify.ts';

const vector = { shape: [3], dtype: 'float32' as const };
const good = (): Graph => graphOf(SOFTMAX, [vector], attrs({ dim: 0 }), 'cpu');

function bad(change: (g: Graph) => Partial<Graph>): () => void {
  const graph = good();
  return () => verifyGraph({ ...graph, ...change(graph) });
}

/** A node whose first output has another type. */
function mistyped(node: GraphNode, shape: number[]): GraphNode {
  const copy = { ...node, outputs: [] as GraphValue[] };
  copy.outputs.push(new GraphValue(99, { shape, dtype: 'float32' }, 'cpu', copy, 0));
  return copy;
}

test('a recorded graph holds', () => {
  verifyGraph(good());
  verifyGraph(graphOf(ADD, [vector, { shape: [], dtype: 'int32', weak: 'int' }], null, 'cpu'));
});

test('a use before the definition', () => {
  const swapped = bad((g) => ({ nodes: [...g.nodes].reverse() }));
  expect(swapped).toThrow(GraphError);
  expect(swapped).toThrow(/%\d+ is used before it is defined, in %\d+ = div/);
});

test('a value defined twice', () => {
  expect(bad((g) => ({ nodes: [...g.nodes, g.nodes[0]] }))).toThrow('is defined twice');
});

test('an output that the op does not infer', () => {
  const wrong = bad((g) => ({ nodes: [mistyped(g.nodes[0], [7])] }));
  expect(wrong).toThrow('%99 should be float32[1] in %99 = max(%0)');
});

test('a missing output', () => {
  expect(bad((g) => ({ nodes: [{ ...g.nodes[0], outputs: [] }] }))).toThrow('expected 1 outputs');
});

test('a result from nowhere', () => {
  expect(bad(() => ({ nodes: [] }))).toThrow('is returned but never defined');
});
