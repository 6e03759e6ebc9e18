import { checkOptions, given, ValueError } from '../../base/index.ts';
import { Schedule } from '../../optim/index.ts';
import type { Callback } from '../callback.ts';

export interface LrScheduleOptions {
  /** When the schedule counts on. Default `step`. */
  readonly every?: 'step' | 'epoch';
}

/**
 * Lets a schedule of `optim` set the learning rate, after each step of the optimiser or each epoch.
 * Its place is kept in checkpoints.
 *
 * @example
 * const schedule = optim.cosineLr(opt, { steps: 938 * 5, warmup: 200 });
 * await trainer.fit(train, { epochs: 5, batchSize: 64, callbacks: [lrSchedule(schedule)] });
 */
export function lrSchedule(schedule: Schedule, options: LrScheduleOptions = {}): Callback {
  const op = 'lrSchedule';
  if (!(schedule instanceof Schedule)) {
    throw new ValueError({
      op,
      problem: `takes a schedule, not ${given(schedule)}`,
      remedy: 'make one: optim.cosineLr(opt, { steps: 1000 })',
    });
  }
  checkOptions(op, options, ['every']);
  const { every = 'step' } = options;
  if (every !== 'step' && every !== 'epoch') {
    throw new ValueError({ op, problem: `every is 'step' or 'epoch', not ${given(every)}` });
  }
  const advance = (): void => schedule.step();
  return {
    name: op,
    onFitStart(run) {
      if (schedule.optimizer === run.optimizer) return;
      throw new ValueError({
        op,
        problem: "the schedule sets the rate of another optimiser, not of this run's",
        remedy: 'make it with the optimiser that the Trainer has',
      });
    },
    ...(every === 'step' ? { onStepEnd: advance } : { onEpochEnd: advance }),
    state: () => ({ tensors: schedule.stateDict() }),
    restore: ({ tensors }) => schedule.loadStateDict(tensors ?? {}),
  };
}
