import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { DataLoader, TensorDataset } from '../data/index.ts';
import { loadSafetensors, safetensorsInfo, saveSafetensors } from '../format/index.ts';
import { dice, mutate } from '../format/mutate.test-util.ts';
import { GradusError, getRandomState, manualSeed, nn, optim, tensor } from '../index.ts';
import type { Callback } from './callback.ts';
import { earlyStopping } from './callbacks/early-stopping.ts';
import { lrSchedule } from './callbacks/lr-schedule.ts';
import { accuracy } from './metrics/accuracy.ts';
import { confusionMatrix } from './metrics/confusion-matrix.ts';
import type { FitOptions } from './options.ts';
import { bitsOf, network, points, recorder, trainerOf } from './small.test-util.ts';
import { Trainer } from './trainer.ts';
import { TrainingInterrupted } from './training-interrupted.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradus-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
let path = '';
let n = 0;
beforeEach(() => {
  path = join(folder, `${n++}.safetensors`);
});

const QUIET = { progress: 'none' } as const;

/** A run with everything that has a state. */
function setUp(steps = 40, compile = true) {
  const net = network();
  const optimizer = optim.adam(net.parameters(), { lr: 0.02 });
  const metrics = [accuracy(), confusionMatrix(3)];
  const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer, metrics, compile });
  const schedule = optim.cosineLr(optimizer, { steps, warmup: 3 });
  const callbacks = [lrSchedule(schedule), earlyStopping({ patience: 9 })];
  return { net, trainer, callbacks };
}

const data = points();
const OPTIONS: FitOptions = { epochs: 5, batchSize: 16, seed: 2, validation: data, ...QUIET };

/** In the place of one that crashed. */
const NOTHING: Callback = { onFitStart: () => {} };

/** Ends the run by an error after `step` steps. */
const crash = (step: number): Callback => ({
  onStepEnd: (run) => {
    if (run.step === step) throw new Error('crash');
  },
});

async function whole() {
  const { net, trainer, callbacks } = setUp();
  manualSeed(9);
  const history = await trainer.fit(data, { ...OPTIONS, callbacks: [...callbacks, NOTHING] });
  return { bits: bitsOf(net), history };
}

const timeless = (history: Awaited<ReturnType<Trainer['fit']>>) => ({
  ...history,
  epochs: history.epochs.map(({ seconds: _, ...rest }) => rest),
});

describe('a resumed run', () => {
  // 20 steps in all, 4 an epoch; saved every 3 and at each epoch's end.
  test.each([1, 2, 3, 4, 5, 8, 11, 12, 13, 19, 20])(
    'is the run without the crash, to the bit, after a crash at step %i',
    async (step) => {
      const expected = await whole();
      const checkpoint = { path, everySteps: 3 };
      {
        const { trainer, callbacks } = setUp();
        manualSeed(9);
        const fit = trainer.fit(data, {
          ...OPTIONS,
          checkpoint,
          callbacks: [...callbacks, crash(step)],
        });
        await expect(fit).rejects.toThrow('crash');
      }
      const { net, trainer, callbacks } = setUp();
      manualSeed(step < 4 ? 9 : 12345); // what a checkpoint holds wins
      const out = recorder();
      const history = await trainer.fit(data, {
        ...OPTIONS,
        checkpoint,
        resume: true,
        callbacks: [...callbacks, NOTHING],
        progress: 'lines',
        out,
      });
      expect(bitsOf(net)).toBe(expected.bits);
      expect(timeless(history)).toEqual(timeless(expected.history));
      expect(out.text.includes('resumed from')).toBe(step >= 4); // the crash came before the save
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
  );

  test.each([1, 2, 3, 4, 5, 7, 8])('works with loaders and iterables, at step %i', async (step) => {
    const loader = () =>
      new DataLoader(new TensorDataset(data), { batchSize: 16, shuffle: true, seed: 2 });
    const batches = () => [...loader()];
    for (const make of [loader, batches]) {
      const run = async (fit: FitOptions): Promise<string> => {
        const net = network();
        manualSeed(9);
        const trainer = trainerOf(net);
        await trainer.fit(make() as never, { epochs: 3, ...QUIET, ...fit }).catch(() => {});
        return bitsOf(net);
      };
      const expected = await run({});
      const checkpoint = { path: `${path}-${make.name}`, everySteps: 1 };
      await run({ checkpoint, callbacks: [crash(step)] });
      const starts: string[] = [];
      const note: Callback = { onEpochStart: (at) => void starts.push(`${at.epoch}.${at.batch}`) };
      expect(await run({ checkpoint, callbacks: [note], resume: true })).toBe(expected);
      // The crash came before step `step` was saved; an epoch under way is not begun again.
      const saved = step - 1;
      const next = Math.floor(saved / 4) + (saved % 4 === 0 ? 1 : 2);
      expect(starts[0]).toBe(next > 3 ? undefined : `${next}.0`);
    }
  });

  test('that had ended gives its history at once; with more epochs it goes on', async () => {
    const run = async (epochs: number) => {
      const net = network();
      const history = await trainerOf(net).fit(data, {
        epochs,
        checkpoint: path,
        resume: true,
        ...QUIET,
      });
      return { bits: bitsOf(net), steps: history.epochs.map((e) => e.step) };
    };
    const two = await run(2);
    expect(await run(2)).toEqual(two);
    expect((await run(3)).steps).toEqual([2, 4, 6]);
  });

  test('that a callback had stopped stays so', async () => {
    const stop: Callback = { onEpochEnd: (run) => run.epoch === 2 && run.stop('enough') };
    const fit = () =>
      trainerOf().fit(data, {
        epochs: 9,
        checkpoint: path,
        resume: true,
        callbacks: [stop],
        ...QUIET,
      });
    expect((await fit()).epochs).toHaveLength(2);
    const again = await fit();
    expect(again.stopped).toBe('enough');
    expect(again.epochs).toHaveLength(2);
  });
});

test('an epoch in which the run was stopped, and that died before its end, gets its end', async () => {
  const run = (callbacks: Callback[], options: FitOptions = {}) =>
    trainerOf().fit(data, {
      epochs: 3,
      batchSize: 15,
      validation: data,
      checkpoint: { path, everySteps: 1 },
      callbacks,
      ...QUIET,
      ...options,
    });
  const stop: Callback = { onStepEnd: (at) => at.step === 6 && at.stop('enough') };
  const die: Callback = {
    onEpochEnd: (at) => {
      if (at.epoch === 2) throw new Error('died');
    },
  };
  await expect(run([stop, die])).rejects.toThrow('died');
  const history = await run([stop, NOTHING], { resume: true });
  expect(history.stopped).toBe('enough');
  expect(history.epochs.map((e) => [e.epoch, e.step])).toEqual([
    [1, 4],
    [2, 6],
  ]);
  expect(history.epochs[1].logs.valLoss).toBeGreaterThan(0);
});

test('with normalisation, accumulation and clipping', async () => {
  const images = { x: points(64).x.reshape([64, 1, 2, 2]), y: points(64).y };
  const run = async (options: FitOptions): Promise<string> => {
    manualSeed(3);
    const net = nn.sequential(
      nn.conv2d(1, 4, 1),
      nn.batchNorm2d(4),
      nn.flatten(),
      nn.linear(16, 3),
    );
    const trainer = trainerOf(net, { accumulate: 3, clipGradNorm: 0.5 });
    await trainer.fit(images, { epochs: 3, batchSize: 8, ...QUIET, ...options }).catch(() => {});
    return bitsOf(net);
  };
  const expected = await run({});
  for (const step of [2, 3, 4, 7]) {
    const checkpoint = { path: `${path}-${step}`, everySteps: 1 };
    await run({ checkpoint, callbacks: [crash(step)] });
    expect(await run({ checkpoint, callbacks: [NOTHING], resume: true })).toBe(expected);
  }
});

describe('a signal', () => {
  test('in validation ends the run there, and the epoch is gone on with', async () => {
    const expected = await whole();
    // The hook is to run for each batch; the bits are those of the compiled run all the same.
    const { net, trainer, callbacks } = setUp(40, false);
    manualSeed(9);
    let evaluated = 0;
    net.registerForwardHook((m) => {
      if (m.training) return;
      if (++evaluated === 3) process.kill(process.pid, 'SIGINT');
      const start = performance.now();
      while (performance.now() - start < 12); // long enough for others to have their turn
    });
    const validation = new DataLoader(new TensorDataset(data), { batchSize: 10 });
    const options = { ...OPTIONS, validation, checkpoint: path };
    const fit = trainer.fit(data, { ...options, callbacks: [...callbacks, NOTHING] });
    const error = (await fit.catch((e) => e)) as TrainingInterrupted;
    expect(error).toBeInstanceOf(TrainingInterrupted);
    expect(error.step % 4).toBe(0);
    const resumed = setUp();
    await resumed.trainer.fit(data, {
      ...OPTIONS,
      resume: path,
      callbacks: [...resumed.callbacks, NOTHING],
    });
    expect(bitsOf(resumed.net)).toBe(expected.bits);
  });

  test('before the first step, and without a file', async () => {
    const kill: Callback = {
      onFitStart: async () => {
        process.kill(process.pid, 'SIGTERM');
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
    };
    const fit = trainerOf().fit(data, { checkpoint: false, callbacks: [kill], ...QUIET });
    const error = (await fit.catch((e) => e)) as TrainingInterrupted;
    expect(error).toMatchObject({ signal: 'SIGTERM', step: 0, checkpoint: null });
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s saves and says how to go on', async (signal) => {
    const before = process.listenerCount(signal);
    const expected = await whole();
    const { trainer, callbacks } = setUp();
    manualSeed(9);
    const kill: Callback = {
      onStepEnd: async (run) => {
        if (run.step !== 6) return;
        process.kill(process.pid, signal);
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
    };
    const fit = trainer.fit(data, {
      ...OPTIONS,
      checkpoint: path,
      callbacks: [...callbacks, kill],
    });
    const error = (await fit.catch((e) => e)) as TrainingInterrupted;
    expect(error).toBeInstanceOf(TrainingInterrupted);
    expect(error).toMatchObject({ signal, step: 6, checkpoint: path });
    expect(error.message).toMatch(/after step 6, in epoch 2 of 5; it is saved in/);
    expect(error.message).toMatch(/resume: '/);
    expect(process.listenerCount(signal)).toBe(before);
    const resumed = setUp();
    await resumed.trainer.fit(data, {
      ...OPTIONS,
      resume: path,
      callbacks: [...resumed.callbacks, NOTHING],
    });
    expect(bitsOf(resumed.net)).toBe(expected.bits);
  });
});

describe('files that do not fit', () => {
  const fit = (options: FitOptions = {}, net = network()) =>
    trainerOf(net).fit(data, { epochs: 1, resume: path, ...QUIET, ...options });

  test('none: an error for a path, a beginning for true', async () => {
    await expect(fit()).rejects.toThrow(/there is no checkpoint/);
    await fit({ resume: true, checkpoint: path });
    expect(safetensorsInfo(path).metadata['gradus.format']).toBe('gradus-checkpoint');
  });

  test('not a safetensors file, a model, a truncated one', async () => {
    writeFileSync(path, 'hello');
    await expect(fit()).rejects.toThrow(/safetensors/);
    saveSafetensors(network().stateDict(), path);
    await expect(fit()).rejects.toThrow(/no checkpoint of a training run/);
    await fit({ resume: false, checkpoint: path });
    writeFileSync(path, readFileSync(path).subarray(0, -10));
    await expect(fit()).rejects.toThrow(/bytes/);
  });

  test('a newer version, and damaged words', async () => {
    await fit({ resume: false, checkpoint: path });
    const { metadata } = safetensorsInfo(path);
    const tensors = loadSafetensors(path);
    const rewrite = (change: Record<string, string>): void =>
      saveSafetensors(tensors, path, { metadata: { ...metadata, ...change } });
    rewrite({ 'gradus.version': '2' });
    await expect(fit()).rejects.toThrow(/version 2.*\n(.*\n)*.*newer Gradus/);
    const broken = ['', '{', 'null', '{"random":{}}', '{"random":{"seed":"1","counter":"x"}}'];
    for (const run of [...broken, '{"random":{"seed":"1","counter":"1"},"position":{}}']) {
      rewrite({ 'gradus.run': run });
      await expect(fit()).rejects.toThrow(/damaged checkpoint/);
    }
  });

  test('another model, optimiser or callbacks: told, and nothing has changed', async () => {
    await fit({ resume: false, checkpoint: path });
    manualSeed(1);
    const other = nn.sequential(nn.linear(4, 8), nn.relu(), nn.linear(8, 3));
    const before = bitsOf(other);
    await expect(fit({}, other)).rejects.toThrow(/missing: 2\.weight[^]*unexpected: 3\.weight/);
    expect(bitsOf(other)).toBe(before);

    const net = network();
    net.parameters()[0].assign(tensor(new Float32Array(32), { dtype: 'float32' }).reshape([8, 4]));
    const own = bitsOf(net);
    const sgd = optim.sgd(net.parameters(), { lr: 1, momentum: 0.5 });
    const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer: sgd });
    await expect(trainer.fit(data, { resume: path, ...QUIET })).rejects.toThrow(
      /optim\.sgd\.loadStateDict: names do not match/,
    );
    expect(bitsOf(net)).toBe(own);
    await expect(fit({ callbacks: [earlyStopping()] })).rejects.toThrow(
      /by a run with the callbacks none; this one has earlyStopping/,
    );
    const same = network();
    same.parameters()[0].assign(net.parameters()[0]);
    const random = getRandomState();
    await expect(fit({ batchSize: 5 }, same)).rejects.toThrow(
      /batchSize 32, here 5[^]*in: the checkpoint .*safetensors; delete it/,
    );
    expect(bitsOf(same)).toBe(own);
    expect(getRandomState()).toEqual(random);
  });

  test('a folder that is not there: told, and the run before is not lost silently', async () => {
    const run = fit({ resume: false, checkpoint: join(folder, 'none', 'x.safetensors') });
    await expect(run).rejects.toThrow(/there is no folder/);
    const steps: number[] = [];
    const count: Callback = { onStepEnd: (at) => void steps.push(at.step) };
    const curves = join(folder, 'none', 'x.svg');
    const drawn = fit({ resume: false, curves, callbacks: [count] });
    await expect(drawn).rejects.toThrow(/curves: .*there is no folder/);
    expect(steps).toEqual([]);
  });

  test('a run that would be replaced is told', async () => {
    await fit({ resume: false, checkpoint: path });
    const out = recorder();
    await fit({ resume: false, checkpoint: path, progress: 'lines', out });
    expect(out.text).toMatch(/holds a run, which this one replaces: resume: true/);
  });

  test('every mutant of the words is refused or gone on with; nothing else is thrown', async () => {
    await fit({ resume: false, checkpoint: path, callbacks: [earlyStopping()], epochs: 2 });
    const { metadata } = safetensorsInfo(path);
    const tensors = loadSafetensors(path);
    const words = [new TextEncoder().encode(metadata['gradus.run'])];
    const roll = dice(20_261_125);
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const run = new TextDecoder().decode(mutate(words, roll));
      saveSafetensors(tensors, path, { metadata: { ...metadata, 'gradus.run': run } });
      const net = network();
      const before = bitsOf(net);
      await fit({ callbacks: [earlyStopping()], epochs: 2 }, net).catch((error: unknown) => {
        if (!(error instanceof GradusError)) throw error;
        expect(bitsOf(net)).toBe(before);
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(50);
  });

  test('a model that is not finite does not replace a good checkpoint', async () => {
    await fit({ resume: false, checkpoint: path });
    const good = readFileSync(path);
    const spoil: Callback = {
      onStepEnd: (run) =>
        run.model
          .parameters()[0]
          .assign(run.model.parameters()[0].mul(Number.NaN).detach() as never),
    };
    const run = fit({ resume: false, checkpoint: path, batchSize: 60, callbacks: [spoil] });
    await expect(run).rejects.toThrow(/parameter '0\.weight' \(element \[0, 0\] is NaN\)/);
    expect(readFileSync(path).equals(good)).toBe(true);
  });
});

test('temporary files of killed processes are taken away, others are not', async () => {
  const dir = mkdtempSync(join(folder, 'stale-'));
  const gone = join(dir, `.gradus-${2 ** 22 + 1}-0123456789ab.tmp`); // above Linux's largest pid
  const young = join(dir, `.gradus-${2 ** 22 + 2}-0123456789ab.tmp`);
  const own = join(dir, `.gradus-${process.pid}-0123456789ab.tmp`);
  for (const file of [gone, young, own]) writeFileSync(file, 'x');
  const hourAgo = Date.now() / 1000 - 3600;
  for (const file of [gone, own]) utimesSync(file, hourAgo, hourAgo);
  await trainerOf().fit(data, { checkpoint: join(dir, 'run.safetensors'), ...QUIET });
  expect(readdirSync(dir).sort()).toEqual(
    [young, own, join(dir, 'run.safetensors')].map((f) => f.slice(dir.length + 1)).sort(),
  );
});
