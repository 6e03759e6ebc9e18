import { checkOptions, given, ValueError } from '../base/index.ts';
import { ADAM_UPDATE, attrs, interpreter } from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Params } from './check-params.ts';
import { FRACTION, Hyper, NOT_NEGATIVE } from './hyper.ts';
import { Group, Optimizer, type Slot } from './optimizer.ts';

export interface AdamOptions {
  /** Step size. Default 0.001. */
  readonly lr?: number;
  /** How slowly the averages of gradients and of their squares move. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number;
  /** Times the parameter, added to the gradient. Default 0; for adamW 0.01. */
  readonly weightDecay?: number;
}

const OPTIONS = ['lr', 'betas', 'eps', 'weightDecay'];

type Name = 'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay';

class AdamGroup extends Group<Name> {
  constructor(op: string, params: readonly Tensor[], options: AdamOptions) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw new ValueError({
        op,
        problem: `betas must be two numbers, e.g. [0.9, 0.999], not ${given(betas)}`,
      });
    }
    const hypers = {
      lr: new Hyper(op, 'lr', lr, NOT_NEGATIVE),
      beta1: new Hyper(op, 'betas[0]', betas[0] as number, FRACTION),
      beta2: new Hyper(op, 'betas[1]', betas[1] as number, FRACTION),
      eps: new Hyper(op, 'eps', eps, NOT_NEGATIVE),
      weightDecay: new Hyper(op, 'weightDecay', weightDecay, NOT_NEGATIVE),
    };
    super(params, hypers, ['expAvg', 'expAvgSq']);
  }
}

/** See {@link adam} and {@link adamW}. */
export class Adam extends Optimizer<Name> {
  private readonly decoupled: boolean;

  constructor(params: Params<AdamOptions>, options: AdamOptions = {}, decoupled = false) {
    const op = decoupled ? 'optim.adamW' : 'optim.adam';
    checkOptions(op, options, OPTIONS);
    super(op, params, OPTIONS, (list, own) => {
      const { weightDecay = decoupled ? 0.01 : 0 } = options;
      return new AdamGroup(op, list, { ...options, weightDecay, ...own });
    });
    this.decoupled = decoupled;
  }

  protected override update(group: AdamGroup, slots: readonly Slot[], steps: Tensor): void {
    const b1 = group.cell('beta1');
    const b2 = group.cell('beta2');
    const operands = [
      group.cell('lr'),
      b1,
      b2,
      group.cell('eps'),
      group.cell('weightDecay'),
      // The averages start at zero; these are the shares of real gradients in them.
      b1.pow(steps).neg().add(1),
      b2.pow(steps).neg().add(1),
    ];
    const settings = attrs({ decoupled: this.decoupled });
    for (const { param, state } of slots) {
      const [m, v] = state;
      const inputs = [param, param.grad as Tensor, m, v, ...operands];
      interpreter().update(ADAM_UPDATE, inputs, settings, [param, m, v]);
    }
  }
}

/**
 * Adam: running averages `m = b1 m + (1 - b1) g` and `v = b2 v + (1 - b2) g^2`, then
 * `p -= lr * m' / (sqrt(v') + eps)` with `m' = m / (1 - b1^t)` and `v' = v / (1 - b2^t)` in step t.
 *
 * `params` is a list of parameters, or of names and parameters (`net.namedParameters()`: errors then
 * tell the name), or of groups `{ params, ...options }`. Steps are counted for parameters that had a
 * gradient; frozen ones sit out. Throws ValueError for unknown settings or ones out of range, and for
 * parameters that are not, twice there, or none.
 *
 * Source: Kingma & Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1.
 *
 * @example
 * const opt = optim.adam(net.parameters(), { lr: 1e-3 });
 * opt.zeroGrad();
 * loss.backward();
 * opt.step();
 */
export const adam = (params: Params<AdamOptions>, options: AdamOptions = {}): Adam =>
  new Adam(params, options);

/**
 * Adam with decoupled weight decay: `p *= 1 - lr * weightDecay` before the step, in place of decay in
 * the gradient. The default decay is 0.01.
 *
 * Source: Loshchilov & Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2.
 *
 * @example
 * const opt = optim.adamW(net.parameters(), { lr: 3e-4, weightDecay: 0.05 });
 */
export const adamW = (params: Params<AdamOptions>, options: AdamOptions = {}): Adam =>
  new Adam(params, options, true);
