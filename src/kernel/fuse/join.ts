/** Elementwise ops and gathers: which group they join, and where they lie in its space. */
import type { Shape } from '../../base/index.ts';
import type { GraphNode, GraphValue } from '../../ir/index.ts';
import { fits, imageSize, layOut } from '../schedule/maps.ts';
import { chainOf } from '../schedule/operand.ts';
import { ownMap } from '../schedule/place.ts';
import { costOfNode } from '../schedule/plan.ts';
import { isCut } from '../schedule/split.ts';
import { MAX_NODES, spaceOf } from './limits.ts';
import { merge } from './merge.ts';
import type { Step } from './step.ts';
import { basesOf, isContraction, type Steps, taken } from './steps.ts';
import { widthsFit, widthsOf } from './widths.ts';

export function start(steps: Steps, node: GraphNode, shape: Shape): Step {
  const step = steps.begin();
  step.space = spaceOf(shape);
  enter(steps, step, node, ownMap(shape));
  return step;
}

/** Puts an elementwise node into a group, its output laid by `map`. */
function enter(steps: Steps, step: Step, node: GraphNode, map: readonly number[]): void {
  steps.add(step, node);
  step.maps.set(node.outputs[0], map);
  const isGather = node.def.lower?.kind === 'gather';
  if (isGather) step.faults = true;
  if (imageSize(map) !== step.space?.length) return;
  for (const w of widthsOf(node)) step.widths.add(w);
  if (isGather) step.gathers = true;
}

export function joinAny(steps: Steps, node: GraphNode): boolean {
  const all = steps.candidates(node);
  for (const group of all) {
    if (!join(steps, node, group)) continue;
    for (const other of all) if (other !== group) merge(steps, other, group, node);
    return true;
  }
  return false;
}

function join(steps: Steps, node: GraphNode, group: Step): boolean {
  if (group.nodes.length >= MAX_NODES) return false;
  const out = node.outputs[0].shape;
  const maps = operandMaps(steps, node, group);
  if (maps === null || steps.wouldCycle(node, group)) return false;
  if (wouldWait(steps, node, group) || comesLater(steps, node, group)) return false;
  // What a gather picks from must lie in memory.
  const isGather = node.def.lower?.kind === 'gather';
  if (isGather && steps.stepOf.get(chainOf(node.inputs[0]).base as GraphValue) === group) {
    return false;
  }
  const space = group.space as number[];
  if (space.length === 0 && group.inner === null && spaceOf(out).length > 0) {
    if (steps.isNeeded(group, node)) return false;
    // A group of 0-d values goes with the first larger op that uses them.
    group.space = spaceOf(out);
    group.widths.clear();
    enter(steps, group, node, ownMap(out));
    return true;
  }
  const map = layOut(out, maps, space);
  if (map === null || !fits(map, group)) return false;
  const spans = imageSize(map) === space.length;
  if (spans && !widthsFit(group, widthsOf(node))) return false;
  if (isGather && group.ordered !== null && (spans || isCut(space, group.inner))) return false;
  enter(steps, group, node, map);
  return true;
}

/**
 * How each operand that the group computes lies in its space, aligned with the output's last
 * dimension; null if one cannot be read there.
 */
function operandMaps(steps: Steps, node: GraphNode, group: Step): (readonly number[])[] | null {
  const maps: (readonly number[])[] = [];
  for (const x of node.inputs) {
    const { base } = chainOf(x);
    if (typeof base === 'number' || steps.stepOf.get(base) !== group) continue;
    const map = steps.mapIn(group, x);
    if (map === null) return null;
    maps.push(map);
  }
  return maps;
}

/**
 * Whether a group that takes a contraction's result would take another's too, or would have to
 * wait for what begins later and goes through memory anyway.
 */
function wouldWait(steps: Steps, node: GraphNode, group: Step): boolean {
  const own = taken(group);
  if (own.length === 0) return false;
  const read = basesOf(node).map((base) => steps.stepOf.get(base));
  return read.some(
    (s) =>
      s !== undefined &&
      s !== group &&
      !group.deps.has(s) &&
      (isContraction(s) || (s.inner !== null && own.some((c) => c.number < s.number))),
  );
}

/**
 * Whether a cheap op had better be computed where its result is used: its operands lie in memory
 * anyway, so the result need not be kept until then (the mask of a relu, which the way back asks for,
 * or what `compile/passes/remat.ts` computes again).
 */
function comesLater(steps: Steps, node: GraphNode, group: Step): boolean {
  if (node.def.lower?.kind !== 'element' || steps.isOutput(node.outputs[0])) return false;
  const bases = basesOf(node);
  if (bases.length > 2 || costOfNode(node) > 1) return false;
  return bases.every((base) => steps.isInMemory(base, node, group));
}
