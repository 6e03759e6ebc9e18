import type { Graph, GraphValue } from '../../ir/index.ts';
import { keep, type Mapped, rebuild } from '../rebuild.ts';

/**
 * Computes equal nodes once: the same op, attributes and operands. Random ops take their state as
 * operands, so two of them are equal only if they draw the same numbers.
 */
export function cse(graph: Graph): Graph {
  const known = new Map<string, readonly GraphValue[]>();
  const name = (x: Mapped): string =>
    typeof x === 'number' ? (Object.is(x, -0) ? '-0' : `${x}`) : `%${x.id}`;
  return rebuild(graph, (node, inputs, recorder) => {
    const { def, attrs, regions } = node;
    if (regions.length > 0) return keep(node, inputs, recorder);
    const key = `${def.id}:${attrs?.attrId ?? ''}:${inputs.map(name).join(',')}`;
    let outs = known.get(key);
    if (outs === undefined) {
      outs = keep(node, inputs, recorder);
      known.set(key, outs);
    }
    return outs;
  });
}
