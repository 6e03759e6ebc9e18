/**
 * The workloads: `prepare()` gives a function to time; its result has been consumed when it returns.
 * One with `measure()` gives the times of its turns itself.
 *
 * Workloads of a group share a process, which runs nothing else: what one network leaves in the
 * caches of the engine is no business of the next, unless that is what is measured (`polluted.mjs`).
 * `title` says in words what is computed, `flops` counts float operations of one turn, `ops` the tensor operations; `warmUp` and `budget`
 * are milliseconds.
 */

import { convolutions } from './convolutions.mjs';
import { elementwise } from './elementwise.mjs';
import { firstUse } from './first-use.mjs';
import { inference } from './inference.mjs';
import { loaders } from './loader.mjs';
import { lstmStep } from './lstm.mjs';
import { matmul } from './matmul.mjs';
import { pollutedAdds } from './polluted.mjs';
import { recording } from './recording.mjs';
import { smallAdds } from './small-adds.mjs';
import { start, startNode } from './start.mjs';
import { cnnStep, mlpStep } from './train.mjs';
import { transformer } from './transformer.mjs';

export const workloads = [
  ...matmul,
  ...elementwise,
  ...smallAdds,
  ...pollutedAdds,
  mlpStep,
  cnnStep,
  ...convolutions,
  ...inference,
  lstmStep,
  ...transformer,
  firstUse,
  recording,
  start,
  startNode,
  ...loaders,
];

/** The groups and workloads that words name; all of them if there are none. */
export function choose(words) {
  const names = new Set(workloads.flatMap((w) => [w.group, w.name]));
  const unknown = words.filter((word) => !names.has(word));
  if (unknown.length > 0) {
    const groups = [...new Set(workloads.map((w) => w.group))];
    throw new Error(`no workload ${unknown.join(', ')}; there are ${groups.join(', ')}`);
  }
  return workloads.filter(
    (w) => words.length === 0 || words.includes(w.group) || words.includes(w.name),
  );
}
