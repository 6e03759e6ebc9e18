/** Convolutions, pools, products and losses against PyTorch, with their gradients. */
import { describe, expect, test } from 'vitest';
import {
  conv2d,
  logSoftmax,
  matmul,
  maxPool2d,
  nn,
  softmax,
  type Tensor,
} from '../../src/index.ts';
import { maxPool2dWithIndices } from '../../src/ir/index.ts';
import { loadFixture } from '../fixtures/load.ts';
import { check, tensorOf } from './check.ts';

describe('conv2d', () => {
  test.each(loadFixture('conv2d').cases)('$name', (c) => {
    const [x, w] = c.inputs;
    const positions = c.outputs[0].shape[2] * c.outputs[0].shape[3];
    const terms = Math.max(w.shape[1] * w.shape[2] * w.shape[3], x.shape[0] * positions);
    check(c, (a, b, bias) => conv2d(a, b, bias ?? null, c.attrs) as Tensor, {
      terms,
      exact: c.name.endsWith('_exact'),
    });
  });
});

describe('maxPool2d', () => {
  test.each(loadFixture('maxpool2d').cases)('$name', (c) => {
    const { kernelSize, ...options } = c.attrs;
    // Of several NaNs in a window PyTorch chooses the last, Gradus the first: values agree.
    const nan = c.inputs[0].data.some(Number.isNaN);
    check(c, (x) => maxPool2d(x, kernelSize, options) as Tensor, {
      exact: c.name.endsWith('_exact'),
      forwardOnly: nan,
    });
    if (nan) return;
    const [, indices] = maxPool2dWithIndices(tensorOf(c.inputs[0]), kernelSize, options);
    expect((indices as Tensor).dtype).toBe('int32');
    expect(Array.from((indices as Tensor).data(), Number)).toEqual(c.outputs[1].data);
  });
});

describe('matmul', () => {
  test.each(loadFixture('matmul').cases)('$name', (c) => {
    const terms = Math.max(1, ...c.inputs.flatMap((x) => x.shape));
    check(c, (a, b) => matmul(a, b as never) as Tensor, {
      terms,
      exact: c.name.endsWith('_exact'),
    });
  });
});

describe('losses', () => {
  test.each(loadFixture('cross_entropy').cases)('$name', (c) => {
    const { dim, reduction, labelSmoothing } = c.attrs;
    const functions: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
      cross_entropy: (x, y) => nn.crossEntropy(x, y, { reduction, labelSmoothing }) as Tensor,
      mse_loss: (x, y) => nn.mseLoss(x, y, { reduction }) as Tensor,
      softmax: (x) => softmax(x, dim) as Tensor,
      log_softmax: (x) => logSoftmax(x, dim) as Tensor,
    };
    check(c, functions[c.op], { terms: c.inputs[0].shape.reduce((a, b) => Math.max(a, b), 1) });
  });
});
