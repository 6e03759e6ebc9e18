/** The room's door: Tensor, its functions, autograd, random numbers. */

export { type DeviceSpeed } from '../runtime/device.ts';
export { abstractHandle, abstractStorage, abstractTensor, isSymbolic } from './abstract.ts';
export { type AbstractOwner, refuseSymbolic } from './abstract-handle.ts';
export { ALIAS } from './alias.ts';
export { anomalyMode, detectAnomaly } from './anomaly.ts';
export { type IndexArray, type IndexItem, type Slice, slice } from './at.ts';
export { type AttentionOptions, scaledDotProductAttention } from './attention.ts';
export { type BackwardOptions, runBackward } from './backward.ts';
export {
  arange,
  buffer,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  Parameter,
  type ShapeOf,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './creation.ts';
export { type DeviceInfo, device, devices } from './default-device.ts';
export { installEager } from './eager.ts';
export { einsum } from './einsum.ts';
export * from './functions.ts';
export {
  enableGrad,
  gradMode,
  noGrad,
  rejectPromise,
  requireFunction,
  type Synchronous,
  setGradMode,
} from './grad-mode.ts';
export type { Conv2dOptions, Keep, Pool2dOptions } from './methods.ts';
export { LEAF, lastSequence, Node, nextSequence } from './node.ts';
export { specOfOperand, weakSpec } from './operands.ts';
export { checkTensor } from './options.ts';
export {
  bernoulli,
  Generator,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
} from './random.ts';
export {
  getRandomState,
  manualSeed,
  nextKey,
  type RandomSnapshot,
  setRandomState,
  wordsOf,
} from './random-state.ts';
export {
  changed,
  type Place,
  type Recording,
  recording,
  setRecording,
  setUndoing,
} from './recording.ts';
export type * from './shape-types.ts';
export { refuseSpent, SPENT } from './spent.ts';
export { recordNode } from './tape.ts';
export { fromHost, type Nested, Tensor } from './tensor.ts';
export { grad, jvp, valueAndGrad, vjp } from './transforms.ts';
