/** Where temporaries lie: those that no launch needs at the same time share memory. */
import { Extents } from '../base/index.ts';
import type { Launch } from './launch.ts';

/** Starts of temporaries, in bytes from the start of memory of `bytes` in all. */
export interface TempPlaces {
  readonly starts: readonly number[];
  readonly bytes: number;
}

/** Bytes that kernels may read past the end of a buffer of their own: a vector. */
export const SLACK = 64;

/**
 * Each temporary lives from the first launch that touches it to the last; each takes the free
 * extent that fits it best.
 */
export function placeTemps(sizes: readonly number[], launches: readonly Launch[]): TempPlaces {
  const free = new Extents();
  let bytes = 0;
  const take = (room: number): number => {
    const at = free.take(room);
    if (at >= 0) return at;
    // What is free at the end grows.
    const more = room - free.before(bytes);
    free.give(bytes, more);
    bytes += more;
    return free.take(room);
  };
  const rooms = sizes.map((n) => Math.ceil((n + SLACK) / 64) * 64);
  const touched = launches.map(tempsOf);
  const last = new Map(touched.flatMap((temps, i) => temps.map((t) => [t, i] as const)));
  const starts = sizes.map(() => -1);
  touched.forEach((temps, i) => {
    for (const t of temps) if (starts[t] < 0) starts[t] = take(rooms[t]);
    for (const t of temps) if (last.get(t) === i) free.give(starts[t], rooms[t]);
  });
  // None touches these.
  return { starts: starts.map((at) => Math.max(0, at)), bytes };
}

/** The temporaries that a launch reads or writes, each once. */
function tempsOf({ args }: Launch): number[] {
  const found = new Set<number>();
  for (const arg of args) {
    if (arg.kind === 'pointer' && arg.buffer.kind === 'temp') found.add(arg.buffer.index);
  }
  return [...found];
}
