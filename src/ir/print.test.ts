import { expect, test } from 'vitest';
import { WEAK_FLOAT } from '../base/index.ts';
import { graphOf } from './graph.ts';
import { attrs } from './op.ts';
import { LEAKY_RELU, LINEAR, MAX_POOL2D, SOFTMAX } from './ops/index.ts';
import { printGraph } from './print.ts';

const f32 = (...shape: number[]) => ({ shape, dtype: 'float32' as const });

test('a graph is one line a node', () => {
  const graph = graphOf(LINEAR, [f32(64, 3), f32(10, 3), f32(10)], attrs({ bias: true }), 'cpu');
  expect(
    printGraph(graph),
  ).toBe(`graph linear(%0: float32[64, 3], %1: float32[10, 3], %2: float32[10])
  %3 = permute(%1) {dims: [1, 0]} : float32[3, 10]
  %4 = matmul(%0, %3) : float32[64, 10]
  %5 = add(%4, %2) : float32[64, 10]
  return %5
`);
});

test('constants, run-time scalars and nested attributes', () => {
  const graph = graphOf(LEAKY_RELU, [f32(2), WEAK_FLOAT], null, 'cpu');
  expect(printGraph(graph)).toBe(`graph leakyRelu(%0: float32[2], %1: float32[] scalar)
  %2 = gt(%0, 0) : bool[2]
  %3 = mul(%0, %1) : float32[2]
  %4 = where(%2, %0, %3) : float32[2]
  return %4
`);
  const softmax = graphOf(SOFTMAX, [f32(2, 3)], attrs({ dim: 1 }), 'cpu');
  expect(printGraph(softmax)).toContain('= max(%0) {dims: [1], keepdim: true} : float32[2, 1]');
});

test('several outputs', () => {
  const window = {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    dilation: [1, 1],
    ceilMode: false,
  };
  const graph = graphOf(MAX_POOL2D, [f32(1, 1, 4, 4)], attrs(window), 'cpu');
  expect(printGraph(graph)).toContain('%1, %2 = maxPool2d(%0)');
  expect(printGraph(graph)).toContain(': float32[1, 1, 2, 2], int32[1, 1, 2, 2]');
});
