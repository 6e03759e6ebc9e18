import { describe, expect, test, vi } from 'vitest';
import { DataLoader } from '../data/index.ts';
import { manualSeed, nn, noGrad, optim, type Tensor, tensor, zeros } from '../index.ts';
import type { Callback, Run } from './callback.ts';
import { accuracy } from './metrics/accuracy.ts';
import { confusionMatrix } from './metrics/confusion-matrix.ts';
import { NonFiniteError } from './non-finite-error.ts';
import { bitsOf, labels, network, points, recorder, trainerOf } from './small.test-util.ts';
import { Trainer } from './trainer.ts';

const QUIET = { progress: 'none' } as const;

describe('fit', () => {
  test('does what a loop by hand does, to the bit', async () => {
    const data = points();
    const byHand = network();
    const opt = optim.adam(byHand.parameters(), { lr: 0.01 });
    const loader = () =>
      new DataLoader(
        Array.from({ length: 60 }, (_, i) => ({ x: data.x.at(i), y: data.y.at(i) })),
        { batchSize: 16, shuffle: true, seed: 5 },
      );
    manualSeed(11);
    const losses: number[] = [];
    const own = loader();
    for (let epoch = 0; epoch < 3; epoch++) {
      let sum = 0;
      for (const { x, y } of own) {
        const loss = nn.crossEntropy(byHand.forward(x) as Tensor, y as Tensor);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        sum += loss.item() * x.shape[0];
      }
      losses.push(sum / 60);
    }
    for (const given of [{ ...data }, loader()]) {
      const net = network();
      manualSeed(11);
      const options = given instanceof DataLoader ? {} : { batchSize: 16, seed: 5 };
      const history = await trainerOf(net).fit(given, { epochs: 3, ...options, ...QUIET });
      expect(bitsOf(net)).toBe(bitsOf(byHand));
      expect(history.epochs.map((e) => e.logs.loss)).toEqual(losses);
      expect(history.epochs.map((e) => e.step)).toEqual([4, 8, 12]);
      expect(history.curve).toHaveLength(12);
    }
  });

  test('averages gradients over batches: the step of one large batch, without dropout', async () => {
    const data = points();
    const nets = [1, 2].map(() => {
      manualSeed(3);
      return nn.sequential(nn.linear(4, 8), nn.tanh(), nn.linear(8, 3));
    });
    const sgd = (net: nn.Module) => optim.sgd(net.parameters(), { lr: 0.1 });
    const options = { epochs: 2, shuffle: false, ...QUIET };
    const large = new Trainer(nets[0], { loss: nn.crossEntropy, optimizer: sgd(nets[0]) });
    await large.fit(data, { ...options, batchSize: 20 });
    const small = new Trainer(nets[1], {
      loss: nn.crossEntropy,
      optimizer: sgd(nets[1]),
      accumulate: 4,
    });
    // Batches of 5: 12 of them; 4 a step.
    const history = await small.fit(data, { ...options, batchSize: 5 });
    expect(history.epochs[1].step).toBe(6);
    const [a, b] = nets.map((net) => Object.values(net.stateDict()));
    a.forEach((t, i) => {
      expect(noGrad(() => t.sub(b[i]).abs().max().item())).toBeLessThan(1e-6);
    });
  });

  test('the last, smaller group of batches counts in full', async () => {
    const data = points();
    const step = async (accumulate: number, rows: number): Promise<string> => {
      const net = nn.linear(4, 3);
      net.weight.assign(zeros([3, 4]));
      net.bias?.assign(zeros([3]));
      const optimizer = optim.sgd(net.parameters(), { lr: 1 });
      const x = data.x.narrow(0, 0, rows) as Tensor;
      const y = data.y.narrow(0, 0, rows) as Tensor;
      const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer, accumulate });
      await trainer.fit({ x, y }, { batchSize: 8, shuffle: false, ...QUIET });
      return bitsOf(net);
    };
    // One batch, of which three were expected for a step (a factor that rounds is avoided: 4).
    expect(await step(4, 8)).toBe(await step(1, 8));
  });

  test('clips gradients', async () => {
    const data = points();
    const net = network();
    const before = net.stateDict();
    const optimizer = optim.sgd(net.parameters(), { lr: 1 });
    const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer, clipGradNorm: 1e-3 });
    await trainer.fit(data, { batchSize: 60, ...QUIET });
    const moved = Object.entries(net.stateDict()).reduce(
      (sum, [name, t]) => sum + noGrad(() => t.sub(before[name]).square().sum().item()),
      0,
    );
    expect(Math.sqrt(moved)).toBeCloseTo(1e-3, 5);
  });

  test('validates, and leaves modes as they were', async () => {
    const data = points();
    const net = network() as nn.Sequential;
    net.at(2).eval(); // a part set apart: its dropout does nothing
    const seen = new Set<boolean>();
    net.at(2).registerForwardHook((m) => void seen.add(m.training));
    const trainer = trainerOf(net, { metrics: [accuracy()] });
    const history = await trainer.fit(data, { epochs: 2, validation: data, ...QUIET });
    expect(Object.keys(history.epochs[0].logs)).toEqual([
      'loss',
      'accuracy',
      'lr',
      'valLoss',
      'valAccuracy',
    ]);
    expect(await trainer.evaluate(data)).toEqual({
      loss: history.epochs[1].logs.valLoss,
      accuracy: history.epochs[1].logs.valAccuracy,
    });
    expect([...seen]).toEqual([false]);
    expect(net.training).toBe(true);
    expect(net.at(0).training).toBe(true);
  });

  test('a model in evaluation, such as a loaded one, trains all the same', async () => {
    const net = network().eval() as nn.Sequential;
    const seen = new Set<boolean>();
    net.at(2).registerForwardHook((m) => void seen.add(m.training));
    await trainerOf(net).fit(points(), QUIET);
    expect([...seen]).toEqual([true]);
    expect(net.training).toBe(false);
  });

  test('takes pairs, several inputs and streams', async () => {
    class Sum extends nn.Module {
      a = nn.linear(4, 3);
      b = nn.linear(4, 3);
      forward(x: Tensor, z: Tensor): Tensor {
        return this.a.forward(x).add(this.b.forward(z)) as Tensor;
      }
    }
    const { x, y } = points();
    async function* stream() {
      for (let i = 0; i < 3; i++) yield [[x, x], y];
    }
    const history = await trainerOf(new Sum()).fit(stream(), QUIET);
    expect(history.epochs[0].step).toBe(3);
  });

  test('callbacks are called in order, may wait, and may stop the run', async () => {
    const calls: string[] = [];
    const note = (name: string) => async (run: Run) => {
      await Promise.resolve();
      calls.push(`${name} ${run.epoch}.${run.batch}`);
    };
    const watch: Callback = {
      onFitStart: note('start'),
      onEpochStart: note('epoch'),
      onStepEnd: note('step'),
      onEpochEnd: note('end'),
      onFitEnd: note('done'),
    };
    const stop: Callback = {
      onStepEnd: (run) => {
        if (run.step === 3) run.stop('enough');
      },
    };
    const history = await trainerOf().fit(points(), {
      epochs: 9,
      batchSize: 30,
      callbacks: [watch, stop],
      ...QUIET,
    });
    expect(calls).toEqual([
      'start 0.0',
      'epoch 1.0',
      'step 1.1',
      'step 1.2',
      'end 1.2',
      'epoch 2.0',
      'step 2.1',
      'end 2.1',
      'done 2.1',
    ]);
    expect(history.stopped).toBe('enough');
  });

  test('an evaluation in between does not disturb the counts of the epoch', async () => {
    const data = points();
    const plain = await trainerOf(network(), { metrics: [accuracy()] }).fit(data, QUIET);
    const trainer = trainerOf(network(), { metrics: [accuracy()] });
    // Evaluation draws no random numbers: the same dropout follows.
    const evaluate: Callback = { onStepEnd: () => trainer.evaluate(data) };
    const history = await trainer.fit(data, { callbacks: [evaluate], ...QUIET });
    expect(history.epochs[0].logs).toEqual(plain.epochs[0].logs);
  });
});

describe('evaluate and predict', () => {
  test('predict gives every output in order, without gradients', async () => {
    const { x, y } = points();
    const net = network();
    const trainer = trainerOf(net);
    net.eval();
    const whole = noGrad(() => net.forward(x)) as Tensor;
    net.train();
    for (const data of [x, { x, y }, { x }]) {
      const out = await trainer.predict(data as Tensor, { batchSize: 7 });
      expect(out.shape).toEqual([60, 3]);
      // Kernels differ by the number of rows, and so the last bits.
      expect(out.sub(whole).abs().max().item()).toBeLessThan(1e-6);
      expect(out.requiresGrad).toBe(false);
    }
    expect(net.training).toBe(true);
  });

  test('a confusion matrix is read from itself', async () => {
    const confused = confusionMatrix(3);
    const data = points();
    const trainer = trainerOf(network(), { metrics: [confused, accuracy()] });
    const { accuracy: share, confusionMatrix: none } = await trainer.evaluate(data);
    const counts = confused.value().toArray() as number[][];
    expect(none).toBeUndefined();
    expect((counts[0][0] + counts[1][1] + counts[2][2]) / 60).toBe(share);
    const perClass = [0, 1, 2].map((c) => noGrad(() => data.y.eq(c).sum().item()));
    expect(counts.map((row) => row.reduce((a, b) => a + b))).toEqual(perClass);
  });
});

describe('losses that are not finite', () => {
  const data = { x: tensor([[1], [2]]), y: tensor([[1], [2]]) };

  test('a bad input is named, and nothing has changed', async () => {
    const net = nn.linear(1, 1);
    const before = bitsOf(net);
    const trainer = new Trainer(net, {
      loss: nn.mseLoss,
      optimizer: optim.sgd(net.parameters(), { lr: 0.1 }),
    });
    const bad = { x: tensor([[1], [Number.NaN]]), y: data.y };
    const error = (await trainer.fit(bad, QUIET).catch((e) => e)) as NonFiniteError;
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.message).toMatch(
      /the loss is NaN in epoch 1, batch 1, step 1; the first bad tensor is input 0 of forward \(element \[1, 0\] is NaN\)/,
    );
    expect(bitsOf(net)).toBe(before);
  });

  test('a bad parameter is named', async () => {
    const net = nn.sequential(nn.linear(1, 2), nn.linear(2, 1));
    net.at(1).weight.assign(tensor([[1, Number.POSITIVE_INFINITY]]));
    const fit = trainerOf(net, { loss: nn.mseLoss }).fit(data, QUIET);
    await expect(fit).rejects.toThrow(/parameter '1.weight' \(element \[0, 1\] is Infinity\)/);
  });

  test('an operation is named with its line; dropout is drawn as before', async () => {
    class Log extends nn.Module {
      line = nn.linear(1, 1);
      forward(x: Tensor): Tensor {
        return this.line.forward(x).mul(0).log() as Tensor;
      }
    }
    const fit = trainerOf(new Log(), { loss: nn.mseLoss }).fit(data, QUIET);
    await expect(fit).rejects.toThrow(/the result of log: made -Infinity at element 0.*test\.ts/);
  });

  test('an exploding rate ends with one error', async () => {
    const net = nn.linear(1, 1);
    const optimizer = optim.sgd(net.parameters(), { lr: 1e6 });
    const trainer = new Trainer(net, { loss: nn.mseLoss, optimizer });
    const fit = trainer.fit(data, { epochs: 50, ...QUIET });
    await expect(fit).rejects.toThrow(NonFiniteError);
  });

  test('skip leaves the step out and says so once', async () => {
    const net = nn.linear(1, 1);
    const out = recorder();
    const trainer = trainerOf(net, { loss: nn.mseLoss, nonFinite: 'skip' });
    const bad = { x: tensor([[1], [Number.NaN], [3], [Number.NaN]]), y: zeros([4, 1]) };
    const history = await trainer.fit(bad, { batchSize: 1, shuffle: false, out });
    expect(out.text.match(/such steps are left out/g)).toHaveLength(1);
    expect(history.epochs[0].step).toBe(2);
    expect(net.weight.isfinite().all().item()).toBe(1);
  });

  test('an iterator that is used up says so', async () => {
    const once = [points()][Symbol.iterator]();
    await expect(trainerOf().fit(once as never, { epochs: 2, ...QUIET })).rejects.toThrow(
      /pass 2 over the data has no batches[^]*can be gone through once/,
    );
  });
});

describe('normalisation, masks and other state', () => {
  const withNorm = () => {
    manualSeed(2);
    return nn.sequential(nn.conv2d(1, 2, 1), nn.batchNorm2d(2), nn.flatten(), nn.linear(8, 1));
  };
  const data = (bad: boolean) => {
    const values = Array.from({ length: 16 }, (_, i) => i / 10);
    if (bad) values[9] = Number.NaN;
    return { x: tensor(values).reshape([4, 1, 2, 2]), y: zeros([4, 1]) };
  };

  test('a bad batch leaves running statistics as they were, and is left out', async () => {
    const net = withNorm();
    const before = bitsOf(net);
    const fit = trainerOf(net, { loss: nn.mseLoss }).fit(data(true), { shuffle: false, ...QUIET });
    await expect(fit).rejects.toThrow(/input 0 of forward \(element \[2, 0, 0, 1\] is NaN\)/);
    expect(bitsOf(net)).toBe(before);
    const skipping = trainerOf(net, { loss: nn.mseLoss, nonFinite: 'skip' });
    const options = { batchSize: 2, shuffle: false, ...QUIET };
    const { epochs } = await skipping.fit(data(true), options);
    expect(epochs[0].step).toBe(1);
    expect(net.namedBuffers().every(([, b]) => b.isfinite().all().item() === 1)).toBe(true);
  });

  test('a mask of -Infinity is no explosion', async () => {
    class Masked extends nn.Module {
      mask = nn.buffer(tensor([0, Number.NEGATIVE_INFINITY]));
      line = nn.linear(1, 2);
      forward(x: Tensor): Tensor {
        return (this.line.forward(x).add(this.mask) as Tensor).softmax(1) as Tensor;
      }
    }
    const loss = (o: Tensor) => o.mean() as Tensor;
    await trainerOf(new Masked(), { loss }).fit({ x: zeros([4, 1]), y: zeros([4]) }, QUIET);
  });

  test('a finite loss whose gradient is not is named when the epoch ends', async () => {
    const net = nn.linear(1, 1);
    // The square root's slope at 0 is infinite.
    const loss = (o: Tensor) => o.mul(0).sqrt().mean() as Tensor;
    const fit = trainerOf(net, { loss }).fit({ x: zeros([4, 1]), y: zeros([4]) }, QUIET);
    await expect(fit).rejects.toThrow(/after epoch 1: the first bad tensor is parameter 'weight'/);
  });

  test('a run in which every batch is left out ends with an error, and hears timers', async () => {
    const net = nn.linear(1, 1);
    net.weight.assign(tensor([[Number.NaN]]));
    const fit = trainerOf(net, { loss: nn.mseLoss, nonFinite: 'skip' }).fit(
      { x: zeros([64, 1]), y: zeros([64, 1]) },
      { batchSize: 1, ...QUIET },
    );
    await expect(fit).rejects.toThrow(/no batch of epoch 1 has a finite loss/);
  });

  test('steps that are left out for their gradients are no steps', async () => {
    const loss = (o: Tensor) => o.mul(0).sqrt().mean() as Tensor;
    const trainer = trainerOf(nn.linear(1, 1), { loss, clipGradNorm: 1, nonFinite: 'skip' });
    const out = recorder();
    const data = { x: zeros([4, 1]), y: zeros([4]) };
    const { epochs, curve } = await trainer.fit(data, { batchSize: 1, out });
    expect([epochs[0].step, curve.length]).toEqual([0, 0]);
    expect(out.text.match(/the norm of the gradients is NaN.*left out/g)).toHaveLength(1);
  });
});

describe('evaluation while a fit runs', () => {
  test('between the steps is refused', async () => {
    const trainer = trainerOf();
    const running = trainer.fit(points(), { epochs: 3, ...QUIET });
    await expect((async () => trainer.evaluate(points()))()).rejects.toThrow(/is being trained/);
    await running;
  });

  test('in a hook it is waited for, even if the callback does not', async () => {
    const data = points();
    const plain = await trainerOf(network()).fit(data, { epochs: 2, ...QUIET });
    const trainer = trainerOf(network());
    const careless: Callback = { onStepEnd: () => void trainer.evaluate(data) };
    const history = await trainer.fit(data, { epochs: 2, callbacks: [careless], ...QUIET });
    expect(history.epochs.map((e) => e.logs)).toEqual(plain.epochs.map((e) => e.logs));
  });

  test('its counts can be read in the hook, and those of validation after the fit', async () => {
    const confused = confusionMatrix(3);
    const trainer = trainerOf(network(), { metrics: [confused] });
    const total = () => (confused.value().sum() as Tensor).item();
    const seen: number[] = [];
    const data = points();
    const callback: Callback = {
      onStepEnd: async () => {
        await trainer.evaluate(data);
        seen.push(total());
      },
    };
    await trainer.fit(data, { batchSize: 20, validation: data, callbacks: [callback], ...QUIET });
    expect(seen).toEqual([60, 60, 60]);
    expect(total()).toBe(60);
  });
});

test('every onFitEnd is called, and the first error is thrown', async () => {
  const calls: string[] = [];
  const callbacks = ['a', 'b'].map((name) => ({
    onFitEnd: () => {
      calls.push(name);
      throw new Error(name);
    },
  }));
  await expect(trainerOf().fit(points(), { callbacks, ...QUIET })).rejects.toThrow('a');
  expect(calls).toEqual(['a', 'b']);
});

test('an error in a batch tells which', async () => {
  const y = labels(Array.from({ length: 60 }, (_, i) => (i === 45 ? 7 : 0)));
  const net = network();
  const fit = trainerOf(net).fit({ ...points(), y }, { batchSize: 20, shuffle: false, ...QUIET });
  await expect(fit).rejects.toThrow(/holds 7 at \[5\][^]*in: epoch 1, batch 3/);
});

describe('mistakes', () => {
  const net = network();
  const optimizer = optim.adam(net.parameters(), { lr: 1e-3 });
  const options = { loss: nn.crossEntropy, optimizer };
  const trainer = new Trainer(net, options);

  test.each([
    [() => new Trainer({} as nn.Module, options), /the first argument is a module/],
    [() => new Trainer(net, { optimizer } as never), /loss is a function/],
    [() => new Trainer(net, { loss: nn.crossEntropy } as never), /optimizer is an optimiser/],
    [() => new Trainer(net, { ...options, metric: [] } as never), /did you mean 'metrics'/],
    [() => new Trainer(net, { ...options, metrics: [accuracy as never] }), /call it: accuracy\(\)/],
    [
      () => new Trainer(net, { ...options, metrics: [accuracy(), accuracy()] }),
      /a second 'accuracy'/,
    ],
    [
      () => new Trainer(network(), options),
      /the optimiser has no parameter of this model[^]*net\.parameters\(\)/,
    ],
    [() => new Trainer(net, { ...options, metrics: [{ name: 'x' } as never] }), /has no reset/],
    [() => new Trainer(net, { ...options, metrics: [accuracy('valLoss')] }), /name is taken/],
    [() => new Trainer(net, { ...options, metrics: [accuracy('')] }), /has no name/],
    [() => new Trainer(net, { ...options, accumulate: 0 }), /accumulate must be a whole number/],
    [() => new Trainer(net, { ...options, clipGradNorm: -1 }), /clipGradNorm must be/],
  ])('of making one: %#', (make, message) => {
    expect(make).toThrow(message);
  });

  test.each([
    [() => trainer.fit(points(), { epoch: 3 } as never), /did you mean 'epochs'/],
    [() => trainer.fit(points(), { epochs: 1.5 }), /epochs must be a whole number/],
    [() => trainer.fit({ x: zeros([0, 4]), y: labels([]) }, QUIET), /there are no examples/],
    [() => trainer.fit([], QUIET), /there are no examples/],
    [() => trainer.fit(points().x as never, QUIET), /pass \{ x, y \} of tensors/],
    [
      () => trainer.fit(new DataLoader([1, 2]), { batchSize: 3, ...QUIET }),
      /'batchSize' was given, but a loader makes its own batches/,
    ],
    [() => trainer.fit(new DataLoader([{ a: 1 }]), QUIET), /not an object of a/],
    [() => trainer.evaluate({ x: points().x }, {}), /a batch is \{ x, y \}/],
    [
      () => trainer.fit({ x: zeros([2, 4]), y: labels([0, 3]) }, QUIET),
      /operand 1 holds 3 at \[1\], which is out of range: there are 3/,
    ],
    [() => trainer.fit({ x: zeros([2, 5]), y: labels([0, 1]) }, QUIET), /linear/],
    [() => trainer.fit(points(), { callbacks: {} as never }), /callbacks is a list/],
    [() => trainer.fit(points(), { checkpoint: 3 as never }), /checkpoint is a path/],
    [
      () => trainer.fit(points(), { callbacks: [{ onBatchEnd() {} } as never] }),
      /no hook 'onBatchEnd'[^]*onStepEnd/,
    ],
    [() => trainer.fit(points(), { callbacks: [{}] }), /a callback has no hook/],
    [
      () =>
        trainer.fit(points(), { callbacks: [optim.stepLr(optimizer, { stepSize: 1 }) as never] }),
      /wrap it: lrSchedule/,
    ],
    [() => trainer.fit([points().x, points().y], QUIET), /pass \{ x, y \}/],
    [() => trainer.predict([[1, 2]] as never), /wrap it: tensor/],
    [
      () => trainer.fit((function* () {})(), { epochs: 1, ...QUIET }),
      /there are no examples to learn from/,
    ],
  ])('of using one: %#', async (use, message) => {
    await expect(use()).rejects.toThrow(message);
  });

  test('a loss that is not one number', async () => {
    const none = (o: Tensor, y: Tensor) => nn.crossEntropy(o, y, { reduction: 'none' });
    await expect(trainerOf(net, { loss: none }).fit(points(), QUIET)).rejects.toThrow(
      /the loss of a batch is one number, not \[32\]/,
    );
    await expect(
      trainerOf(net, { loss: (() => {}) as never }).fit(points(), QUIET),
    ).rejects.toThrow(/does the loss function return its result/);
  });

  test('two fits at once; after an error the trainer serves again', async () => {
    const first = trainer.fit(points(), QUIET);
    await expect(trainer.fit(points(), QUIET)).rejects.toThrow(/running already/);
    await first;
    await trainer.fit(points(), QUIET);
  });

  test('an error of a callback is told, not that of its end', async () => {
    const end = vi.fn<() => void>(() => {
      throw new Error('second');
    });
    const bad: Callback = {
      onStepEnd: () => {
        throw new Error('first');
      },
      onFitEnd: end,
    };
    await expect(trainer.fit(points(), { callbacks: [bad], ...QUIET })).rejects.toThrow('first');
    expect(end).toHaveBeenCalledOnce();
  });
});
