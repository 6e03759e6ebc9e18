/** Threads: every tile once, whatever the timing. */
import { describe, expect, test } from 'vitest';
import { Counter, hostOf } from './host.test-util.ts';

// None where there is no native host: open-native.test.ts says what holds then.
const hosts = [1, 2, 3].flatMap((threads) => {
  const host = hostOf(threads);
  return host === null ? [] : [[threads, host] as const];
});

describe.each(hosts)('%i threads', (threads, host) => {
  test('each of 100,000 dispatches runs every tile once', () => {
    const counter = new Counter(host, 64);
    const dispatches = 100_000;
    const counts = new Array<number>(64).fill(0);
    let sum = 0n;
    for (let i = 0; i < dispatches; i++) {
      const tiles = 1 + ((i * 7) % 13);
      counter.run(tiles);
      sum += BigInt((tiles * (tiles + 1)) / 2);
      for (let t = 0; t < tiles; t++) counts[t]++;
    }
    expect(counter.sum).toBe(sum);
    expect(counts.map((_, t) => counter.count(t))).toEqual(counts);
  });

  test('no wake-up is lost, however long the pause', async () => {
    const counter = new Counter(host, 64);
    let sum = 0n;
    for (let i = 0; i < 2000; i++) {
      counter.run(8, 200);
      sum += 36n;
      // About as long as threads spin, a little more, a little less; now and then a turn.
      const until = performance.now() + Math.random() * 0.08;
      while (performance.now() < until);
      if (i % 100 === 0) await new Promise((done) => setTimeout(done, Math.random() * 3));
    }
    expect(counter.sum).toBe(sum);
  });

  test('all threads take part in long work, and no other', () => {
    const counter = new Counter(host, 2000);
    const all = 2 ** threads - 1;
    // A busy machine may keep a worker waiting: until each was seen.
    for (let i = 0; i < 200 && counter.threads !== all; i++) counter.run(2000, 20_000);
    expect(counter.threads).toBe(all);
  });

  test('tiles of very different length are all waited for', () => {
    const counter = new Counter(host, 64);
    for (let i = 0; i < 300; i++) {
      counter.clear();
      counter.run(threads, 1 + ((i * 7919) % 100_000));
      expect(counter.sum).toBe(BigInt((threads * (threads + 1)) / 2));
    }
  });
});
