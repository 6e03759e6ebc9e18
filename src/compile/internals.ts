/** What `gradus/testing` takes recordings apart with. */
export type { Owner, Recorded, Target } from './bindings.ts';
export { runControl } from './control/run-node.ts';
export { PASSES, type Pass } from './passes/index.ts';
export { inline } from './passes/inline.ts';
export { Program } from './program.ts';
export type { Template } from './tree.ts';
export { backwardTrial, operandsAsGiven, recordTrial, type Trial } from './trial.ts';
