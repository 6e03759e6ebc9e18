import { expect, it } from 'vitest';
import type { Value } from '../../ir/index.ts';
import * as ops from '../../ir/index.ts';
import { type Input, random, record } from '../schedule/harness.test-util.ts';
import { fuse } from './index.ts';

/** The ops of each step, in the graph's order. */
function steps(inputs: readonly Input[], f: (xs: Value[]) => Value | readonly Value[]): string[] {
  const graph = record(inputs, f);
  return fuse(graph).steps.map((s) =>
    graph.nodes
      .filter((n) => s.nodes.includes(n))
      .map((n) => n.def.name)
      .join(' '),
  );
}

const { add, exp, mul, relu, sum, transpose } = ops;
const x = random([6, 10]);

it('puts elementwise ops, reductions and what follows per row into one step', () => {
  expect(steps([x, x], ([a, b]) => relu(add(a, b)))).toEqual(['add relu']);
  expect(steps([x], ([a]) => ops.softmax(a, 1))).toEqual(['max sub exp sum div']);
  expect(steps([x], ([a]) => exp(ops.reshape(sum(relu(a), 1), [6, 1])))).toEqual(['relu sum exp']);
});

it('merges groups that meet', () => {
  expect(steps([x, x], ([a, b]) => add(exp(a), relu(b)))).toEqual(['exp relu add']);
  expect(steps([x], ([a]) => mul(sum(a, 1), ops.max(a, 1)))).toEqual(['sum max mul']);
});

it('reads an operand once for reductions alike', () => {
  const twice = ([a, b]: Value[]) => [sum(mul(a, b), 0), sum(a, 0)];
  expect(steps([x, x], twice)).toEqual(['mul sum sum']);
  expect(steps([x], ([a]) => [sum(a, 1), ops.max(a, 1)])).toEqual(['sum max']);
  expect(steps([x], ([a]) => [sum(a, 1), ops.max(a, 0)])).toEqual(['sum', 'max']);
  expect(steps([x, x], ([a, b]) => [sum(a, 1), sum(b, 1)])).toEqual(['sum', 'sum']);
  const product = ([a, b]: Value[]) => {
    const y = ops.matmul(a, b);
    return [sum(y, 0), sum(mul(y, y), 0)];
  };
  expect(steps([x, random([10, 6])], product)).toEqual(['matmul', 'sum', 'mul sum']);
});

it('cuts where dimensions do not agree', () => {
  expect(steps([x], ([a]) => sum(sum(exp(a), 1)))).toEqual(['exp sum', 'sum']);
  expect(steps([x], ([a]) => add(sum(a, 1, true), sum(a, 0, true)))).toEqual(['sum', 'sum add']);
  expect(steps([x], ([a]) => add(transpose(exp(a)), ops.reshape(a, [10, 6])))).toEqual([
    'exp',
    'add',
  ]);
});

it('never makes a cycle', () => {
  // relu and add would be one group, but the product between them needs relu in memory.
  const square = random([8, 8]);
  const f = ([a, b]: Value[]) => {
    const y = relu(a);
    return add(y, ops.matmul(y, b));
  };
  expect(steps([square, square], f)).toEqual(['relu', 'matmul', 'add']);
});

it('gives scalars and dead nodes no step', () => {
  expect(steps([x, 2], ([a, s]) => mul(a, add(mul(s, 3), 1)))).toEqual(['mul']);
  expect(steps([x], ([a]) => add(a, ops.full([6, 10], 3)))).toEqual(['add']);
  const unused = ([a]: Value[]) => {
    exp(a);
    return relu(a);
  };
  expect(steps([x], unused)).toEqual(['relu']);
});

it('takes a step of an LSTM as a product and a cell, and attention as two products and what lies between', () => {
  const [gates, weight] = [random([2, 6, 40]), random([40, 10])];
  const lstm = steps([gates, weight, x, x], ([a, w, h, c]) => ops.lstm(a, w, h, c));
  expect(lstm.filter((s) => s === 'matmul')).toHaveLength(2);
  expect(lstm.filter((s) => s.includes('tanh'))).toHaveLength(2);
  const q = random([2, 8, 16]);
  const attention = steps([q, q, q], ([a, b, c]) => ops.scaledDotProductAttention(a, b, c));
  const softmax = 'mul max eq where sub exp sum eq where';
  expect(attention.toSorted()).toEqual(['div', 'matmul', 'matmul', softmax].toSorted());
});

it('ends each contraction by a group of its own', () => {
  const [a, b] = [random([8, 6]), random([6, 8])];
  const both = ([p, q]: Value[]) => add(relu(ops.matmul(p, q)), exp(ops.matmul(p, q)));
  expect(steps([a, b], both)).toEqual(['matmul', 'relu', 'matmul', 'exp add']);
  const running = ([p, q]: Value[]) => {
    const first = relu(ops.matmul(p, ops.matmul(q, p)));
    // What is reduced later goes through memory: the product does not wait for it.
    const scale = sum(exp(ops.matmul(p, q)), 1, true);
    return add(mul(first, scale), ops.matmul(p, ops.matmul(q, p)));
  };
  const products = ['matmul', 'matmul'];
  expect(steps([a, b], running)).toEqual([
    ...products,
    'relu',
    'matmul',
    'exp sum',
    'mul add',
    ...products,
  ]);
});
