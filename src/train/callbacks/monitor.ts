/** Watching one number of the log. */
import { given, ValueError } from '../../base/index.ts';
import type { Run } from '../callback.ts';

export interface MonitorOptions {
  /** The number to watch. Default `valLoss` where there is validation, else `loss`. */
  readonly monitor?: string;
  /** Whether smaller or larger is better. Default `max` for names that end in accuracy, else `min`. */
  readonly mode?: 'min' | 'max';
  /** By how much it must be better to count. Default 0. */
  readonly minDelta?: number;
}

/** The name that was meant, if another spelling of it is there. */
function remedyFor(name: string, names: readonly string[]): string | undefined {
  const letters = (text: string): string => text.replace(/[^a-z0-9]/gi, '').toLowerCase();
  const meant = names.find((other) => letters(other) === letters(name));
  if (meant !== undefined) return `did you mean '${meant}'?`;
  const needed = letters(name).startsWith('val') && !names.some((n) => n.startsWith('val'));
  return needed ? 'pass validation data: fit(train, { validation: test })' : undefined;
}

/** The best value so far. */
export class Monitor {
  best: number | null = null;
  private readonly op: string;
  private readonly options: MonitorOptions;

  constructor(op: string, options: MonitorOptions) {
    const { monitor, mode, minDelta = 0 } = options;
    const wrong = (problem: string): never => {
      throw new ValueError({ op, problem });
    };
    if (monitor !== undefined && typeof monitor !== 'string') {
      wrong(`monitor is the name of a number in the log, not ${given(monitor)}`);
    }
    if (mode !== undefined && mode !== 'min' && mode !== 'max') {
      wrong(`mode is 'min' or 'max', not ${given(mode)}`);
    }
    if (!(typeof minDelta === 'number' && minDelta >= 0)) {
      wrong(`minDelta must be a number from 0, not ${given(minDelta)}`);
    }
    this.op = op;
    this.options = options;
  }

  name(run: Run): string {
    return this.options.monitor ?? ('valLoss' in run.logs ? 'valLoss' : 'loss');
  }

  /** Whether this epoch is the best so far; NaN never is. Throws ValueError if it is not logged. */
  improved(run: Run): boolean {
    const name = this.name(run);
    const value = run.logs[name];
    if (value === undefined) {
      throw new ValueError({
        op: this.op,
        problem: `there is no '${name}' in the log, which has ${Object.keys(run.logs).join(', ')}`,
        remedy: remedyFor(name, Object.keys(run.logs)),
      });
    }
    const { mode = /accuracy$/i.test(name) ? 'max' : 'min', minDelta = 0 } = this.options;
    const { best } = this;
    const better =
      best === null
        ? !Number.isNaN(value)
        : mode === 'min'
          ? value < best - minDelta
          : value > best + minDelta;
    if (better) this.best = value;
    return better;
  }
}
