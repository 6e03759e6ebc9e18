import { given, type Shape, ValueError } from '../base/index.ts';
import { dropout as drop, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';

/** See {@link dropout}. */
export class Dropout extends Module {
  readonly p: number;

  constructor(p: number) {
    super();
    if (typeof p !== 'number' || !(p >= 0 && p < 1)) {
      throw new ValueError({
        op: 'nn.dropout',
        problem: `the probability must be from 0 up to but not including 1, not ${given(p)}`,
        remedy: 'it is the share of elements that is dropped, e.g. 0.5',
      });
    }
    this.p = p;
  }

  override get usesTraining(): boolean {
    return true;
  }

  override config(): readonly unknown[] {
    return [this.p];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    if (!this.training || this.p === 0) return x;
    return drop(x, this.p);
  }

  protected override describe(): string {
    return `${this.p}`;
  }
}

/**
 * In training, each element is 0 with probability `p`, else `x / (1 - p)`; in evaluation
 * (`net.eval()`) the input itself.
 *
 * Random numbers come from the generator that `manualSeed` sets. Throws ValueError unless
 * 0 <= p < 1.
 *
 * Source: Srivastava et al., Dropout, JMLR 2014.
 *
 * @example
 * nn.sequential(nn.linear(64, 64), nn.relu(), nn.dropout(0.5), nn.linear(64, 10));
 */
export const dropout = (p = 0.5): Dropout => new Dropout(p);
