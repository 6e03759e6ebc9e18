/** What `gradus/testing` takes recordings apart with. */
export { type Owner, ownerTensor, type Recorded, type Target } from './bindings.ts';
export { runControl } from './control/run-node.ts';
export { type Lines, runLines } from './lines.ts';
export { ownPassesOf } from './own-passes.ts';
export { PASSES, type Pass } from './passes/index.ts';
export { inline } from './passes/inline.ts';
export { Program } from './program.ts';
export { structureKey, type Template } from './tree.ts';
export { backwardTrial, operandsAsGiven, recordTrial, type Trial } from './trial.ts';
