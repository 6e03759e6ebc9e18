/** Two groups that meet in an op become one, where each finds the other's values in their places. */

import { sameShape } from '../../base/index.ts';
import type { GraphNode } from '../../ir/index.ts';
import { fits } from '../schedule/maps.ts';
import { chainOf } from '../schedule/operand.ts';
import { isCut } from '../schedule/split.ts';
import { MAX_NODES } from './limits.ts';
import type { Step } from './step.ts';
import { type Steps, taken } from './steps.ts';
import { onlyWidth } from './widths.ts';

/** Merges group `from` into `into`, which holds `node`, a reader of both. */
export function merge(steps: Steps, from: Step, into: Step, node: GraphNode): void {
  if (from.space === null || !steps.all.has(from)) return;
  // What a gather picks from must lie in memory.
  const source = node.def.lower?.kind === 'gather' ? chainOf(node.inputs[0]).base : 0;
  if (typeof source !== 'number' && steps.stepOf.get(source) === from) return;
  if (from.nodes.length + into.nodes.length > MAX_NODES) return;
  if (new Set([...taken(from), ...taken(into)]).size > 1) return;
  const scalars = from.space.length === 0 && (into.space as number[]).length > 0;
  if (scalars && from.inner === null && steps.isNeededBeside(from, into)) return;
  const translate = translation(steps, from, into, node);
  if (translate === null) return;
  if (!readsInPlace(steps, into, from, node, translate, 'from')) return;
  if (!readsInPlace(steps, from, into, node, translate, 'into')) return;
  for (const d of into.deps) if (d !== from && d.reaches(from)) return;
  for (const d of from.deps) if (d !== into && d.reaches(into)) return;
  const space = into.space as number[];
  let inner = into.inner;
  if (from.inner !== null) {
    const moved = space.map(() => false);
    from.inner.forEach((is, d) => {
      if (is) moved[translate[d]] = true;
    });
    if (inner !== null && moved.some((is, d) => is !== inner?.[d])) return;
    inner = moved;
  }
  const maps = [...from.maps].map(
    ([v, map]) => [v, map.map((d) => (d < 0 ? d : translate[d]))] as const,
  );
  const shape = { space, inner };
  if (![...maps, ...into.maps].every(([, map]) => fits(map, shape))) return;
  const whole = from.space.length === space.length;
  const ordered = into.ordered ?? from.ordered;
  const widths = new Set([...into.widths, ...(whole ? from.widths : [])]);
  const gathers = into.gathers || (whole && from.gathers);
  const faults = into.faults || from.faults;
  if (from.ordered !== null && into.ordered !== null && from.ordered !== into.ordered) return;
  if (ordered !== null && (gathers || !onlyWidth(widths, ordered, inner))) return;
  if (ordered !== null && faults && isCut(space, inner)) return;
  Object.assign(into, { inner, ordered, gathers, faults });
  for (const w of widths) into.widths.add(w);
  for (const [v, map] of maps) into.maps.set(v, map);
  into.nodes.push(...from.nodes);
  into.takeOver(from);
  steps.all.delete(from);
  for (const n of from.nodes) for (const out of n.outputs) steps.stepOf.set(out, into);
}

/**
 * Whether the nodes of `group` that read values of `other` from memory find each where it is computed,
 * once the two are one: not turned, flipped, or along other dimensions. `node` itself has been asked.
 */
function readsInPlace(
  steps: Steps,
  group: Step,
  other: Step,
  node: GraphNode,
  translate: readonly number[],
  which: 'from' | 'into',
): boolean {
  const moved = (map: readonly number[], side: 'from' | 'into'): readonly number[] =>
    side === 'from' ? map.map((d) => (d < 0 ? d : translate[d])) : map;
  for (const n of group.nodes) {
    if (n === node) continue;
    for (const x of n.inputs) {
      const { base } = chainOf(x);
      if (typeof base === 'number' || steps.stepOf.get(base) !== other) continue;
      const own = group.maps.get(n.outputs[0]);
      const map = steps.mapIn(other, x);
      if (map === null || own === undefined || n.def.lower?.kind !== 'element') return false;
      const at = moved(map, which);
      const to = moved(own, which === 'from' ? 'into' : 'from');
      const lead = to.length - at.length;
      if (lead < 0 || at.some((d, i) => d >= 0 && d !== to[lead + i])) return false;
    }
  }
  return true;
}

/** For each space dimension of `from` the one of `into` that it is; null if they do not meet. */
function translation(steps: Steps, from: Step, into: Step, node: GraphNode): number[] | null {
  const target = into.maps.get(node.outputs[0]) as readonly number[];
  const space = from.space as number[];
  const to = space.map(() => -1);
  for (const x of node.inputs) {
    const { base } = chainOf(x);
    if (typeof base === 'number' || steps.stepOf.get(base) !== from) continue;
    const map = steps.mapIn(from, x);
    if (map === null) return null;
    const lead = target.length - map.length;
    for (let d = 0; d < map.length; d++) {
      if (map[d] < 0) continue;
      if (to[map[d]] >= 0 && to[map[d]] !== target[lead + d]) return null;
      to[map[d]] = target[lead + d];
    }
  }
  // Rows of spaces that agree in all sizes belong together whole.
  if (to.includes(-1) && sameShape(space, into.space as number[])) {
    if (to.some((t, d) => t >= 0 && t !== d)) return null;
    return to.map((_, d) => d);
  }
  const rising = to.every((t, d) => t >= 0 && (d === 0 || t > to[d - 1]));
  return rising ? to : null;
}
