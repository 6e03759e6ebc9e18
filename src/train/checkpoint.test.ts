import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { DataLoader, TensorDataset } from '../data/index.ts';
import { loadSafetensors, safetensorsInfo, saveSafetensors } from '../format/index.ts';
import { manualSeed, nn, optim, tensor } from '../index.ts';
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
function setUp(steps = 40) {
  const net = network();
  const optimizer = optim.adam(net.parameters(), { lr: 0.02 });
  const metrics = [accuracy(), confusionMatrix(3)];
  const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer, metrics });
  const schedule = optim.cosineLr(optimizer, { steps, warmup: 3 });
  const callbacks = [lrSchedule(schedule), earlyStopping({ patience: 9 })];
  return { net, trainer, callbacks };
}

const data = points();
const OPTIONS: FitOptions = { epochs: 5, batchSize: 16, seed: 2, validation: data, ...QUIET };

/** Ends the run by an error after `step` steps. */
const crash = (step: number): Callback => ({
  onStepEnd: (run) => {
    if (run.step === step) throw new Error('crash');
  },
});

async function whole() {
  const { net, trainer, callbacks } = setUp();
  manualSeed(9);
  const history = await trainer.fit(data, { ...OPTIONS, callbacks: [...callbacks, {}] });
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
        callbacks: [...callbacks, {}],
        progress: 'lines',
        out,
      });
      expect(bitsOf(net)).toBe(expected.bits);
      expect(timeless(history)).toEqual(timeless(expected.history));
      expect(out.text.includes('resumed from')).toBe(step >= 4); // the crash came before the save
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
  );

  test('works with loaders, and with iterables of batches', async () => {
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
      await run({ checkpoint, callbacks: [crash(7)] });
      expect(await run({ checkpoint, callbacks: [{}], resume: true })).toBe(expected);
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

describe('a signal', () => {
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
      callbacks: [...resumed.callbacks, {}],
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
      /written by a run with 0 callbacks/,
    );
    await expect(fit({ batchSize: 5 })).rejects.toThrow(/the state is of another loader/);
  });

  test('a folder that is not there: told, and the run before is not lost silently', async () => {
    const run = fit({ resume: false, checkpoint: join(folder, 'none', 'x.safetensors') });
    await expect(run).rejects.toThrow(/there is no folder/);
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
    await expect(run).rejects.toThrow(/parameter '0\.weight' \(element 0 is NaN\)/);
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
