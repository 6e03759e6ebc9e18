/** Layers, losses and initial values: the namespace `nn` of the public root. */
export type { CrossEntropyOptions, Reduction } from '../ir/index.ts';
export { Parameter } from '../tensor/index.ts';
export {
  ELU,
  elu,
  GELU,
  gelu,
  LeakyReLU,
  LogSoftmax,
  leakyRelu,
  logSoftmax,
  ReLU,
  relu,
  Sigmoid,
  SiLU,
  Softmax,
  sigmoid,
  silu,
  softmax,
  Tanh,
  tanh,
} from './activations.ts';
export { AvgPool2d, type AvgPool2dOptions, avgPool2d } from './avg-pool2d.ts';
export { BatchNorm2d, type BatchNorm2dOptions, batchNorm2d } from './batch-norm2d.ts';
export { bceWithLogits } from './bce-with-logits.ts';
export { build } from './build.ts';
export { buffer, convertCell } from './cells.ts';
export type { LossOptions } from './check-loss.ts';
export type { Pair } from './check-sizes.ts';
export { clipGradNorm } from './clip-grad-norm.ts';
export { Conv2d, type Conv2dOptions, conv2d } from './conv2d.ts';
export { Dropout, dropout } from './dropout.ts';
export { Embedding, type EmbeddingOptions, embedding } from './embedding.ts';
export { Flatten, flatten } from './flatten.ts';
export { Identity, identity } from './identity.ts';
export * as init from './init.ts';
export { l1Loss } from './l1-loss.ts';
export { LayerNorm, type LayerNormOptions, layerNorm } from './layer-norm.ts';
export { layerElements, layerName, layerNames, makeLayer } from './layers.ts';
export { Linear, type LinearOptions, linear } from './linear.ts';
export { crossEntropy, mseLoss } from './losses.ts';
export { LSTM, type LSTMOptions, type LSTMState, lstm } from './lstm.ts';
export { LSTMOutput, type LSTMOutputOptions, lstmOutput } from './lstm-output.ts';
export { MaxPool2d, type MaxPool2dOptions, maxPool2d } from './max-pool2d.ts';
export { type ForwardHook, type HookHandle, Module } from './module.ts';
export { type NllOptions, nllLoss } from './nll-loss.ts';
export { Sequential, sequential } from './sequential.ts';
export * as spec from './spec.ts';
export type { LoadOptions, LoadReport, StateDict } from './state-dict.ts';
export { type SummaryOptions, summary } from './summary.ts';
