import { checkOptions, given, ValueError } from '../../base/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { Callback, CallbackState, Run } from '../callback.ts';
import { Monitor, type MonitorOptions } from './monitor.ts';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without a better value after which the run ends. Default 3. */
  readonly patience?: number;
  /** Whether the model gets the values of its best epoch at the end. Default true. */
  readonly restoreBest?: boolean;
}

/**
 * Ends the run when a number has not become better for `patience` epochs; the model then has the
 * values of its best epoch.
 *
 * Throws ValueError when the number is not in the log.
 *
 * @example
 * await trainer.fit(train, { epochs: 100, validation: test, callbacks: [earlyStopping()] });
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const op = 'earlyStopping';
  checkOptions(op, options, ['monitor', 'mode', 'minDelta', 'patience', 'restoreBest']);
  const { patience = 3, restoreBest = true } = options;
  if (!Number.isSafeInteger(patience) || patience < 1) {
    throw new ValueError({
      op,
      problem: `patience is a whole number from 1, not ${given(patience)}`,
    });
  }
  const monitor = new Monitor(op, options);
  let waited = 0;
  let bestEpoch = 0;
  let bestState: Readonly<Record<string, Tensor>> | null = null;
  return {
    name: op,
    onFitStart(run: Run) {
      if (run.step > 0) return; // resumed
      waited = 0;
      bestEpoch = 0;
      monitor.best = null;
      bestState = null;
    },
    onEpochEnd(run: Run) {
      if (run.epoch === 1 && options.monitor === undefined && !('valLoss' in run.logs)) {
        run.say('earlyStopping watches the loss in training: there is no validation');
      }
      if (monitor.improved(run)) {
        waited = 0;
        bestEpoch = run.epoch;
        if (restoreBest) bestState = run.model.stateDict();
        return;
      }
      waited++;
      if (waited < patience) return;
      run.stop(`${monitor.name(run)} has not become better for ${patience} epochs`);
    },
    onFitEnd(run: Run) {
      if (run.failed || bestState === null || bestEpoch === run.epoch) return;
      run.model.loadStateDict(bestState);
      run.say(`the model is that of epoch ${bestEpoch}: ${monitor.best}`);
    },
    state: () => ({
      data: { waited, bestEpoch, best: monitor.best },
      ...(bestState === null ? {} : { tensors: bestState }),
    }),
    restore({ data, tensors }: CallbackState) {
      const kept = (data ?? {}) as { waited: number; bestEpoch: number; best: number | null };
      if (![kept.waited, kept.bestEpoch].every(Number.isSafeInteger)) {
        throw new ValueError({
          op: `${op}.restore`,
          problem: `takes what state() gave, not ${given(data)}`,
        });
      }
      waited = kept.waited;
      bestEpoch = kept.bestEpoch;
      monitor.best = kept.best;
      bestState = tensors ?? null;
    },
  };
}
