import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { DataLoader, datasets } from './index.ts';

// The engine's heap is a cache that fills up before it is used anew (256 MB unless told): a small
// one is full, and memory at its height, after some epochs. It is read at the first tensor.
process.env.GRADUS_WASM_HEAP = '16';
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that are held once garbage is gone, and resident ones. */
async function memory(): Promise<{ readonly held: number; readonly rss: number }> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await turn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, rss };
}

test('400 epochs over the digits keep memory flat', async () => {
  const loader = new DataLoader(datasets.digits(), { batchSize: 64, shuffle: true, seed: 1 });
  let sum = 0;
  const epochs = (n: number): void => {
    for (let epoch = 0; epoch < n; epoch++) for (const { x } of loader) sum += x.shape[0];
  };
  epochs(100); // caches find their sizes
  const before = await memory();
  epochs(400);
  const after = await memory();
  expect(sum).toBe(500 * 1797);
  // 400 epochs make 184 MB of batches. What is resident comes and goes by some 40 MB, as the
  // collector takes garbage and the system pages; what is held does not.
  expect(after.held).toBeLessThan(before.held * 1.05);
  expect(after.rss).toBeLessThan(before.rss + 80e6);
});
