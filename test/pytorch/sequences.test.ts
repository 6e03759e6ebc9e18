/** Attention and LSTMs against PyTorch, with their gradients. */
import { describe, expect, test } from 'vitest';
import { concat, nn, scaledDotProductAttention, type Tensor } from '../../src/index.ts';
import { loadFixture } from '../fixtures/load.ts';
import { check } from './check.ts';

const { cases } = loadFixture('sequences');

describe('scaledDotProductAttention', () => {
  test.each(cases.filter((c) => c.op === 'attention'))('$name', (c) => {
    const { isCausal, scale } = c.attrs;
    const f = (q: Tensor, k: Tensor, v: Tensor, mask?: Tensor) =>
      scaledDotProductAttention(q, k, v, { mask, isCausal, scale }) as Tensor;
    check(c, f as (...xs: Tensor[]) => Tensor, { terms: 16 });
  });
});

/** `weight_ih_l0_reverse` as Gradus calls it. */
const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

describe('lstm', () => {
  test.each(cases.filter((c) => c.op === 'lstm'))('$name', (c) => {
    const { inputSize = 0, hiddenSize = 0, options, shapes } = c.attrs;
    const layer = nn.lstm(inputSize, hiddenSize, options);
    const names = c.inputs.map((x) => x.name);
    const parameters = names.filter((name) => /^(weight|bias)/.test(name)).map(camelCase);
    expect(layer.namedParameters().map(([name]) => name)).toEqual(parameters);
    const f = (...xs: Tensor[]): Tensor => {
      // The recorded values themselves take the parameters' places, so that they get the gradients.
      const fields = layer as unknown as Record<string, Tensor>;
      xs.forEach((x, i) => {
        if (/^(weight|bias)/.test(names[i])) fields[camelCase(names[i])] = x;
      });
      const state = names[1] === 'h' ? ([xs[1], xs[2]] as const) : null;
      const [y, [h, n]] = layer.forward(xs[0], state);
      expect([y, h, n].map((t) => t.shape)).toEqual(shapes);
      return concat([y, h, n].map((t) => t.flatten()));
    };
    check(c, f, { terms: 32 });
  });
});
