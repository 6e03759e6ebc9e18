/** The ops themselves: printed, verified, and run by the reference as graphs. */
import { expect, test } from 'vitest';
import { cond, grad, scan, type Tensor, tensor, whileLoop } from '../../index.ts';
import { type Graph, type NdArray, printGraph, runGraph, verifyGraph } from '../../ir/index.ts';
import { runPasses } from '../passes/index.ts';
import { recordFunction } from '../record.ts';
import { flatten } from '../tree.ts';

const nd = (t: Tensor): NdArray => ({
  shape: t.shape,
  dtype: t.dtype,
  data: Float64Array.from(t.data() as Float32Array),
});

const record = (f: (x: Tensor) => Tensor, x: Tensor): Graph =>
  recordFunction(
    f,
    flatten('f', [x], (i) => `argument ${i}`),
    {
      name: 'f',
      device: 'cpu',
      keepGrads: false,
    },
  ).graph;

const x = tensor([0.5, -0.25, 0.75]);
const functions: Record<string, (x: Tensor) => Tensor> = {
  cond: (a) =>
    cond(
      a.sum().gt(2),
      () => a.exp(),
      () => a.softmax(0),
    ),
  whileLoop: (a) =>
    whileLoop(
      ([n]) => n.lt(3),
      ([n, y]) => [n.add(1), y.mul(a).tanh()],
      [tensor(0), a],
    )[1],
  scan: (a) => scan((c, v) => [c.mul(v).add(a), c], a, a.unsqueeze(1).mul(a), { reverse: true })[1],
};

test.each(Object.entries(functions))('%s as a graph, and its gradient', (_, f) => {
  for (const g of [f, grad((a) => f(a).square().sum())]) {
    const graph = record(g, x);
    verifyGraph(graph);
    // Constants are inputs too: there is one at most, the 0 that counting begins with.
    const inputs = graph.inputs.map((v) => (v.shape.length === 0 ? nd(tensor(0)) : nd(x)));
    for (const now of [graph, runPasses(graph)]) {
      const [out] = runGraph(now, inputs);
      g(x)
        .data()
        .forEach((v, i) => {
          expect(Number(out.data[i])).toBeCloseTo(Number(v), 5);
        });
    }
  }
});

test('a choice in print', () => {
  const graph = record(
    (a) =>
      cond(
        a.sum().gt(2),
        (b) => b.mul(2),
        (b) => b.exp(),
        a,
      ),
    x,
  );
  expect(printGraph(graph)).toBe(
    [
      'graph f(%0: float32[3])',
      '  %1 = sum(%0) {dims: [0], keepdim: false} : float32[]',
      '  %2 = gt(%1, 2) : bool[]',
      '  %3 = cond(%2, %0) : float32[3]',
      '    graph ifTrue(%0: float32[3])',
      '      %1 = mul(%0, 2) : float32[3]',
      '      return %1',
      '    graph ifFalse(%0: float32[3])',
      '      %1 = exp(%0) : float32[3]',
      '      return %1',
      '  return %3',
      '',
    ].join('\n'),
  );
});
