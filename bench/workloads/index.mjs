/**
 * The workloads: `prepare()` gives a function to time; its result has been consumed when it returns.
 * One with `measure()` gives the times of its turns itself.
 */

import { elementwise } from './elementwise.mjs';
import { firstUse } from './first-use.mjs';
import { loaders } from './loader.mjs';
import { matmul } from './matmul.mjs';
import { smallAdds } from './small-adds.mjs';
import { start, startNode } from './start.mjs';
import { cnnStep, mlpStep } from './train.mjs';

export const workloads = [
  ...matmul,
  ...elementwise,
  ...smallAdds,
  mlpStep,
  cnnStep,
  ...loaders,
  firstUse,
  start,
  startNode,
];
