import { describe, expect, test } from 'vitest';
import { type FixtureCase, loadFixture, type NormAttrs } from '../../test/fixtures/load.ts';
import { manualSeed, nn, noGrad, randn, type Tensor, tensor, vjp, zeros } from '../index.ts';
import { gradCheck } from '../testing/index.ts';

type Case = FixtureCase<NormAttrs>;

const numbers = (t: Tensor | null): number[] => Array.from((t as Tensor).data(), Number);
const int32 = (x: number[] | number): Tensor => tensor(x as number[], { dtype: 'int32' });
const casesOf = (op: string): Case[] => loadFixture('norms').cases.filter((c) => c.op === op);
const input = (c: Case, name: string): Tensor => {
  const { data, dtype, shape } = c.inputs.find((x) => x.name === name) as Case['inputs'][0];
  return tensor(data, { dtype }).reshape(shape) as Tensor;
};
const has = (c: Case, name: string): boolean => c.inputs.some((x) => x.name === name);

/** Everything that is further off than rounding, by name. */
function far(got: Tensor | null, want: Case['outputs'][0], tolerance = 2e-5): string[] {
  const scale = Math.max(1, ...want.data.map(Math.abs));
  return numbers(got).flatMap((x, i) =>
    Math.abs(x - want.data[i]) <= tolerance * scale
      ? []
      : [`${want.name}[${i}]: ${x}, not ${want.data[i]}`],
  );
}

/** Runs a layer and its backward pass against the recorded ones. */
function check(c: Case, layer: nn.Module, x: Tensor, tolerance?: number): void {
  const float = x.dtype === 'float32';
  if (float) x.requiresGrad = true;
  const y = layer.forward(x) as Tensor;
  const { data, shape } = c.gradOutput as NonNullable<Case['gradOutput']>;
  y.backward({ gradient: tensor(data).reshape(shape) as Tensor });
  const gradients = new Map(layer.namedParameters().map(([name, p]) => [name, p.grad]));
  if (float) gradients.set('x', x.grad);
  const problems = far(y, c.outputs[0], tolerance);
  for (const want of c.inputGrads) {
    if (want === null) continue;
    problems.push(...far(gradients.get(want.name) ?? null, want, tolerance));
  }
  expect(y.shape).toEqual(c.outputs[0].shape);
  expect(problems).toEqual([]);
}

describe('layerNorm', () => {
  test.each(casesOf('layer_norm').map((c) => [c.name, c] as const))('%s', (_, c) => {
    const { normalizedShape = [], eps } = c.attrs;
    const affine = has(c, 'weight');
    const layer = nn.layerNorm(normalizedShape, { eps, elementwiseAffine: affine });
    if (affine) {
      layer.loadStateDict({ weight: input(c, 'weight'), bias: input(c, 'bias') });
    }
    check(c, layer, input(c, 'x'), c.name.endsWith('far') ? 2e-4 : undefined);
  });

  test('is what the formula says, in float64', () => {
    manualSeed(1);
    const layer = nn.layerNorm([3, 4], { eps: 1e-3 }).to('float64');
    for (const p of layer.parameters()) p.assign(randn(p.shape).double());
    const x = randn([5, 3, 4]).double();
    const [w, b] = layer.parameters().map(numbers);
    const wanted: number[] = [];
    const values = numbers(x);
    for (let row = 0; row < 5; row++) {
      const xs = values.slice(row * 12, row * 12 + 12);
      const mean = xs.reduce((s, v) => s + v, 0) / 12;
      const variance = xs.reduce((s, v) => s + (v - mean) ** 2, 0) / 12;
      wanted.push(...xs.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-3)) * w[i] + b[i]));
    }
    numbers(layer.forward(x)).forEach((y, i) => {
      expect(Math.abs(y - wanted[i])).toBeLessThan(1e-13);
    });
    gradCheck((z) => layer.forward(z), [x], { order: 2 });
  });

  test('names, defaults, and what does not fit', () => {
    const layer = nn.layerNorm(4);
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'bias']);
    expect([numbers(layer.weight), numbers(layer.bias)]).toEqual([
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ]);
    expect(nn.layerNorm(4, { bias: false }).bias).toBeNull();
    expect(nn.layerNorm(4, { elementwiseAffine: false }).parameters()).toEqual([]);
    expect(() => layer.forward(zeros([2, 3]) as Tensor)).toThrow(/expects \[4\] .* not \[3\]/);
    expect(() => layer.forward(zeros([]) as Tensor)).toThrow(/expects \[4\]/);
    expect(() => nn.layerNorm([])).toThrow(/normalizedShape is empty/);
    expect(() => nn.layerNorm([3, 0])).toThrow(/normalizedShape\[1\] must be a whole number/);
    expect(() => nn.layerNorm(3, { eps: -1 })).toThrow(/eps must be a number from 0/);
    expect(String(nn.layerNorm([3, 4], { eps: 0.1 }))).toBe('LayerNorm(3×4, eps 0.1)');
    const shape: readonly [2, 4] = nn.sequential(layer).forward(zeros([2, 4])).shape;
    expect(shape).toEqual([2, 4]);
  });
});

describe('batchNorm2d', () => {
  test.each(casesOf('batch_norm').map((c) => [c.name, c] as const))('%s', (_, c) => {
    const { training, momentum, eps } = c.attrs;
    const x = input(c, 'x');
    const layer = nn.batchNorm2d(x.shape[1], { momentum, eps }).train(training);
    layer.loadStateDict({
      weight: input(c, 'weight'),
      bias: input(c, 'bias'),
      runningMean: input(c, 'runningMean'),
      runningVar: input(c, 'runningVar'),
      numBatchesTracked: tensor(0, { dtype: 'int64' }),
    });
    check(c, layer, x);
    const [, mean, variance] = c.outputs;
    if (training) {
      expect([...far(layer.runningMean, mean), ...far(layer.runningVar, variance)]).toEqual([]);
    } else {
      expect(layer.runningMean?.toArray()).toEqual(input(c, 'runningMean').toArray());
    }
    expect(layer.numBatchesTracked?.item()).toBe(training ? 1 : 0);
  });

  test('running statistics by the formulas, in float64', () => {
    manualSeed(2);
    const layer = nn.batchNorm2d(2, { momentum: 0.25 }).to('float64');
    let [mean, variance] = [0, 1];
    for (let t = 0; t < 3; t++) {
      const x = randn([3, 2, 2, 2]).double().mul(3).add(t) as Tensor;
      layer.forward(x);
      const xs = numbers(x.at(':', 1) as Tensor);
      const m = xs.reduce((s, v) => s + v, 0) / 12;
      const v = xs.reduce((s, y) => s + (y - m) ** 2, 0) / 11;
      [mean, variance] = [0.75 * mean + 0.25 * m, 0.75 * variance + 0.25 * v];
    }
    expect(layer.runningMean?.at(1).item()).toBeCloseTo(mean, 12);
    expect(layer.runningVar?.at(1).item()).toBeCloseTo(variance, 12);
    expect(layer.numBatchesTracked?.itemBigInt()).toBe(3n);
  });

  test('gradients of training and of evaluation', () => {
    manualSeed(3);
    const layer = nn.batchNorm2d(2, { eps: 0.1 }).to('float64');
    const x = randn([2, 2, 2, 3]).double();
    gradCheck((z) => layer.forward(z), [x], { order: 2 });
    layer.eval();
    gradCheck((z) => layer.forward(z).square(), [x], { order: 2 });
  });

  test('momentum null takes the mean over all batches', () => {
    const layer = nn.batchNorm2d(1, { momentum: null });
    for (const v of [2, 4, 9]) layer.forward(tensor([[[[v - 1, v + 1]]]]));
    expect(layer.runningMean?.item()).toBeCloseTo(5, 5);
    expect(layer.runningVar?.item()).toBeCloseTo(2, 5);
  });

  test('names, defaults, and settings', () => {
    const layer = nn.batchNorm2d(3);
    expect(Object.keys(layer.stateDict())).toEqual([
      'weight',
      'bias',
      'runningMean',
      'runningVar',
      'numBatchesTracked',
    ]);
    expect([layer.parameters().length, layer.buffers().length]).toEqual([2, 3]);
    expect(layer.numBatchesTracked?.dtype).toBe('int64');
    const free = nn.batchNorm2d(1, { affine: false, trackRunningStats: false }).eval();
    expect(Object.keys(free.stateDict())).toEqual([]);
    expect(numbers(free.forward(tensor([[[[1, 3]]]])))[1]).toBeCloseTo(1, 4);
    expect(String(nn.batchNorm2d(3, { momentum: null }))).toBe('BatchNorm2d(3, momentum null)');
  });

  test('a state that was read keeps its values; noGrad changes nothing of the rules', () => {
    const layer = nn.batchNorm2d(1);
    const before = layer.stateDict();
    noGrad(() => layer.forward(tensor([[[[1, 3]]]])));
    expect(before.runningMean.item()).toBe(0);
    expect(layer.runningMean?.item()).toBeCloseTo(0.2, 6);
    layer.loadStateDict(before);
    expect(layer.runningMean?.item()).toBe(0);
  });

  test('what does not fit', () => {
    const layer = nn.batchNorm2d(3);
    const run =
      (...shape: number[]) =>
      () =>
        layer.forward(zeros(shape) as Tensor);
    expect(run(2, 4, 5, 5)).toThrow(/expects \[N, 3, H, W\], not \[2, 4, 5, 5\]/);
    expect(run(2, 3)).toThrow(/expects \[N, 3, H, W\]/);
    expect(run(1, 3, 1, 1)).toThrow(/1 elements in each channel[^]*net\.eval\(\)/);
    expect(layer.numBatchesTracked?.item()).toBe(0);
    expect(layer.eval().forward(zeros([1, 3, 1, 1]) as Tensor).shape).toEqual([1, 3, 1, 1]);
    expect(() => nn.batchNorm2d(0)).toThrow(/numFeatures/);
    expect(() => nn.batchNorm2d(1, { momentum: 2 })).toThrow(/momentum must be .* from 0 to 1/);
    expect(() => nn.batchNorm2d(1, { eps: Number.NaN })).toThrow(/eps must be/);
    expect(() => nn.batchNorm2d(1, { trackRunningStatistics: true } as never)).toThrow(
      /no option 'trackRunningStatistics'/,
    );
  });
});

describe('embedding', () => {
  test.each(casesOf('embedding').map((c) => [c.name, c] as const))('%s', (_, c) => {
    const weight = input(c, 'weight');
    const [entries, features] = weight.shape;
    const layer = nn.embedding(entries, features, { paddingIdx: c.attrs.paddingIdx });
    layer.loadStateDict({ weight });
    check(c, layer, input(c, 'index'));
  });

  test('starts normal, zeros for padding, and gives padding no gradient', () => {
    manualSeed(4);
    const layer = nn.embedding(200, 50, { paddingIdx: -1 });
    expect(layer.paddingIdx).toBe(199);
    const values = numbers(layer.weight);
    expect(values.slice(-50).every((x) => x === 0)).toBe(true);
    const deviation = Math.sqrt(values.reduce((s, x) => s + x * x, 0) / values.length);
    expect(deviation).toBeCloseTo(1, 1);
    layer
      .forward(int32([199, 0]))
      .sum()
      .backward();
    const [first, last] = [0, 199].map((i) => layer.weight.grad?.at(i).sum().item());
    expect([first, last]).toEqual([50, 0]);
    expect(Object.keys(layer.stateDict())).toEqual(['weight']);
    expect(String(layer)).toBe('Embedding(200, 50, padding 199)');
  });

  test('gradients are added up where an entry is used twice', () => {
    const table = tensor([
      [1, 2],
      [3, 4],
    ]);
    const layer = nn.embedding(2, 2);
    layer.loadStateDict({ weight: table });
    const [y, pull] = vjp((w) => w.mul(1).at([1, 1]) as Tensor, table);
    const out = layer.forward(int32([1, 1]));
    expect(out.toArray()).toEqual(y.toArray());
    out.backward({
      gradient: tensor([
        [1, 2],
        [3, 4],
      ]) as never,
    });
    expect(layer.weight.grad?.toArray()).toEqual(
      pull(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )[0].toArray(),
    );
    expect(layer.forward(int32(1)).shape).toEqual([2]);
    const shape: readonly [2, 3, 2] = layer.forward(zeros([2, 3], { dtype: 'int32' })).shape;
    expect(shape).toEqual([2, 3, 2]);
  });

  test('what is no entry', () => {
    const layer = nn.embedding(3, 2);
    expect(() => layer.forward(int32([0, 3]))).toThrow(/operand 1 holds 3 at \[1\][^]*use 0 to 2/);
    expect(() => layer.forward(int32([0, -1]))).toThrow(/out of range/);
    expect(() => layer.forward(int32(-1))).toThrow(/out of range/);
    expect(() => layer.forward(tensor([0.5]))).toThrow(/int32 or int64, not float32/);
    expect(() => nn.embedding(3, 0)).toThrow(/embeddingDim/);
    expect(() => nn.embedding(3, 2, { paddingIdx: 3 })).toThrow(/from -3 to 2, not 3/);
    expect(() => nn.embedding(3, 2, { padding_idx: 1 } as never)).toThrow(/'paddingIdx'/);
  });
});
