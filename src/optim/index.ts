/** Optimisers and schedules: the namespace `optim` of the public root. */
export { Adam, type AdamOptions, adam, adamW } from './adam.ts';
export type { ParamGroup, ParamList, Params } from './check-params.ts';
export { type Group, Optimizer } from './optimizer.ts';
export { Rmsprop, type RmspropOptions, rmsprop } from './rmsprop.ts';
export { Schedule } from './schedule.ts';
export {
  type CosineLrOptions,
  cosineLr,
  type ExponentialLrOptions,
  exponentialLr,
  type LinearLrOptions,
  linearLr,
  type StepLrOptions,
  stepLr,
} from './schedules.ts';
export { Sgd, type SgdOptions, sgd } from './sgd.ts';
