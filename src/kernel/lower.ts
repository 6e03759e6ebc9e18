/**
 * From an op graph to launches: {@link lowerGraph} asks `fuse/` what belongs together, then
 * `schedule/` builds each group's loops and `contraction/` the rest.
 */
import type { Spec } from '../base/index.ts';
import type { Graph } from '../ir/index.ts';
import { fuse } from './fuse/index.ts';
import type { TargetInfo } from './ir.ts';
import type { LaunchPlan } from './launch.ts';
import { Assembly } from './schedule/assembly.ts';

export interface LowerOptions {
  readonly cells?: readonly (readonly [output: number, input: number])[] | undefined;
  readonly constants?: readonly number[];
}

/**
 * Kernels that compute the graph, whose nodes are primitives, on inputs of these specs.
 *
 * Inputs may stride in any way; outputs are dense. Inputs with `weak` set are run-time scalars;
 * numbers among a node's operands are constants of the kernels. A pure elementwise kernel takes
 * its output pointers first, then its operands in order, scalars, sizes and strides; an output may
 * lie on a dense operand of the same shape if no later launch reads that operand. Outputs of `cells`, each
 * with the input whose place it takes (-1: none), may do so only if nothing that can fault comes later; they
 * are written as late as may be. What is made ready of inputs in `constants` (packed weights) is kept from
 * run to run.
 */
export function lowerGraph(
  graph: Graph,
  inputs: readonly Spec[],
  info: TargetInfo,
  { cells, constants }: LowerOptions = {},
): LaunchPlan {
  return new Assembly(graph, inputs, info, fuse(graph), cells, constants).plan();
}
