/** Reductions: the group whose values they reduce, and what becomes of its space. */
import { bytesOf, sameShape } from '../../base/index.ts';
import { type GraphNode, typeOf } from '../../ir/index.ts';
import { fits, imageSize, STRETCHED } from '../schedule/maps.ts';
import {
  chainOf,
  type LoweringOf,
  operandTypes,
  orderedWidth,
  reductionOf,
} from '../schedule/operand.ts';
import { ownMap } from '../schedule/place.ts';
import { isCut } from '../schedule/split.ts';
import { MAX_NODES, spaceOf } from './limits.ts';
import type { Step } from './step.ts';
import type { Steps } from './steps.ts';
import { onlyWidth } from './widths.ts';

export function startReduction(steps: Steps, node: GraphNode): void {
  const { dims, shape } = reductionOf(node);
  const step = steps.begin();
  step.space = spaceOf(shape);
  const map = ownMap(shape);
  const inner = step.space.map(() => false);
  for (const d of dims) inner[map[d]] = true;
  reduce(steps, step, node, map, inner);
}

export function joinReduction(steps: Steps, node: GraphNode): boolean {
  const [x] = node.inputs;
  const { base } = chainOf(x);
  if (typeof base === 'number') return false;
  const group = steps.stepOf.get(base);
  if (group?.space != null && joinGroup(steps, node, group, steps.mapIn(group, x))) return true;
  // What lies in memory is read once by all that reduce it, and what they reduce, alike.
  const { shape, dims } = reductionOf(node);
  if (dims.length === 0) return false;
  for (const reader of [...steps.all].reverse()) {
    const { space, inner } = reader;
    if (space === null || inner === null || !sameShape(space, spaceOf(shape))) continue;
    if (reader === group || !reader.nodes.some((n) => n.inputs.includes(x))) continue;
    if (joinGroup(steps, node, reader, ownMap(shape))) return true;
  }
  return false;
}

function joinGroup(
  steps: Steps,
  node: GraphNode,
  group: Step,
  map: readonly number[] | null,
): boolean {
  if (group.space === null || group.nodes.length >= MAX_NODES) return false;
  if (map === null || map.includes(STRETCHED)) return false;
  const { dims } = reductionOf(node);
  if (dims.length > 0 && imageSize(map) !== group.space.length) return false;
  const inner = group.space.map(() => false);
  for (const d of dims) inner[map[d]] = true;
  const width = orderedWidth(node);
  if (dims.length > 0) {
    if (group.inner !== null && inner.some((is, d) => is !== group.inner?.[d])) return false;
    const shape = { space: group.space, inner };
    if (![...group.maps.values()].every((m) => fits(m, shape))) return false;
    if (width !== null) {
      if (group.ordered !== null && group.ordered !== width) return false;
      if (group.gathers || !onlyWidth(group.widths, width, inner)) return false;
      if (group.faults && isCut(group.space, inner)) return false;
    }
    const [to] = operandTypes(node);
    if (group.ordered !== null && !onlyWidth([bytesOf(to)], group.ordered, inner)) return false;
  }
  reduce(steps, group, node, map, inner);
  return true;
}

function reduce(
  steps: Steps,
  group: Step,
  node: GraphNode,
  map: readonly number[],
  inner: boolean[],
): void {
  const { dims } = reductionOf(node);
  steps.add(group, node);
  if (dims.length > 0) {
    group.inner = inner;
    group.ordered ??= orderedWidth(node);
    const [to] = operandTypes(node);
    if (to !== 'bool') group.widths.add(bytesOf(to));
  }
  const out = node.outputs[0].shape;
  const all = node.def.lower as LoweringOf<'reduce'>;
  const gone = all.dims(node.attrs, typeOf(node.inputs[0]));
  const kept = out.length === map.length;
  group.maps.set(
    node.outputs[0],
    kept ? map.map((d, i) => (gone.includes(i) ? -1 : d)) : map.filter((_, i) => !gone.includes(i)),
  );
}
