import { checkOptions, given, ValueError } from '../base/index.ts';
import { attrs, interpreter, RMSPROP_UPDATE } from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Params } from './check-params.ts';
import { FRACTION, Hyper, NOT_NEGATIVE } from './hyper.ts';
import { Group, Optimizer, type Slot } from './optimizer.ts';

export interface RmspropOptions {
  /** Step size. Default 0.01. */
  readonly lr?: number;
  /** How slowly the average of squared gradients moves. Default 0.99. */
  readonly alpha?: number;
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number;
  /** Times the parameter, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Share of the last step that is repeated. Default 0. */
  readonly momentum?: number;
  /** Whether to divide by the deviation of gradients from their average. Default false. */
  readonly centered?: boolean;
}

const OPTIONS = ['lr', 'alpha', 'eps', 'weightDecay', 'momentum', 'centered'];

type Name = 'lr' | 'alpha' | 'eps' | 'weightDecay' | 'momentum';

const OP = 'optim.rmsprop';

class RmspropGroup extends Group<Name> {
  readonly centered: boolean;

  constructor(params: readonly Tensor[], options: RmspropOptions) {
    const { lr = 0.01, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = options;
    const { centered = false } = options;
    if (typeof centered !== 'boolean') {
      throw new ValueError({
        op: OP,
        problem: `centered must be true or false, not ${given(centered)}`,
      });
    }
    const hypers = {
      lr: new Hyper(OP, 'lr', lr, NOT_NEGATIVE),
      alpha: new Hyper(OP, 'alpha', alpha, FRACTION),
      eps: new Hyper(OP, 'eps', eps, NOT_NEGATIVE),
      weightDecay: new Hyper(OP, 'weightDecay', weightDecay, NOT_NEGATIVE),
      momentum: new Hyper(OP, 'momentum', momentum, NOT_NEGATIVE),
    };
    const names = ['squareAvg'];
    if (centered) names.push('gradAvg');
    if (momentum !== 0) names.push('momentumBuffer');
    super(params, hypers, names);
    this.centered = centered;
  }

  get hasMomentum(): boolean {
    return this.stateNames.includes('momentumBuffer');
  }

  override set(name: Name, value: number): void {
    if (name === 'momentum' && value !== 0 && !this.hasMomentum) {
      throw new ValueError({
        op: OP,
        problem: 'this optimiser was made without momentum',
        remedy: 'give a momentum above 0 when making it; it can be changed afterwards',
      });
    }
    super.set(name, value);
  }
}

/** See {@link rmsprop}. */
export class Rmsprop extends Optimizer<Name> {
  constructor(params: Params<RmspropOptions>, options: RmspropOptions = {}) {
    checkOptions(OP, options, OPTIONS);
    super(OP, params, OPTIONS, (list, own) => new RmspropGroup(list, { ...options, ...own }));
  }

  protected override update(group: RmspropGroup, slots: readonly Slot[]): void {
    const names: readonly Name[] = ['lr', 'alpha', 'eps', 'weightDecay'];
    const momentum = group.hasMomentum;
    const hypers = [...names, ...(momentum ? ['momentum' as const] : [])].map((n) => group.cell(n));
    const settings = attrs({ centered: group.centered, momentum });
    for (const { param, state } of slots) {
      const inputs = [param, param.grad as Tensor, ...state, ...hypers];
      interpreter().update(RMSPROP_UPDATE, inputs, settings, [param, ...state]);
    }
  }
}

/**
 * RMSprop: the running average of squared gradients `v = alpha v + (1 - alpha) g^2`, then
 * `p -= lr * g / (sqrt(v) + eps)`. With `centered`, `m = alpha m + (1 - alpha) g` and `v - m^2` stands
 * under the root; with momentum, `b = momentum b + g / (sqrt(v) + eps)` and `p -= lr * b`. The rules
 * are PyTorch's.
 *
 * `params` is a list of parameters, or of names and parameters (`net.namedParameters()`: errors then
 * tell the name), or of groups `{ params, ...options }`; frozen parameters sit out. Throws ValueError
 * for settings that are unknown or out of range, and for parameters that are not, twice there, or
 * none.
 *
 * Source: Hinton, Neural Networks for Machine Learning, 2012, lecture 6e.
 *
 * @example
 * const opt = optim.rmsprop(net.parameters(), { lr: 1e-3, momentum: 0.9 });
 * opt.zeroGrad();
 * loss.backward();
 * opt.step();
 */
export const rmsprop = (params: Params<RmspropOptions>, options: RmspropOptions = {}): Rmsprop =>
  new Rmsprop(params, options);
