import { checkOptions, given, ValueError } from '../../base/index.ts';
import { checkWritable, saveModel } from '../../format/index.ts';
import type { Callback, Run } from '../callback.ts';
import { Monitor, type MonitorOptions } from './monitor.ts';

export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether only epochs that are the best so far are saved. Default true. */
  readonly bestOnly?: boolean;
}

/**
 * Saves the model (`saveModel`) after an epoch that is the best so far, or after each.
 *
 * `{epoch}` in the path becomes the number of the epoch. To go on training later, use the
 * `checkpoint` of `fit`, which keeps the optimiser too. Throws what `saveModel` throws, and
 * ValueError when the number is not in the log.
 *
 * @example
 * modelCheckpoint('best.safetensors', { monitor: 'valAccuracy' });
 * modelCheckpoint('epoch-{epoch}.safetensors', { bestOnly: false });
 */
export function modelCheckpoint(path: string, options: ModelCheckpointOptions = {}): Callback {
  const op = 'modelCheckpoint';
  if (typeof path !== 'string' || path === '') {
    throw new ValueError({ op, problem: `the path is a string, not ${given(path)}` });
  }
  checkOptions(op, options, ['monitor', 'mode', 'minDelta', 'bestOnly']);
  const { bestOnly = true } = options;
  const monitor = new Monitor(op, options);
  return {
    name: op,
    onFitStart(run: Run) {
      checkWritable(op, path);
      if (run.step === 0) monitor.best = null;
    },
    onEpochEnd(run: Run) {
      if (bestOnly && !monitor.improved(run)) return;
      const metadata = { epoch: String(run.epoch), ...textOf(run.logs) };
      saveModel(run.model, path.replaceAll('{epoch}', String(run.epoch)), { metadata });
    },
    state: () => ({ data: monitor.best }),
    restore({ data }) {
      if (data !== null && typeof data !== 'number') {
        throw new ValueError({
          op: `${op}.restore`,
          problem: `takes what state() gave, not ${given(data)}`,
        });
      }
      monitor.best = data;
    },
  };
}

const textOf = (logs: Run['logs']): Record<string, string> =>
  Object.fromEntries(Object.entries(logs).map(([name, value]) => [name, String(value)]));
