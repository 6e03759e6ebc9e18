/** Optimisers: the namespace `optim` of the public root. */
export { Adam, type AdamOptions, adam, adamW } from './adam.ts';
export type { ParamGroup, ParamList, Params } from './check-params.ts';
export { type Group, Optimizer } from './optimizer.ts';
export { Sgd, type SgdOptions, sgd } from './sgd.ts';
