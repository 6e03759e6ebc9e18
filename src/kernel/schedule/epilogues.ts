/** Groups that only finish a contraction: they run on its tiles before these are stored. */
import { bytesOf } from '../../base/index.ts';
import type { GraphNode, GraphValue } from '../../ir/index.ts';
import type { Epilogue, EpilogueOperand } from '../epilogue.ts';
import type { Step } from '../fuse/step.ts';
import type { BufferRef } from '../launch.ts';
import type { Assembly } from './assembly.ts';
import { applyOp, constantReg } from './cells.ts';
import type { Expr, Stream } from './expr.ts';
import { GroupBuilder } from './group.ts';
import { chainOf, isPositional, isScalar, operandTypes } from './operand.ts';
import { ownMap, stridesIn } from './place.ts';
import { costOfNode, exprsOf, type Store } from './plan.ts';
import { textOf } from './slots.ts';

/**
 * Expressions that cost more are kernels of their own: on a tile they are written out for each vector,
 * one after another, and tanh or erf so take five times as long.
 */
const MAX_COST = 30;

/** Dimensions, from the last, along which epilogue operands must be dense or constant together. */
const vectorDims = (node: GraphNode): number => {
  const lower = node.def.lower;
  if (lower?.kind === 'gemm') return 1;
  return lower?.kind === 'conv' && lower.face !== 'weight' ? 2 : 0;
};

/** For each contraction the group that becomes its epilogue; the result is then not stored. */
export function findEpilogues(assembly: Assembly): Map<Step, Step> {
  const found = new Map<Step, Step>();
  const readers = readersOf(assembly);
  const taken = new Set<Step>();
  // The last contraction that a group reads ends with it: no earlier one has to wait.
  for (const step of assembly.fusion.steps.toReversed()) {
    if (step.space !== null || vectorDims(step.nodes[0]) === 0) continue;
    const [result] = step.nodes[0].outputs;
    const all = readers.get(result);
    if (
      all === undefined ||
      all.size !== 1 ||
      assembly.graph.outputs.some((v) => chainOf(v).base === result)
    ) {
      continue;
    }
    const [group] = all;
    if (taken.has(group) || !finishes(assembly, group, step.nodes[0])) continue;
    found.set(step, group);
    taken.add(group);
    assembly.stored.delete(result);
  }
  return found;
}

/** The steps that read each value. */
function readersOf(assembly: Assembly): Map<GraphValue, Set<Step>> {
  const readers = new Map<GraphValue, Set<Step>>();
  for (const step of assembly.fusion.steps) {
    for (const node of step.nodes) {
      for (const x of node.inputs) {
        const { base } = chainOf(x);
        if (typeof base === 'number') continue;
        const set = readers.get(base) ?? new Set();
        readers.set(base, set.add(step));
      }
    }
  }
  return readers;
}

function finishes(assembly: Assembly, group: Step, contraction: GraphNode): boolean {
  const [result] = contraction.outputs;
  const { shape, dtype } = result;
  const space = shape.filter((n) => n !== 1);
  if (group.space === null || group.inner !== null || group.space.length !== space.length)
    return false;
  if (group.space.some((n, d) => n !== space[d]) || space.includes(0)) return false;
  if (group.nodes.reduce((sum, n) => sum + costOfNode(n), 0) > MAX_COST) return false;
  const outputs = group.nodes.flatMap((n) => n.outputs).filter((v) => assembly.isStored(v));
  if (outputs.length !== 1 || !wide(outputs[0].dtype, dtype)) return false;
  const map = group.maps.get(outputs[0]) as readonly number[];
  if (map.filter((d) => d >= 0).length !== space.length) return false;
  return group.nodes.every((node) => {
    if (node.def.lower?.kind !== 'element' || isPositional(node)) return false;
    if (!operandTypes(node).every((d) => wide(d, dtype)) || !wide(node.outputs[0].dtype, dtype)) {
      return false;
    }
    return node.inputs.every((x) => {
      const { base, views } = chainOf(x);
      if (isScalar(base) || assembly.fusion.stepOf.get(base as GraphValue) === group) return true;
      if (base === result) return views.length === 0;
      return fitsTile(assembly, x as GraphValue, node, group, contraction);
    });
  });
}

/** As wide as the accumulators, or bool: the vectors have equally many lanes. */
const wide = (d: EpilogueOperand['dtype'], accumulated: EpilogueOperand['dtype']): boolean =>
  d === 'bool' || bytesOf(d) === bytesOf(accumulated);

/** Whether an operand of the group is dense or constant along the tile's vector axis. */
function fitsTile(
  assembly: Assembly,
  x: GraphValue,
  node: GraphNode,
  group: Step,
  contraction: GraphNode,
): boolean {
  if (!wide(x.dtype, contraction.outputs[0].dtype)) return false;
  const place = assembly.placeWithoutCopy(x);
  if (place === null) return false;
  const map = group.maps.get(node.outputs[0]) as readonly number[];
  const inSpace = stridesIn((group.space as number[]).length, map, place, node.outputs[0].shape);
  const { shape } = contraction.outputs[0];
  const own = ownMap(shape);
  const axis = shape.map((n, d) => ({ n, d })).slice(shape.length - vectorDims(contraction));
  const sizes = axis.filter(({ n }) => n !== 1);
  const strides = sizes.map(({ d }) => inSpace[own[d]]);
  if (strides.every((s) => s === 0)) return true;
  let next = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    if (strides[i] !== next) return false;
    next *= sizes[i].n;
  }
  return true;
}

export interface Finished {
  readonly epilogue: Epilogue;
  readonly out: BufferRef;
  /** Byte offsets of operands that do not start with their buffer. */
  readonly offsets: ReadonlyMap<BufferRef, number>;
}

/** The group as an epilogue of the contraction. */
export function epilogueOf(assembly: Assembly, group: Step, contraction: GraphNode): Finished {
  const [result] = contraction.outputs;
  const { stores } = new GroupBuilder(assembly, group).kernel();
  const [store] = stores as readonly [Store];
  const exprs = exprsOf(stores);
  const own = ownMap(result.shape);
  const operands: EpilogueOperand[] = [];
  const slots = new Map<Expr, number>();
  const offsets = new Map<BufferRef, number>();
  const names = new Map<Stream, string>();
  for (const e of exprs) {
    if (e.kind === 'scalar') {
      slots.set(e, operands.length);
      operands.push({ source: { kind: 'scalar', input: e.input }, dtype: e.dtype, strides: [] });
    }
    if (e.kind !== 'load') continue;
    const { root, offset, dtype } = e.stream.memory as NonNullable<Stream['memory']>;
    if (root === result) {
      names.set(e.stream, 'sum');
      continue;
    }
    const source = { ...assembly.bufferOf(root) };
    if (offset !== 0) offsets.set(source, offset * bytesOf(dtype));
    names.set(e.stream, `o${operands.length}`);
    slots.set(e, operands.length);
    operands.push({ source, dtype, strides: own.map((d) => (d < 0 ? 0 : e.stream.strides[d])) });
  }
  const text = textOf(exprs, (s) => names.get(s) ?? '?');
  const epilogue: Epilogue = {
    key: `${text.lines};${text.ref(store.value)};${operands.map((o) => o.dtype)}`,
    operands,
    dtype: store.value.dtype,
    apply(b, accumulated, registers) {
      const known = new Map<Expr, typeof accumulated>();
      const regOf = (e: Expr): typeof accumulated => {
        let r = known.get(e);
        if (r !== undefined) return r;
        const slot = slots.get(e);
        if (slot !== undefined) r = registers[slot];
        else if (e.kind === 'constant') r = constantReg(b, e);
        else if (e.kind === 'op') r = applyOp(b, e, regOf);
        else r = accumulated;
        known.set(e, r);
        return r;
      };
      return b.splat(regOf(store.value), accumulated.type.lanes);
    },
  };
  return { epilogue, out: assembly.bufferOf(outputOf(group, assembly)), offsets };
}

const outputOf = (group: Step, assembly: Assembly): GraphValue =>
  group.nodes.flatMap((n) => n.outputs).find((v) => assembly.isStored(v)) as GraphValue;
