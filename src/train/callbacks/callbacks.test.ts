import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCsvFile } from '../../data/index.ts';
import { loadModel, safetensorsInfo } from '../../format/index.ts';
import { nn, optim } from '../../index.ts';
import type { Callback, Run } from '../callback.ts';
import { accuracy } from '../metrics/accuracy.ts';
import { bitsOf, network, points, trainerOf } from '../small.test-util.ts';
import { Trainer } from '../trainer.ts';
import { csvLogger } from './csv-logger.ts';
import { earlyStopping } from './early-stopping.ts';
import { lrSchedule } from './lr-schedule.ts';
import { modelCheckpoint } from './model-checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradus-callbacks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const data = points();
const QUIET = { progress: 'none' } as const;

/** Lets the log say what a test wants: `values[epoch - 1]` under `name`. */
function plan(name: string, values: readonly number[]): Callback {
  return {
    onEpochEnd: (run: Run) => {
      (run.logs as Record<string, number>)[name] = values[run.epoch - 1];
    },
  };
}

describe('earlyStopping', () => {
  const run = async (
    name: string,
    values: readonly number[],
    options: Parameters<typeof earlyStopping>[0],
  ) => {
    const net = network();
    const states: string[] = [];
    const note: Callback = { onEpochEnd: () => void states.push(bitsOf(net)) };
    const history = await trainerOf(net).fit(data, {
      epochs: values.length,
      callbacks: [plan(name, values), note, earlyStopping(options)],
      ...QUIET,
    });
    return { epochs: history.epochs.length, best: states.indexOf(bitsOf(net)) + 1, history };
  };

  test('stops after patience epochs, with the best', async () => {
    const got = await run('loss', [5, 4, 4.5, 4.2, 3], { patience: 2 });
    expect(got).toMatchObject({ epochs: 4, best: 2 });
    expect(got.history.stopped).toMatch(/loss has not become better for 2 epochs/);
  });

  test('knows that accuracy should be large, and that NaN is not better', async () => {
    const values = [0.1, Number.NaN, 0.5, 0.4, 0.45, 0.9];
    expect(await run('valAccuracy', values, { monitor: 'valAccuracy', patience: 2 })).toMatchObject(
      { epochs: 5, best: 3 },
    );
  });

  test('minDelta, mode and restoreBest', async () => {
    const values = [1, 1.05, 1.1, 1.15];
    const options = { monitor: 'x', mode: 'max', minDelta: 0.2, patience: 3 } as const;
    expect(await run('x', values, options)).toMatchObject({ epochs: 4, best: 1 });
    const kept = await run('x', values, { ...options, restoreBest: false });
    expect(kept).toMatchObject({ epochs: 4, best: 4 });
  });

  test('a number that is not logged', async () => {
    await expect(run('loss', [1, 2], { monitor: 'valLoss' })).rejects.toThrow(
      /no 'valLoss' in the log, which has loss, lr[^]*pass validation data/,
    );
  });
});

test('modelCheckpoint saves the best model, or each', async () => {
  const net = network();
  const states: string[] = [];
  const note: Callback = { onEpochEnd: () => void states.push(bitsOf(net)) };
  const [best, each] = [join(folder, 'best.safetensors'), join(folder, 'e{epoch}.safetensors')];
  await trainerOf(net).fit(data, {
    epochs: 3,
    callbacks: [
      note,
      plan('x', [1, 3, 2]),
      modelCheckpoint(best, { monitor: 'x', mode: 'max' }),
      modelCheckpoint(each, { bestOnly: false }),
    ],
    ...QUIET,
  });
  expect(bitsOf(loadModel(best))).toBe(states[1]);
  expect(safetensorsInfo(best).metadata).toMatchObject({ epoch: '2', x: '3' });
  for (const e of [1, 2, 3]) {
    expect(bitsOf(loadModel(join(folder, `e${e}.safetensors`)))).toBe(states[e - 1]);
  }
});

test('csvLogger writes what a CSV reader reads', async () => {
  const path = join(folder, 'log.csv');
  const trainer = trainerOf(network(), { metrics: [accuracy()] });
  const callbacks = [csvLogger(path), plan('a "b", c', [1, 2])];
  const { epochs } = await trainer.fit(data, { epochs: 2, callbacks, ...QUIET });
  const rows = [];
  for await (const row of readCsvFile(path)) rows.push(row);
  expect(rows).toHaveLength(2);
  expect(Number((rows[1] as Record<string, unknown>).loss)).toBe(epochs[1].logs.loss);
  expect(readFileSync(path, 'utf8').split('\n')[0]).toBe(
    'epoch,step,seconds,loss,accuracy,lr,"a ""b"", c"',
  );
  const bad = trainer.fit(data, {
    callbacks: [csvLogger(join(folder, 'no', 'log.csv'))],
    ...QUIET,
  });
  await expect(bad).rejects.toThrow(/there is no folder/);
});

test('lrSchedule sets the rate after each step, or each epoch', async () => {
  for (const [every, expected] of [
    ['step', [0.5, 0.25, 0.125, 0.0625]],
    ['epoch', [1, 1, 0.5, 0.5]],
  ] as const) {
    const net = network();
    const optimizer = optim.sgd(net.parameters(), { lr: 1 });
    const schedule = optim.exponentialLr(optimizer, { gamma: 0.5 });
    const rates: number[] = [];
    await new Trainer(net, { loss: nn.crossEntropy, optimizer }).fit(data, {
      epochs: 2,
      batchSize: 30,
      callbacks: [
        lrSchedule(schedule, { every }),
        { onStepEnd: (run) => void rates.push(run.optimizer.lr) },
      ],
      ...QUIET,
    });
    expect(rates).toEqual(expected);
  }
});

describe('mistakes', () => {
  test.each([
    [() => earlyStopping({ patience: 0 }), /patience is a whole number/],
    [() => earlyStopping({ montor: 'x' } as never), /did you mean 'monitor'/],
    [() => earlyStopping({ mode: 'up' } as never), /mode is 'min' or 'max'/],
    [() => earlyStopping({ minDelta: -1 }), /minDelta/],
    [() => earlyStopping({ monitor: 3 } as never), /monitor is the name/],
    [() => modelCheckpoint('' as never), /the path is a string/],
    [() => csvLogger(3 as never), /the path is a string/],
    [() => lrSchedule({} as never), /takes a schedule/],
    [
      () =>
        lrSchedule(optim.stepLr(optim.sgd(network().parameters(), { lr: 1 }), { stepSize: 1 }), {
          every: 'x',
        } as never),
      /every is 'step' or 'epoch'/,
    ],
  ])('%#', (make, message) => {
    expect(make).toThrow(message);
  });
});
