import {
  checkOptions,
  DtypeError,
  formatShape,
  given,
  isFloat,
  type Shape,
  ShapeError,
  sameShape,
  ValueError,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { checkTensor, dropout, Parameter, type Tensor, zeros } from '../tensor/index.ts';
import { checkFlag, checkSize } from './check-sizes.ts';
import { defaultBound, uniformTensor } from './init.ts';
import { Module } from './module.ts';

export interface LSTMOptions {
  /** Layers on top of each other: each takes the outputs of the one below. Default 1. */
  readonly numLayers?: number;
  /** Whether learned offsets are added. Default true. */
  readonly bias?: boolean;
  /** Whether sequences are `[batch, steps, features]`, not `[steps, batch, features]`. Default false. */
  readonly batchFirst?: boolean;
  /** Share of the outputs of each layer but the last that is dropped in training. Default 0. */
  readonly dropout?: number;
  /** Whether a second cell in each layer goes from the last step to the first. Default false. */
  readonly bidirectional?: boolean;
}

/** Hidden state and cells after a step, each `[numLayers * directions, batch, hiddenSize]`. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/** Steps that one op takes: all its lengths have then the same plan, which is soon made. */
const STEPS = 16;

const OP = 'nn.lstm';
const KEYS = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional'];

/** See {@link lstm}. */
export class LSTM extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** `weightIhL0`, `weightHhL0`, `biasIhL0`, `biasHhL0`, `weightIhL0Reverse`, ..., as in PyTorch. */
  readonly [parameter: `${'weight' | 'bias'}${'Ih' | 'Hh'}L${number}${'' | 'Reverse'}`]: Tensor;

  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super();
    checkOptions(OP, options, KEYS);
    this.inputSize = checkSize(OP, 'inputSize', inputSize);
    this.hiddenSize = checkSize(OP, 'hiddenSize', hiddenSize);
    this.numLayers = checkSize(OP, 'numLayers', options.numLayers ?? 1);
    this.bias = checkFlag(OP, 'bias', options.bias, true);
    this.batchFirst = checkFlag(OP, 'batchFirst', options.batchFirst, false);
    this.dropout = checkDropout(options.dropout ?? 0);
    this.bidirectional = checkFlag(OP, 'bidirectional', options.bidirectional, false);
    const gates = 4 * hiddenSize;
    const bound = defaultBound(hiddenSize);
    const fields = this as unknown as Record<string, Tensor>;
    for (const [name, layer] of this.cells()) {
      const inputs = layer === 0 ? inputSize : hiddenSize * this.directions;
      const make = (shape: Shape): Tensor => Parameter(uniformTensor(shape, -bound, bound));
      fields[`weightIh${name}`] = make([gates, inputs]);
      fields[`weightHh${name}`] = make([gates, hiddenSize]);
      if (!this.bias) continue;
      fields[`biasIh${name}`] = make([gates]);
      fields[`biasHh${name}`] = make([gates]);
    }
  }

  private get directions(): 1 | 2 {
    return this.bidirectional ? 2 : 1;
  }

  /** The end of the names of each cell's parameters, and its layer. */
  private cells(): [name: string, layer: number][] {
    const ends = this.bidirectional ? ['', 'Reverse'] : [''];
    return Array.from({ length: this.numLayers }, (_, layer) =>
      ends.map((end): [string, number] => [`L${layer}${end}`, layer]),
    ).flat();
  }

  override get usesTraining(): boolean {
    return this.dropout > 0 && this.numLayers > 1;
  }

  override config(): readonly unknown[] {
    const { numLayers, bias, batchFirst, bidirectional } = this;
    const flags = { bias, batchFirst, bidirectional };
    return [this.inputSize, this.hiddenSize, { numLayers, dropout: this.dropout, ...flags }];
  }

  forward(x: Tensor, state?: LSTMState | null): [output: Tensor, state: [h: Tensor, c: Tensor]] {
    this.checkInput(x);
    const single = x.rank === 2;
    const steps = single || !this.batchFirst ? 0 : 1;
    let y: Tensor = single ? x.unsqueeze(1) : x;
    const [h0, c0] = this.startOf(y, 1 - steps, state ?? null, single);
    const hidden: Tensor[] = [];
    const cells: Tensor[] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.training && this.dropout > 0) y = dropout(y, this.dropout);
      const first = layer * this.directions;
      const outputs = [false, true].slice(0, this.directions).map((back, k) => {
        const name = `L${layer}${back ? 'Reverse' : ''}` as const;
        const run = this.runCell(name, y, steps, h0[first + k], c0[first + k], back);
        hidden.push(run.h);
        cells.push(run.c);
        return run.outputs;
      });
      y = outputs.length === 1 ? outputs[0] : (ops.concat(outputs, -1) as Tensor);
      if (steps === 1) y = y.transpose(0, 1);
    }
    const end = [hidden, cells].map((list) => ops.stack(list) as Tensor);
    const last = (t: Tensor): Tensor => (single ? (t.squeeze(1) as Tensor) : t);
    return [last(y), [last(end[0]), last(end[1])]];
  }

  /** One cell's hidden states in all steps, `[steps, batch, hidden]`, and its state after the last. */
  private runCell(
    name: `L${number}${'' | 'Reverse'}`,
    x: Tensor,
    steps: number,
    h0: Tensor,
    c0: Tensor,
    reverse: boolean,
  ): { readonly outputs: Tensor; readonly h: Tensor; readonly c: Tensor } {
    const bias = this.bias ? ops.add(this[`biasIh${name}`], this[`biasHh${name}`]) : null;
    // The inputs' share of the gates, for all steps in one product.
    const shares = ops.linear(x, this[`weightIh${name}`], bias);
    const first = steps === 1 ? ops.transpose(shares, 0, 1) : shares;
    const runs = ops.split(first, Math.min(first.shape[0], STEPS)) as Tensor[];
    const outputs: Tensor[] = new Array(runs.length);
    let [h, c] = [h0, c0];
    const order = [...runs.keys()];
    for (const k of reverse ? order.reverse() : order) {
      const weight = this[`weightHh${name}`];
      const [hidden, cells] = ops.lstm(runs[k], weight, h, c, { reverse }) as [Tensor, Tensor];
      outputs[k] = hidden;
      [h, c] = [hidden, cells].map((t) => t.at(reverse ? 0 : -1));
    }
    const all = outputs.length === 1 ? outputs[0] : (ops.concat(outputs) as Tensor);
    return { outputs: all, h, c };
  }

  /** The state of each cell before the first step; zeros if none is given. */
  private startOf(
    x: Tensor,
    batchDim: number,
    state: LSTMState | null,
    single: boolean,
  ): readonly [readonly Tensor[], readonly Tensor[]] {
    const count = this.numLayers * this.directions;
    const batch = x.shape[batchDim];
    if (state === null) {
      const dtype = isFloat(x.dtype) ? x.dtype : 'float32';
      const zero: Tensor = zeros([batch, this.hiddenSize], { dtype, device: x.device });
      const none = new Array<Tensor>(count).fill(zero);
      return [none, none];
    }
    const wanted = single ? [count, this.hiddenSize] : [count, batch, this.hiddenSize];
    if (!Array.isArray(state) || state.length !== 2) {
      throw new ValueError({
        op: 'lstm',
        problem: `the state is ${given(state)}, not [h, c]`,
        remedy: 'pass what forward gave with the output: const [y, state] = lstm.forward(x)',
      });
    }
    const [h, c] = (state as LSTMState).map((t, i) => {
      const cell = checkTensor('lstm', t);
      if (!sameShape(cell.shape, wanted)) {
        throw new ShapeError({
          op: 'lstm',
          problem: `${i === 0 ? 'h' : 'c'} is ${formatShape(cell.shape)}, not ${formatShape(wanted)}`,
          operands: [x, cell],
          remedy: 'a state is [layers * directions, batch, hiddenSize], batchFirst or not',
        });
      }
      return (single ? cell.unsqueeze(1) : cell).unbind() as Tensor[];
    });
    return [h, c];
  }

  private checkInput(x: Tensor): void {
    const { shape, dtype } = checkTensor('lstm', x);
    const steps = this.batchFirst ? '[batch, steps, features]' : '[steps, batch, features]';
    if (shape.length !== 2 && shape.length !== 3) {
      throw new ShapeError({
        op: 'lstm',
        problem: `takes ${steps} or [steps, features], not ${formatShape(shape)}`,
        operands: [x],
      });
    }
    if (shape[shape.length - 1] !== this.inputSize) {
      throw new ShapeError({
        op: 'lstm',
        problem: `expects ${this.inputSize} features in the last dimension of ${formatShape(shape)}`,
        operands: [x],
      });
    }
    if (shape[shape.length === 3 && this.batchFirst ? 1 : 0] === 0) {
      throw new ShapeError({
        op: 'lstm',
        problem: `there are no steps in ${formatShape(shape)}`,
        operands: [x],
        remedy: `sequences are ${steps}: batchFirst is ${this.batchFirst}`,
      });
    }
    if (!isFloat(dtype)) {
      throw new DtypeError({
        op: 'lstm',
        problem: `takes floats, not ${dtype}`,
        operands: [x],
        remedy: 'indices become vectors with nn.embedding, one-hot rows with oneHot',
      });
    }
  }

  protected override describe(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.numLayers > 1) parts.push(`${this.numLayers} layers`);
    if (!this.bias) parts.push('no bias');
    if (this.batchFirst) parts.push('batch first');
    if (this.dropout > 0) parts.push(`dropout ${this.dropout}`);
    if (this.bidirectional) parts.push('bidirectional');
    return parts.join(', ');
  }
}

function checkDropout(p: unknown): number {
  if (typeof p === 'number' && p >= 0 && p < 1) return p;
  throw new ValueError({
    op: OP,
    problem: `dropout must be from 0 up to but not including 1, not ${given(p)}`,
    remedy: 'it is the share of elements that is dropped between layers, e.g. 0.5',
  });
}

/**
 * A long short-term memory over sequences: `i, f, g, o = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh`,
 * `c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g)`, `h_t = sigmoid(o) tanh(c_t)`.
 *
 * `forward(x, [h, c])` gives `[output, [h, c]]`: the hidden states of the last layer in all steps,
 * and the state of every layer after its last; without a state it starts with zeros. Shapes: x
 * `[steps, batch, inputSize]`, or `[batch, steps, inputSize]` with `batchFirst`, or
 * `[steps, inputSize]`; output the same with `hiddenSize` features, twice as many if
 * `bidirectional`; h and c `[numLayers * directions, batch, hiddenSize]`. Names, shapes and gate
 * order of the parameters are PyTorch's in camelCase (`weightIhL0` is `weight_ih_l0`); they start
 * even within `±1 / sqrt(hiddenSize)`. With one layer `dropout` does nothing. Throws ValueError for
 * sizes that are no whole numbers from 1; forward throws ShapeError for inputs or states that do
 * not fit, DtypeError for integers.
 *
 * Source: Hochreiter & Schmidhuber, Long Short-Term Memory, 1997; Gers, Schmidhuber & Cummins,
 * Learning to Forget, 2000.
 *
 * @example
 * const lstm = nn.lstm(64, 128, { batchFirst: true });
 * const [y, [h, c]] = lstm.forward(randn([8, 20, 64]));
 * y.shape; // [8, 20, 128]
 */
export const lstm = (inputSize: number, hiddenSize: number, options: LSTMOptions = {}): LSTM =>
  new LSTM(inputSize, hiddenSize, options);
