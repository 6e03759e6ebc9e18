import { checkOptions, ValueError } from '../base/index.ts';
import { attrs, interpreter, SGD_MOMENTUM_UPDATE, SGD_UPDATE } from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Params } from './check-params.ts';
import { Hyper, NOT_NEGATIVE } from './hyper.ts';
import { Group, Optimizer, type Slot } from './optimizer.ts';

export interface SgdOptions {
  /** Step size. */
  readonly lr: number;
  /** Share of the last step that is repeated. Default 0. */
  readonly momentum?: number;
  /** Share of the gradient that momentum leaves out. Default 0. */
  readonly dampening?: number;
  /** Times the parameter, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether the gradient is taken, in effect, after the momentum step. Default false. */
  readonly nesterov?: boolean;
}

const OPTIONS = ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov'];

type Name = 'lr' | 'momentum' | 'dampening' | 'weightDecay';

const OP = 'optim.sgd';

class SgdGroup extends Group<Name> {
  readonly nesterov: boolean;
  /** Whether momentum takes less than the whole gradient, from the second step on. */
  readonly damped: boolean;

  constructor(params: readonly Tensor[], options: SgdOptions) {
    const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    const hyper = (name: Name, value: number): Hyper => new Hyper(OP, name, value, NOT_NEGATIVE);
    const hypers = {
      lr: hyper('lr', lr),
      momentum: hyper('momentum', momentum),
      dampening: hyper('dampening', dampening),
      weightDecay: hyper('weightDecay', weightDecay),
    };
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ValueError({
        op: OP,
        problem: 'nesterov needs a momentum above 0 and a dampening of 0',
        remedy: 'pass { momentum: 0.9, nesterov: true }',
      });
    }
    super(params, hypers, momentum === 0 ? [] : ['momentumBuffer']);
    this.nesterov = nesterov;
    this.damped = dampening !== 0;
  }

  override set(name: Name, value: number): void {
    const unprepared =
      (name === 'momentum' && value !== 0 && this.stateNames.length === 0) ||
      (name === 'dampening' && value !== 0 && !this.damped);
    if (unprepared) {
      throw new ValueError({
        op: OP,
        problem: `this optimiser was made without ${name}`,
        remedy: `give a ${name} above 0 when making it; it can be changed afterwards`,
      });
    }
    super.set(name, value);
  }
}

/** See {@link sgd}. */
export class Sgd extends Optimizer<Name> {
  constructor(params: Params<SgdOptions>, options: SgdOptions) {
    checkOptions(OP, options, OPTIONS);
    super(
      OP,
      params,
      OPTIONS,
      (list, own) => new SgdGroup(list, { ...options, ...own } as unknown as SgdOptions),
    );
  }

  protected override update(group: SgdGroup, slots: readonly Slot[], steps: Tensor): void {
    const lr = group.cell('lr');
    const weightDecay = group.cell('weightDecay');
    if (group.stateNames.length === 0) {
      for (const { param } of slots) {
        const operands = [param, param.grad as Tensor, lr, weightDecay];
        interpreter().update(SGD_UPDATE, operands, null, [param]);
      }
      return;
    }
    const momentum = group.cell('momentum');
    // PyTorch starts the buffer with the whole first gradient.
    const dampening = group.damped
      ? steps.gt(1).to('float64').mul(group.cell('dampening'))
      : group.cell('dampening');
    const settings = attrs({ nesterov: group.nesterov });
    for (const { param, state } of slots) {
      const [buffer] = state;
      const grad = param.grad as Tensor;
      const operands = [param, grad, buffer, lr, momentum, dampening, weightDecay];
      interpreter().update(SGD_MOMENTUM_UPDATE, operands, settings, [param, buffer]);
    }
  }
}

/**
 * Stochastic gradient descent: with `g' = g + weightDecay * p`, `p -= lr * g'`; with momentum,
 * `b = momentum * b + (1 - dampening) * g'` and `p -= lr * b`, or `p -= lr * (g' + momentum * b)` if
 * `nesterov`. The rules, and the first step, are PyTorch's.
 *
 * `params` is a list of parameters, or of names and parameters (`net.namedParameters()`: errors then
 * tell the name), or of groups `{ params, ...options }`; frozen parameters sit out. Throws ValueError
 * for settings that are unknown, negative or no numbers, and for parameters that are not, twice
 * there, or none.
 *
 * Source: Sutskever et al., On the Importance of Initialization and Momentum in Deep Learning, 2013.
 *
 * @example
 * const opt = optim.sgd(net.parameters(), { lr: 0.1, momentum: 0.9 });
 * opt.zeroGrad();
 * loss.backward();
 * opt.step();
 */
export const sgd = (params: Params<SgdOptions>, options: SgdOptions): Sgd =>
  new Sgd(params, options);
