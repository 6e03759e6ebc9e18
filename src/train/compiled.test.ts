/** The Trainer's compiled steps: the bits of eager ones, and what cannot be recorded. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { devices, manualSeed, nn, noGrad, optim, type Tensor, tensor, zeros } from '../index.ts';
import type { Callback } from './callback.ts';
import { accuracy } from './metrics/accuracy.ts';
import type { TrainerOptions } from './options.ts';
import { bitsOf, points } from './small.test-util.ts';
import { Trainer } from './trainer.ts';

const QUIET = { progress: 'none' } as const;
// The reference rounds where a tensor is stored: between ops, and not within a program.
const exact = !devices()[0].engine.startsWith('reference');

afterEach(() => {
  vi.restoreAllMocks();
});

const network = (): nn.Module => {
  manualSeed(3);
  return nn.sequential(
    nn.linear(4, 8),
    nn.flatten(),
    new Rows(),
    nn.relu(),
    nn.dropout(0.2),
    nn.linear(8, 3),
  );
};

/** Batch normalisation of rows, as images of one pixel. */
class Rows extends nn.Module {
  norm = nn.batchNorm2d(8);
  forward(x: Tensor): Tensor {
    return this.norm.forward(x.reshape([-1, 8, 1, 1])).reshape([-1, 8]) as Tensor;
  }
}

const adam = (net: nn.Module): optim.Optimizer => optim.adam(net.parameters(), { lr: 0.01 });

/** A model after two epochs, its history, and what it predicts. */
async function run(
  compile: boolean,
  options: Partial<TrainerOptions>,
  callback: (net: nn.Module) => Callback,
) {
  const net = network();
  const optimizer = adam(net);
  const metrics = [accuracy()];
  const trainer = new Trainer(net, {
    loss: nn.crossEntropy,
    optimizer,
    metrics,
    ...options,
    compile,
  });
  manualSeed(11);
  // 60 rows: the last batch has 12.
  const { epochs } = await trainer.fit(points(), {
    epochs: 2,
    batchSize: 16,
    validation: points(),
    callbacks: [callback(net)],
    ...QUIET,
  });
  const out = await trainer.predict(points().x);
  return { bits: bitsOf(net), logs: epochs.map((e) => e.logs), out: out.toArray() };
}

const nothing = (): Callback => ({ onFitEnd() {} });

describe('the bits of eager training', () => {
  const cases: Record<string, [Partial<TrainerOptions>, ((net: nn.Module) => Callback)?]> = {
    plain: [{}],
    clipped: [{ clipGradNorm: 0.1 }],
    accumulated: [{ accumulate: 3, clipGradNorm: 0.5 }],
    'a rate that falls': [{}, () => ({ onStepEnd: (r) => void (r.optimizer.lr *= 0.9) })],
    'parameters that freeze': [
      {},
      (net) => ({
        onStepEnd: ({ step }) => void (net.parameters()[0].requiresGrad = step !== 3),
      }),
    ],
    'modes that change': [
      {},
      (net) => ({ onStepEnd: ({ step }) => void (net as nn.Sequential).at(4).train(step % 2 > 0) }),
    ],
    'a loss of its own': [
      { loss: (o: Tensor, y: Tensor) => nn.crossEntropy(o.tanh() as Tensor, y) },
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [options, callback = nothing]) => {
    const warn = vi.spyOn(console, 'warn');
    const [a, b] = [await run(false, options, callback), await run(true, options, callback)];
    expect(warn).not.toHaveBeenCalled();
    if (exact) expect(b).toEqual(a);
    else expect(b.logs[1].loss).toBeCloseTo(a.logs[1].loss, 3);
  });
});

// With GRADUS_COMPILE=0 nothing is, and only the bits are left to compare.
describe.skipIf(process.env.GRADUS_COMPILE === '0')('what is recorded', () => {
  class Counting extends nn.Module {
    line = nn.linear(4, 3);
    calls = 0;
    temperature = 1;
    forward(x: Tensor): Tensor {
      this.calls++;
      return this.line.forward(x).mul(this.temperature) as Tensor;
    }
  }
  const trainerOf = (net: nn.Module, options: Partial<TrainerOptions> = {}): Trainer =>
    new Trainer(net, { loss: nn.crossEntropy, optimizer: adam(net), ...options });

  test('forward runs once for each shape of batch', async () => {
    const net = new Counting();
    const trainer = trainerOf(net);
    await trainer.fit(points(), { batchSize: 16, epochs: 3, ...QUIET });
    expect(net.calls).toBe(2);
    await trainer.fit(points(), { batchSize: 16, ...QUIET });
    expect(net.calls).toBe(2);
    const eager = new Counting();
    await trainerOf(eager, { compile: false }).fit(points(), { batchSize: 16, ...QUIET });
    expect(eager.calls).toBe(4);
  });

  test.each(['0', 'off'])('GRADUS_COMPILE=%s records nothing', async (value) => {
    vi.stubEnv('GRADUS_COMPILE', value);
    try {
      const net = new Counting();
      await trainerOf(net).fit(points(), { batchSize: 16, ...QUIET });
      expect(net.calls).toBe(4);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('a field that a callback changes counts', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const bits = async (compile: boolean, times: number) => {
      manualSeed(1);
      const net = new Counting();
      const cool: Callback = {
        onStepEnd: ({ step }) => {
          if (step <= times) net.temperature *= 0.5;
        },
      };
      await trainerOf(net, { compile }).fit(points(), {
        batchSize: 4,
        callbacks: [cool],
        ...QUIET,
      });
      return bitsOf(net);
    };
    const same = async (times: number) => {
      const [a, b] = [await bits(false, times), await bits(true, times)];
      if (exact) expect(b).toBe(a);
    };
    // That `calls` is not counted at each call is told once, wherever that was first.
    const told = () => warn.mock.calls.filter(([text]) => !/'calls' of Counting/.test(text));
    await same(3);
    expect(told()).toEqual([]);
    await same(12);
    expect(told().length).toBe(1);
    expect(told()[0][0]).toMatch(/'temperature' of Counting changes again and again/);
  });

  test('a model that carries a tensor in a plain field runs line by line', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    class Averaging extends nn.Module {
      line = nn.linear(4, 3);
      average = zeros([3]) as Tensor;
      forward(x: Tensor): Tensor {
        const y = this.line.forward(x) as Tensor;
        this.average = this.average.mul(0.9).add(y.mean(0).detach()) as Tensor;
        return y.add(this.average) as Tensor;
      }
    }
    const bits = async (compile: boolean) => {
      manualSeed(1);
      const net = new Averaging();
      await trainerOf(net, { compile }).fit(points(), { batchSize: 4, ...QUIET });
      return bitsOf(net);
    };
    expect(await bits(true)).toBe(await bits(false));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/runs eagerly[^]*its field 'average'/);
  });

  test('a layer that is replaced counts', async () => {
    const net = new Counting();
    const trainer = trainerOf(net);
    const { x } = points();
    await trainer.predict(x);
    manualSeed(4);
    net.line = nn.linear(4, 3);
    const want = noGrad(() => net.forward(x) as Tensor).toArray();
    const got = (await trainer.predict(x)).toArray();
    if (exact) expect(got).toEqual(want);
  });

  test('a model that reads values runs eagerly, and says so once', async () => {
    class Choice extends nn.Module {
      line = nn.linear(4, 3);
      forward(x: Tensor): Tensor {
        const y = this.line.forward(x) as Tensor;
        return y.sum().item() > 0 ? y : (y.neg() as Tensor);
      }
    }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const bits = async (compile: boolean) => {
      manualSeed(1);
      const net = new Choice();
      const trainer = trainerOf(net, { compile });
      await trainer.fit(points(), { batchSize: 16, validation: points(), ...QUIET });
      await trainer.predict(points().x);
      return bitsOf(net);
    };
    expect(await bits(true)).toBe(await bits(false));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/Trainer\.fit runs eagerly: item: .*compiled\.test\.ts/s);
  });

  test('inputs and outputs that no program takes', async () => {
    class Odd extends nn.Module {
      line = nn.linear(4, 3);
      forward({ x }: { x: Tensor }): Map<string, Tensor> {
        return new Map([['y', this.line.forward(x) as Tensor]]);
      }
    }
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const loss = (o: Map<string, Tensor>, y: Tensor) => nn.crossEntropy(o.get('y') as Tensor, y);
    const { x, y } = points();
    await trainerOf(new Odd(), { loss }).fit([[{ x }, y]], QUIET);
  });

  test('several outputs, of which the loss uses one', async () => {
    class Two extends nn.Module {
      a = nn.linear(4, 3);
      b = nn.linear(4, 3);
      forward(x: Tensor): Tensor[] {
        return [this.a.forward(x) as Tensor, this.b.forward(x) as Tensor, x];
      }
    }
    const warn = vi.spyOn(console, 'warn');
    const net = new Two();
    const before = bitsOf(net.b);
    const loss = ([a]: Tensor[], y: Tensor) => nn.crossEntropy(a, y);
    const { epochs } = await trainerOf(net, { loss }).fit(points(), { epochs: 9, ...QUIET });
    expect(epochs[8].logs.loss).toBeLessThan(epochs[0].logs.loss);
    expect(bitsOf(net.b)).toBe(before);
    expect(warn).not.toHaveBeenCalled();
  });

  test('batches of very many shapes are not all recorded', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const net = new Counting();
    const { x, y } = points();
    const batches = Array.from({ length: 12 }, (_, i) => [
      x.narrow(0, 0, i + 2),
      y.narrow(0, 0, i + 2),
    ]);
    await trainerOf(net).fit(batches, { epochs: 2, ...QUIET });
    expect(net.calls).toBe(8 + 2 * 4);
    const told = warn.mock.calls.filter(([text]) => !/'calls' of Counting/.test(text));
    expect(told.length).toBe(1);
    expect(told[0][0]).toMatch(/more than 8 shapes/);
  });

  test('mistakes are told as eager code tells them', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    class Deep extends nn.Module {
      body = nn.sequential(nn.linear(4, 5), nn.linear(4, 3));
      forward(x: Tensor): Tensor {
        return this.body.forward(x) as Tensor;
      }
    }
    const fit = trainerOf(new Deep()).fit(points(), QUIET);
    await expect(fit).rejects.toThrow(/linear[^]*module: Deep\.body\.1[^]*epoch 1, batch 1/i);
    const none = () => zeros([]) as Tensor;
    const lost = trainerOf(new Counting(), { loss: none }).fit(points(), QUIET);
    await expect(lost).rejects.toThrow(/gradient/);
    expect(warn).not.toHaveBeenCalled();
    expect(() => trainerOf(new Counting(), { compile: 1 as never })).toThrow(/true or false/);
  });
});

describe('a loss that is not finite', () => {
  test('leaves everything as it was before the batch', async () => {
    const bad = tensor(Array.from({ length: 16 }, (_, i) => (i === 5 ? Number.NaN : i / 16)));
    const { x, y } = points();
    const good = [x.narrow(0, 0, 4), y.narrow(0, 0, 4)];
    const batches = (withBad: boolean) => [
      good,
      ...(withBad ? [[bad.reshape([4, 4]), y.narrow(0, 0, 4)]] : []),
      good,
    ];
    const bits = async (compile: boolean, withBad: boolean) => {
      const net = network();
      const trainer = new Trainer(net, {
        loss: nn.crossEntropy,
        optimizer: adam(net),
        nonFinite: 'skip',
        compile,
      });
      manualSeed(5);
      await trainer.fit(batches(withBad), { epochs: 2, ...QUIET });
      return bitsOf(net);
    };
    const all = [
      await bits(true, true),
      await bits(true, false),
      await bits(false, true),
      await bits(false, false),
    ];
    expect(new Set(exact ? all : all.slice(0, 2)).size).toBe(1);
  });
});
