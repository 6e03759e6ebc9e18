import { describe, expect, it } from 'vitest';
import type { Arg, Launch } from './launch.ts';
import { placeTemps } from './temps.ts';

const launch = (...temps: number[]): Launch => ({
  key: '',
  build: () => {
    throw new Error('not built');
  },
  args: temps.map((index): Arg => ({ kind: 'pointer', buffer: { kind: 'temp', index }, bytes: 0 })),
});

describe('placeTemps', () => {
  it('lets temporaries of different times share memory', () => {
    // A chain: each launch reads one temporary and writes the next.
    const count = 20;
    const launches = Array.from({ length: count - 1 }, (_, i) => launch(i, i + 1));
    const { bytes } = placeTemps(new Array(count).fill(1000), launches);
    expect(bytes).toBeLessThanOrEqual(3 * 1088);
    // A larger one at the end takes what is free before it.
    expect(placeTemps([1000, 1000, 3000], [launch(0), launch(1), launch(2)]).bytes).toBe(3072);
  });

  it.each([1, 2, 3, 4, 5])('never lays two where both are alive (%i)', (seed) => {
    let state = seed;
    const next = (n: number): number => {
      state = (state * 48271) % 2147483647;
      return state % n;
    };
    const sizes = Array.from({ length: 60 }, () => next(5000));
    const launches = Array.from({ length: 80 }, (_, i) =>
      launch(...Array.from({ length: 1 + next(4) }, () => Math.min(59, (i >> 1) + next(20)))),
    );
    const { starts, bytes } = placeTemps(sizes, launches);
    const lives = sizes.map((_, t) => {
      const at = launches.flatMap(({ args }, i) =>
        args.some((a) => a.kind === 'pointer' && a.buffer.index === t) ? [i] : [],
      );
      return { first: at[0] ?? Number.POSITIVE_INFINITY, last: at.at(-1) ?? -1 };
    });
    for (const [a, x] of lives.entries()) {
      if (x.last < 0) continue;
      expect(starts[a] % 64).toBe(0);
      expect(starts[a] + sizes[a]).toBeLessThanOrEqual(bytes);
      for (const [b, y] of lives.entries()) {
        if (b <= a || y.last < 0 || x.last < y.first || y.last < x.first) continue;
        const apart = starts[a] + sizes[a] <= starts[b] || starts[b] + sizes[b] <= starts[a];
        expect(apart).toBe(true);
      }
    }
    const total = sizes.reduce((n, size) => n + size, 0);
    expect(bytes).toBeLessThan(total);
  });
});
