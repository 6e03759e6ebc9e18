/**
 * What happens to a recorded graph before it becomes kernels, in this order. Each pass is a function
 * from graph to graph, and gives the same bits. Fusion, layout of temporaries and the choice of
 * schedules follow in kernel/.
 */
import { debugLevel, verifying } from '../../base/index.ts';
import { type Graph, type GraphValue, printGraph, verifyGraph } from '../../ir/index.ts';
import { cse } from './cse.ts';
import { dce } from './dce.ts';
import { inline } from './inline.ts';
import { layout } from './layout.ts';
import { remat } from './remat.ts';
import { simplify } from './simplify.ts';

export interface Pass {
  readonly name: string;
  /** `written`: inputs whose place an output takes, if that is known. */
  run(graph: Graph, written?: ReadonlySet<GraphValue>): Graph;
}

export const PASSES: readonly Pass[] = [
  { name: 'inline', run: inline },
  { name: 'simplify', run: simplify },
  { name: 'cse', run: cse },
  { name: 'layout', run: layout },
  { name: 'remat', run: remat },
  { name: 'dce', run: dce },
];

/**
 * Runs passes over a graph, of which the inputs in `written` hold cells that its outputs replace; each result is
 * verified under GRADUS_VERIFY and printed at GRADUS_DEBUG=3.
 */
export function runPasses(
  graph: Graph,
  passes: readonly Pass[] = PASSES,
  written: readonly number[] = [],
): Graph {
  let now = graph;
  if (verifying()) verifyGraph(now);
  for (const { name, run } of passes) {
    const before = now.nodes.length;
    const start = performance.now();
    now = run(now, new Set(written.map((i) => now.inputs[i])));
    if (verifying()) verifyGraph(now);
    if (debugLevel() >= 3) {
      const ms = (performance.now() - start).toFixed(2);
      console.error(`[gradus] pass ${name}: ${before} to ${now.nodes.length} nodes, ${ms} ms`);
      console.error(printGraph(now));
    }
  }
  return now;
}
