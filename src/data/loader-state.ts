/** A loader's position as plain data. */
import { given, ValueError } from '../base/index.ts';

/** What `state()` of a DataLoader gives and `restore` takes. */
export interface LoaderState {
  readonly version: 1;
  /** Passes begun before this one. */
  readonly pass: number;
  /** Batches of this pass that were handed out. */
  readonly batch: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly seed: string;
  /** Examples in all; null for a stream. */
  readonly count: number | null;
}

type Settings = Omit<LoaderState, 'version' | 'pass' | 'batch'>;

/** Throws a ValueError unless `state` is a position of a loader with these settings. */
export function checkState(state: LoaderState, own: Settings, length: number | undefined): void {
  const op = 'DataLoader.restore';
  if (typeof state !== 'object' || state === null || !('version' in state)) {
    throw new ValueError({ op, problem: `takes what state() gave, not ${given(state)}` });
  }
  if (state.version !== 1) {
    throw new ValueError({
      op,
      problem: `the state has version ${given(state.version)}; this Gradus knows version 1`,
      remedy: 'use a newer Gradus',
    });
  }
  const differing = (Object.keys(own) as (keyof Settings)[]).filter(
    (key) => state[key] !== own[key],
  );
  if (differing.length > 0) {
    throw new ValueError({
      op,
      problem: `the state is of another loader: ${differing
        .map((key) => `${key} ${given(state[key])}, here ${given(own[key])}`)
        .join('; ')}`,
    });
  }
  const isCount = (n: unknown, most: number): boolean =>
    Number.isSafeInteger(n) && (n as number) >= 0 && (n as number) <= most;
  const most = length ?? Number.MAX_SAFE_INTEGER;
  if (!isCount(state.pass, 2 ** 32 - 1) || !isCount(state.batch, most)) {
    throw new ValueError({
      op,
      problem:
        `there is no batch ${given(state.batch)} of pass ${given(state.pass)}` +
        (length === undefined ? '' : `: a pass has ${length} batches`),
    });
  }
}
