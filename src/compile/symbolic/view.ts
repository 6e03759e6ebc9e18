/** Compiled functions seen as graphs, and changed by what users add. */
import type { Recorded, Source } from '../bindings.ts';
import type { Pass } from '../passes/index.ts';
import { type InputLabel, OpGraph } from './op-graph.ts';
import { applyPasses, type Rule } from './rewrite.ts';

/** A recording after the user's own rules and passes, which see composites as they were called. */
export function rewritten(recorded: Recorded, passes: readonly (Rule | Pass)[]): Recorded {
  if (passes.length === 0) return recorded;
  const { graph, backward } = recorded;
  const part = backward && { ...backward, graph: applyPasses(backward.graph, passes) };
  return { ...recorded, graph: applyPasses(graph, passes), backward: part };
}

/**
 * The recorded graph to look at; `names` are those of the arguments. Parameters and buffers are called by
 * the field of a module that they are: `net.0.weight`.
 */
export function viewOf(recorded: Recorded, names: readonly string[]): OpGraph {
  const { graph, sources, fields } = recorded;
  const counts = { parameter: 0, buffer: 0, constant: 0 };
  const label = (s: Source): InputLabel => {
    switch (s.kind) {
      case 'argument':
        return { name: names[s.place], kind: 'argument' };
      case 'captured': {
        const { cell, requiresGrad } = s.tensor;
        const kind = !cell ? 'constant' : requiresGrad ? 'parameter' : 'buffer';
        const name = fields.get(s.tensor) ?? `${kind}${++counts[kind]}`;
        return { name, kind };
      }
      case 'gradient':
        return { name: 'gradient', kind: 'hidden' };
      case 'seed':
        return { name: `seed${s.word}`, kind: 'hidden' };
      case 'counter':
        return { name: `counter${s.call}_${s.word}`, kind: 'hidden' };
    }
  };
  return new OpGraph(graph, sources.map(label), null);
}
