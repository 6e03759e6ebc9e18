/** A disk that is really full, and one that is really read-only: a small file system in memory. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FileError, saveModel } from '../format/index.ts';
import { manualSeed, nn } from '../index.ts';
import { csvLogger } from './callbacks/csv-logger.ts';
import { bitsOf, network, points, trainerOf } from './small.test-util.ts';

const disk = mkdtempSync(join(tmpdir(), 'gradus-disk-'));
const mount = (...options: string[]): void =>
  void execFileSync('mount', [...options, disk], { stdio: 'pipe' });
let why = '';
try {
  mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs');
} catch (error) {
  why = `no file system can be mounted here: ${(error as Error).message.split('\n')[1] ?? ''}`;
  console.log(why);
}
afterAll(() => {
  if (why === '') execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

const path = join(disk, 'file.safetensors');
const data = points();

describe.skipIf(why !== '')('saving', () => {
  test('a model and a checkpoint on a full disk: told, and what was there is as it was', async () => {
    saveModel(network(), path);
    const before = readFileSync(path);
    manualSeed(1);
    const large = nn.sequential(nn.linear(4, 4000), nn.relu(), nn.linear(4000, 3));
    expect(() => saveModel(large, path)).toThrow(/saveModel: .*the disk is full; what was there/);
    const start = bitsOf(large);
    const fit = trainerOf(large).fit(data, { checkpoint: path, progress: 'none' });
    const error = (await fit.catch((e) => e)) as FileError;
    expect(error).toBeInstanceOf(FileError);
    expect(error.code).toBe('ENOSPC');
    expect(error.message).toMatch(/Trainer\.fit: checkpoint .*the disk is full/);
    expect(bitsOf(large)).not.toBe(start); // what was learned is still there
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(disk)).toEqual(['file.safetensors']);
  });

  test('in a read-only folder: told before the first step', async () => {
    mount('-o', 'remount,ro');
    try {
      const steps: number[] = [];
      const count = { onStepEnd: (run: { step: number }) => void steps.push(run.step) };
      expect(() => saveModel(network(), path)).toThrow(/saveModel: .*read-only/);
      for (const options of [
        { checkpoint: path },
        { curves: join(disk, 'curves.svg') },
        { callbacks: [csvLogger(join(disk, 'log.csv')), count] },
      ]) {
        const callbacks = 'callbacks' in options ? options.callbacks : [count];
        const fit = trainerOf().fit(data, { ...options, callbacks, progress: 'none' });
        await expect(fit).rejects.toThrow(/read-only/);
      }
      expect(steps).toEqual([]);
    } finally {
      mount('-o', 'remount,rw');
    }
  });
});
