/** Every kind of layer by name: what a saved model is made of again. */
import {
  ELU,
  GELU,
  LeakyReLU,
  LogSoftmax,
  ReLU,
  Sigmoid,
  SiLU,
  Softmax,
  Tanh,
} from './activations.ts';
import { AvgPool2d } from './avg-pool2d.ts';
import { BatchNorm2d } from './batch-norm2d.ts';
import { Conv2d } from './conv2d.ts';
import { Dropout } from './dropout.ts';
import { Embedding } from './embedding.ts';
import { Flatten } from './flatten.ts';
import { Identity } from './identity.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import { LSTM } from './lstm.ts';
import { LSTMOutput } from './lstm-output.ts';
import { MaxPool2d } from './max-pool2d.ts';
import type { Module } from './module.ts';

type LayerClass = new (...args: never[]) => Module;

/**
 * Layers that `config()` tells in full, by the name that files use; a name never changes. Files name
 * a class by this table, not by what a bundler made of its name.
 */
const LAYERS: Readonly<Record<string, LayerClass>> = {
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GELU,
  Identity,
  LayerNorm,
  LeakyReLU,
  Linear,
  LogSoftmax,
  LSTM,
  LSTMOutput,
  MaxPool2d,
  ReLU,
  Sigmoid,
  SiLU,
  Softmax,
  Tanh,
};

type Config = readonly unknown[];
type Sizes = number | readonly number[];

const product = (sizes: unknown): number =>
  [sizes as Sizes].flat().reduce((n, size) => n * Number(size), 1);

const area = (kernel: unknown): number =>
  Array.isArray(kernel) ? product(kernel) : Number(kernel) ** 2;

/** Of the parameters of all cells: gates by inputs and by hidden states, and two offsets each. */
function lstmElements([inputs, hidden, options]: Config): number {
  const { numLayers = 1, bidirectional = false } = (options ?? {}) as Partial<LSTM>;
  const [size, directions] = [Number(hidden), bidirectional ? 2 : 1];
  const cell = (from: number): number => 4 * size * (from + size + 2);
  return directions * (cell(Number(inputs)) + (Number(numLayers) - 1) * cell(size * directions));
}

/** How many elements the parameters and buffers of a layer have at most; the others have none. */
const ELEMENTS: Readonly<Record<string, (config: Config) => number>> = {
  BatchNorm2d: ([channels]) => 4 * Number(channels) + 1,
  Conv2d: ([inputs, outputs, kernel, options]) => {
    const groups = (options as { readonly groups?: unknown } | null | undefined)?.groups ?? 1;
    return (product([inputs, outputs]) / Number(groups)) * area(kernel) + Number(outputs);
  },
  Embedding: ([entries, size]) => product([entries, size]),
  LayerNorm: ([shape]) => 2 * product(shape),
  LSTM: lstmElements,
  LSTMOutput: lstmElements,
  Linear: ([inputs, outputs]) => product([inputs, outputs]) + Number(outputs),
};

/** The names of all layers that can be made of their name and `config()`. */
export const layerNames = (): string[] => Object.keys(LAYERS);

/** The name of a layer, or null for another module, such as one of a class of the user's. */
export function layerName(module: Module): string | null {
  for (const [name, Layer] of Object.entries(LAYERS)) {
    if (module.constructor === Layer) return name;
  }
  return null;
}

/**
 * A layer by its name and what `config()` of one like it gave; null for an unknown name. Throws what
 * the layer throws for arguments that make no sense.
 */
export function makeLayer(name: string, config: Config): Module | null {
  if (!Object.hasOwn(LAYERS, name)) return null;
  return new LAYERS[name](...(config as never[]));
}

/**
 * How many elements `makeLayer` would take memory for, at most; 0 where it throws before it takes
 * any.
 */
export function layerElements(name: string, config: Config): number {
  if (!Object.hasOwn(ELEMENTS, name)) return 0;
  const n = ELEMENTS[name](config);
  return n > 0 ? n : 0;
}
