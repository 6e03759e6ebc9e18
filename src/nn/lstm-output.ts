import { checkOptions } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { checkFlag } from './check-sizes.ts';
import { LSTM, type LSTMOptions } from './lstm.ts';
import { Module } from './module.ts';

export interface LSTMOutputOptions extends LSTMOptions {
  /** Whether the outputs of all steps are given, not that of the last alone. Default false. */
  readonly returnSequences?: boolean;
}

/** See {@link lstmOutput}. */
export class LSTMOutput extends Module {
  readonly lstm: LSTM;
  readonly returnSequences: boolean;

  constructor(inputSize: number, hiddenSize: number, options: LSTMOutputOptions = {}) {
    super();
    const op = 'nn.lstmOutput';
    const own = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional'];
    checkOptions(op, options, [...own, 'returnSequences']);
    const { returnSequences, ...rest } = options;
    this.returnSequences = checkFlag(op, 'returnSequences', returnSequences, false);
    this.lstm = new LSTM(inputSize, hiddenSize, rest);
  }

  override config(): readonly unknown[] {
    const [inputSize, hiddenSize, options] = this.lstm.config();
    const { returnSequences } = this;
    return [inputSize, hiddenSize, { ...(options as LSTMOptions), returnSequences }];
  }

  forward(x: Tensor): Tensor {
    const [output, [h]] = this.lstm.forward(x);
    if (this.returnSequences) return output;
    // The last layer's states: of the way back, the last step is the sequence's first.
    const states = ops.unbind(h).slice(this.lstm.bidirectional ? -2 : -1);
    return (states.length === 1 ? states[0] : ops.concat(states, -1)) as Tensor;
  }

  protected override describe(): string {
    return this.returnSequences ? 'all steps' : 'last step';
  }
}

/**
 * An {@link lstm} that gives one tensor, as `nn.sequential` and `nn.build` need it: the last layer's
 * hidden state after the last step, `[batch, hiddenSize]`, or its outputs of all steps with
 * `returnSequences`. Of two directions the features lie side by side.
 *
 * Shapes, names of parameters (after `lstm.`) and errors: as {@link lstm}.
 *
 * @example
 * const net = nn.sequential(nn.lstmOutput(8, 32, { batchFirst: true }), nn.linear(32, 2));
 * net.forward(randn([4, 20, 8])).shape; // [4, 2]
 */
export const lstmOutput = (
  inputSize: number,
  hiddenSize: number,
  options: LSTMOutputOptions = {},
): LSTMOutput => new LSTMOutput(inputSize, hiddenSize, options);
