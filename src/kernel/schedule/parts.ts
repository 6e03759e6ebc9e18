/** Parts of an assembled value that are computed where they belong, rather than copied there. */
import { contiguousStrides, numelOf, sameShape } from '../../base/index.ts';
import { type GraphNode, type GraphValue, typeOf } from '../../ir/index.ts';
import type { Step } from '../fuse/step.ts';
import type { Assembly } from './assembly.ts';
import { chainOf, type LoweringOf } from './operand.ts';
import type { Place } from './place.ts';

/**
 * The place within an assembled value (a `concat` or `stack`) of each value that has one: all of it
 * is one of the parts, a kernel of its own loops stores it, and nothing else decides where it lies.
 * Of assemblies within assemblies the inner ones have their place in the outer ones.
 */
export function findParts(assembly: Assembly): Map<GraphValue, Place> {
  const found = new Map<GraphValue, Place>();
  const finishing = new Set(assembly.epilogues.values());
  const outputs = new Set(assembly.graph.outputs.map((v) => chainOf(v).base));
  // Outer assemblies come later in the graph.
  for (const { nodes, space } of [...assembly.fusion.steps].reverse()) {
    const [node] = nodes;
    // What is filled first would cover parts that are there before.
    if (space !== null || !isAssembled(node) || isFilled(node)) continue;
    const places = partPlaces(node, found.get(node.outputs[0]));
    for (const [i, x] of node.inputs.entries()) {
      const { base } = chainOf(x);
      if (typeof base === 'number' || found.has(base) || outputs.has(base)) continue;
      const step = assembly.fusion.stepOf.get(base);
      if (step === undefined || finishing.has(step) || !placesFreely(step)) continue;
      if (base.dtype !== node.outputs[0].dtype || !assembly.isWhole(x as GraphValue, base))
        continue;
      const place = laidOut(places[i], base);
      if (place !== null && runsOn(step, base, place)) found.set(base, place);
    }
  }
  return found;
}

/** Whether it may store its values with any strides, as contractions may not. */
const placesFreely = ({ space, nodes: [node] }: Step): boolean =>
  space !== null || isAssembled(node);

/**
 * Whether a step stores a value there as it computes it: what it reduces over dimensions beside each other
 * is one run of elements, and so is what it stores along them.
 */
function runsOn({ space, inner, maps }: Step, value: GraphValue, { strides }: Place): boolean {
  if (space === null || inner === null) return true;
  const along = space.map(() => 0);
  maps.get(value)?.forEach((to, d) => {
    if (to >= 0) along[to] = strides[d];
  });
  // A value of the kept dimensions alone is stored once a row.
  if (along.every((n, d) => n === 0 || !inner[d])) return true;
  const last = space.length - 1;
  if (inner[last] && along[last] !== 1) return false;
  return space.every(
    (n, d) => d === 0 || !inner[d] || !inner[d - 1] || along[d - 1] === along[d] * n,
  );
}

const isAssembled = (node: GraphNode): boolean => node.def.lower?.kind === 'assemble';

const isFilled = (node: GraphNode): boolean =>
  (node.def.lower as LoweringOf<'assemble'>).fill(node.attrs) !== null;

/** Where the parts of an assembly lie in what it makes, which itself lies at `out` (dense if absent). */
export function partPlaces(node: GraphNode, out?: Place): Place[] {
  const [value] = node.outputs;
  const { root, dtype, offset, strides } = out ?? {
    root: value,
    dtype: value.dtype,
    offset: 0,
    strides: contiguousStrides(value.shape),
  };
  const lower = node.def.lower as LoweringOf<'assemble'>;
  const placements = lower.place(node.inputs.map(typeOf), node.attrs);
  return node.inputs.map((x, i) => {
    const { start, step } = placements[i];
    const { shape } = typeOf(x);
    const from = numelOf(shape) === 0 ? 0 : start.reduce((n, s, d) => n + s * strides[d], 0);
    return {
      root,
      dtype,
      offset: offset + from,
      shape,
      strides: step.map((n, d) => n * strides[d]),
    };
  });
}

/** The place as one of a value that differs from its shape by dimensions of size 1 alone. */
function laidOut(place: Place, value: GraphValue): Place | null {
  const wide = place.shape.map((_, d) => d).filter((d) => place.shape[d] !== 1);
  const sizes = value.shape.filter((n) => n !== 1);
  if (
    !sameShape(
      wide.map((d) => place.shape[d]),
      sizes,
    )
  )
    return null;
  let next = 0;
  const strides = value.shape.map((n) => (n === 1 ? 0 : place.strides[wide[next++]]));
  return { ...place, shape: value.shape, strides };
}
