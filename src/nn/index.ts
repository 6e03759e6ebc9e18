/** Layers, losses and initial values: the namespace `nn` of the public root. */
export { Parameter } from '../tensor/index.ts';
export {
  GELU,
  gelu,
  ReLU,
  relu,
  Sigmoid,
  Softmax,
  sigmoid,
  softmax,
  Tanh,
  tanh,
} from './activations.ts';
export { buffer } from './cells.ts';
export type { Pair } from './check-sizes.ts';
export { Conv2d, type Conv2dOptions, conv2d } from './conv2d.ts';
export { Dropout, dropout } from './dropout.ts';
export { Flatten, flatten } from './flatten.ts';
export { Identity, identity } from './identity.ts';
export * as init from './init.ts';
export { Linear, type LinearOptions, linear } from './linear.ts';
export {
  type CrossEntropyOptions,
  crossEntropy,
  type MseOptions,
  mseLoss,
  type Reduction,
} from './losses.ts';
export { MaxPool2d, type MaxPool2dOptions, maxPool2d } from './max-pool2d.ts';
export { type ForwardHook, type HookHandle, Module } from './module.ts';
export { Sequential, sequential } from './sequential.ts';
export type { LoadOptions, LoadReport, StateDict } from './state-dict.ts';
