import { expect, test } from 'vitest';
import { GraphError, sameShape } from '../base/index.ts';
import { type Graph, Recorder, record } from './graph.ts';
import { type Attrs, attrs, defineOp } from './op.ts';
import { add, mul } from './ops/index.ts';
import { printGraph } from './print.ts';
import { runGraph } from './reference.ts';
import { verifyGraph } from './verify.ts';

interface RepeatAttrs extends Attrs {
  readonly times: number;
}

/** Applies its region `times` times: as plain as an op with a subgraph can be. */
const REPEAT = defineOp<RepeatAttrs>({
  name: 'test.repeat',
  infer([x], _, [body]) {
    if (!sameShape(body.outputs[0].shape, x.shape)) {
      throw new GraphError({ op: 'test.repeat', problem: 'the body changes the shape' });
    }
    return x;
  },
  reference([x], { times }, _, [body]) {
    let y = x;
    for (let i = 0; i < times; i++) [y] = body([y]);
    return y;
  },
  lower: { kind: 'element', expr: (_, [x]) => x },
});

const vector = { shape: [2], dtype: 'float64' as const };

function repeated(body: Graph, times: number): Graph {
  const recorder = new Recorder('cpu');
  const x = recorder.input(vector);
  const outputs = recorder.apply(REPEAT, [x], attrs({ times }), [body]);
  return { name: 'repeated', inputs: [x], nodes: recorder.nodes, outputs };
}

const body = record('body', (x) => add(mul(x, 2), 1), [vector], 'cpu');

test('a node with a region runs, prints and verifies', () => {
  const graph = repeated(body, 3);
  verifyGraph(graph);
  const x = { ...vector, data: Float64Array.of(0, 1) };
  expect(Array.from(runGraph(graph, [x])[0].data, Number)).toEqual([7, 15]);
  expect(printGraph(graph)).toBe(
    [
      'graph repeated(%0: float64[2])',
      '  %1 = test.repeat(%0) {times: 3} : float64[2]',
      '    graph body(%0: float64[2])',
      '      %1 = mul(%0, 2) : float64[2]',
      '      %2 = add(%1, 1) : float64[2]',
      '      return %2',
      '  return %1',
      '',
    ].join('\n'),
  );
});

test('the op sees its regions when it infers', () => {
  const widened = record('wide', (x) => add(x, x), [{ ...vector, shape: [3] }], 'cpu');
  expect(() => repeated(widened, 1)).toThrow('the body changes the shape');
});

test('a region that is no graph is found inside its node', () => {
  const broken = { ...body, nodes: [...body.nodes].reverse() };
  expect(() => verifyGraph(repeated(broken, 1))).toThrow(/body: %1 is used before it is defined/);
});
