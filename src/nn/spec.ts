/**
 * Layers without input sizes, for {@link build}: the namespace `nn.spec`. Each function says what a
 * layer is like; `nn.build` makes it when the shape before it is known.
 */
import { checkOptions, given, type Shape, ShapeError, ValueError } from '../base/index.ts';
import { elu, gelu, leakyRelu, relu, sigmoid, silu, tanh } from './activations.ts';
import { type AvgPool2dOptions, avgPool2d as makeAvgPool2d } from './avg-pool2d.ts';
import { type BatchNorm2dOptions, batchNorm2d as makeBatchNorm2d } from './batch-norm2d.ts';
import { checkFlag, checkPair, checkSize, type Pair } from './check-sizes.ts';
import { type Conv2dOptions, conv2d as makeConv2d } from './conv2d.ts';
import { dropout as makeDropout } from './dropout.ts';
import { type EmbeddingOptions, embedding as makeEmbedding } from './embedding.ts';
import { flatten as makeFlatten } from './flatten.ts';
import { type LayerNormOptions, layerNorm as makeLayerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { type LSTMOutputOptions, lstmOutput } from './lstm-output.ts';
import { type MaxPool2dOptions, maxPool2d as makeMaxPool2d } from './max-pool2d.ts';
import type { Module } from './module.ts';

const ACTIVATIONS = {
  relu: () => relu(),
  leakyRelu: () => leakyRelu(),
  elu: () => elu(),
  silu: () => silu(),
  gelu: () => gelu(),
  sigmoid: () => sigmoid(),
  tanh: () => tanh(),
};

/** What may follow a layer, by name. */
export type Activation = keyof typeof ACTIVATIONS;

/** A layer to be made. */
export class LayerSpec {
  readonly name: string;
  /** Takes whole numbers, not floats. @internal */
  readonly takesIndices: boolean;
  /** The modules for inputs of this shape, batch left out. @internal */
  readonly make: (input: Shape) => readonly Module[];

  /** @internal */
  constructor(name: string, make: (input: Shape) => readonly Module[], takesIndices = false) {
    this.name = name;
    this.make = make;
    this.takesIndices = takesIndices;
  }
}

export interface DenseSpec {
  /** Number of outputs. */
  readonly units: number;
  /** Default true. */
  readonly bias?: boolean;
  readonly activation?: Activation;
}

export interface Conv2dSpec extends Omit<Conv2dOptions, 'padding'> {
  /** Number of output channels. */
  readonly filters: number;
  readonly kernel: Pair;
  /** Zeros at each side; 'same' keeps height and width, with stride 1. Default 0. */
  readonly padding?: Pair | 'same';
  readonly activation?: Activation;
}

export interface MaxPool2dSpec extends MaxPool2dOptions {
  readonly kernel: Pair;
}

export interface AvgPool2dSpec extends AvgPool2dOptions {
  readonly kernel: Pair;
}

export interface EmbeddingSpec extends EmbeddingOptions {
  /** How many different numbers there are. */
  readonly entries: number;
  /** Size of the vector of each. */
  readonly features: number;
}

export interface LSTMSpec extends Omit<LSTMOutputOptions, 'batchFirst'> {
  /** Number of features of the hidden state. */
  readonly units: number;
}

/**
 * A fully connected layer on the last dimension: {@link linear}, and `activation` after it.
 *
 * @example
 * nn.build([784], [nn.spec.dense({ units: 128, activation: 'relu' }), nn.spec.dense({ units: 10 })]);
 */
export function dense(options: DenseSpec): LayerSpec {
  const op = 'nn.spec.dense';
  const { units, bias, activation } = required(op, options, ['units', 'bias', 'activation']);
  checkSize(op, 'units', units);
  checkFlag(op, 'bias', bias, true);
  const after = activationOf(op, activation);
  return new LayerSpec('dense', (input) => {
    if (input.length === 0 || input.length > 2) {
      throw new ShapeError({
        op,
        problem: `takes [features] or [steps, features], not ${show(input)}`,
        remedy: input.length === 0 ? undefined : 'put flatten() before it',
      });
    }
    return [linear(input[input.length - 1], units, { bias }), ...after()];
  });
}

/**
 * A 2-d convolution over images `[channels, height, width]`: {@link Conv2d}, and `activation` after
 * it. `filters` is the number of output channels.
 *
 * @example
 * nn.build([3, 32, 32], [nn.spec.conv2d({ filters: 16, kernel: 3, padding: 'same' })]);
 */
export function conv2d(options: Conv2dSpec): LayerSpec {
  const op = 'nn.spec.conv2d';
  const known = [
    'filters',
    'kernel',
    'stride',
    'padding',
    'dilation',
    'groups',
    'bias',
    'activation',
  ];
  const { filters, kernel, padding, activation, ...rest } = required(op, options, known);
  checkSize(op, 'filters', filters);
  const sizes = checkPair(op, 'kernel', kernel);
  const around = padding === 'same' ? samePadding(op, sizes, rest) : padding;
  const after = activationOf(op, activation);
  return new LayerSpec('conv2d', (input) => [
    makeConv2d(channelsOf(op, input), filters, sizes, { ...rest, padding: around }),
    ...after(),
  ]);
}

/** The largest element of each window: {@link MaxPool2d}. */
export function maxPool2d(options: MaxPool2dSpec): LayerSpec {
  const op = 'nn.spec.maxPool2d';
  const { kernel, ...rest } = required(op, options, ['kernel', 'stride', 'padding']);
  const pool = makeMaxPool2d(checkPair(op, 'kernel', kernel), rest);
  return new LayerSpec('maxPool2d', (input) => {
    channelsOf(op, input);
    return [makeMaxPool2d(pool.kernelSize, { stride: pool.stride, padding: pool.padding })];
  });
}

/** The mean of each window: {@link AvgPool2d}. */
export function avgPool2d(options: AvgPool2dSpec): LayerSpec {
  const op = 'nn.spec.avgPool2d';
  const { kernel, ...rest } = required(op, options, ['kernel', 'stride', 'padding']);
  const pool = makeAvgPool2d(checkPair(op, 'kernel', kernel), rest);
  return new LayerSpec('avgPool2d', (input) => {
    channelsOf(op, input);
    return [makeAvgPool2d(pool.kernelSize, { stride: pool.stride, padding: pool.padding })];
  });
}

/** All dimensions but the batch in one. */
export const flatten = (): LayerSpec => new LayerSpec('flatten', () => [makeFlatten()]);

/** Drops a share `p` of the elements, in training: {@link Dropout}. */
export function dropout(p = 0.5): LayerSpec {
  makeDropout(p);
  return new LayerSpec('dropout', () => [makeDropout(p)]);
}

/** Batch normalisation of the channels of images: {@link BatchNorm2d}. */
export function batchNorm2d(options: BatchNorm2dOptions = {}): LayerSpec {
  const op = 'nn.spec.batchNorm2d';
  makeBatchNorm2d(1, options);
  return new LayerSpec('batchNorm2d', (input) => [makeBatchNorm2d(channelsOf(op, input), options)]);
}

/** Normalisation of the last dimension: {@link LayerNorm}. */
export function layerNorm(options: LayerNormOptions = {}): LayerSpec {
  makeLayerNorm(1, options);
  return new LayerSpec('layerNorm', (input) => {
    if (input.length > 0) return [makeLayerNorm(input[input.length - 1], options)];
    throw new ShapeError({ op: 'nn.spec.layerNorm', problem: 'takes [..., features], not []' });
  });
}

/** A vector for each whole number, as the first layer: {@link Embedding}. */
export function embedding(options: EmbeddingSpec): LayerSpec {
  const op = 'nn.spec.embedding';
  const known = ['entries', 'features', 'paddingIdx'];
  const { entries, features, paddingIdx } = required(op, options, known);
  checkSize(op, 'entries', entries);
  checkSize(op, 'features', features);
  return new LayerSpec('embedding', () => [makeEmbedding(entries, features, { paddingIdx })], true);
}

/**
 * A long short-term memory over sequences `[steps, features]`: {@link lstmOutput}, which gives the
 * last step's `[units]`, or `[steps, units]` with `returnSequences`.
 *
 * @example
 * nn.build([20, 8], [nn.spec.lstm({ units: 32 }), nn.spec.dense({ units: 2 })]);
 */
export function lstm(options: LSTMSpec): LayerSpec {
  const op = 'nn.spec.lstm';
  const own = ['units', 'returnSequences', 'numLayers', 'bias', 'dropout', 'bidirectional'];
  const { units, ...rest } = required(op, options, own);
  checkSize(op, 'units', units);
  return new LayerSpec('lstm', (input) => {
    if (input.length === 2) return [lstmOutput(input[1], units, { ...rest, batchFirst: true })];
    throw new ShapeError({
      op,
      problem: `takes sequences [steps, features], not ${show(input)}`,
      remedy: 'shapes leave the batch out; an LSTM before it needs { returnSequences: true }',
    });
  });
}

/** An activation as a layer of its own: `activation('relu')`. */
export function activation(name: Activation): LayerSpec {
  const after = activationOf('nn.spec.activation', name);
  if (name !== undefined) return new LayerSpec(name, after);
  throw new ValueError({ op: 'nn.spec.activation', problem: 'no name was given' });
}

/** The options, checked; unlike other options, these cannot be left out. */
function required<T extends object>(op: string, options: T, known: readonly string[]): T {
  checkOptions(op, options, known);
  if (options !== undefined) return options;
  throw new ValueError({ op, problem: `needs options`, remedy: `pass { ${known[0]}: ... }` });
}

function activationOf(op: string, name: unknown): () => readonly Module[] {
  if (name === undefined) return () => [];
  if (typeof name === 'string' && Object.hasOwn(ACTIVATIONS, name)) {
    return () => [ACTIVATIONS[name as Activation]()];
  }
  const names = Object.keys(ACTIVATIONS).join(', ');
  throw new ValueError({
    op,
    problem: `there is no activation ${given(name)}`,
    remedy:
      name === 'softmax'
        ? 'leave it out: nn.crossEntropy takes the scores before it; nn.softmax(1) is a layer'
        : `use ${names}, or put a module such as nn.softmax(1) into the list`,
  });
}

/** Zeros at each side that keep the size. */
function samePadding(op: string, kernel: Pair, options: Conv2dOptions): Pair {
  const stride = checkPair(op, 'stride', options.stride ?? 1);
  const dilation = checkPair(op, 'dilation', options.dilation ?? 1);
  const sizes = checkPair(op, 'kernel', kernel);
  const added = sizes.map((k, i) => dilation[i] * (k - 1));
  if (stride.every((s) => s === 1) && added.every((n) => n % 2 === 0)) {
    return [added[0] / 2, added[1] / 2];
  }
  throw new ValueError({
    op,
    problem: `padding 'same' needs stride 1 and an odd kernel, not stride ${stride} and kernel ${sizes}`,
    remedy: 'give the padding as a number',
  });
}

function channelsOf(op: string, input: Shape): number {
  if (input.length === 3) return input[0];
  throw new ShapeError({
    op,
    problem: `takes images [channels, height, width], not ${show(input)}`,
    remedy: 'it comes before flatten(); shapes leave the batch out',
  });
}

const show = (shape: Shape): string => `[${shape.join(', ')}]`;
