/** Runs the nodes of a graph through the interpreter in the slot, at the sizes of one call. */
import { GradusError, numelOf } from '../../base/index.ts';
import {
  type Attrs,
  apply,
  attrs as attrsOf,
  type GraphNode,
  type GraphValue,
} from '../../ir/index.ts';
import { nextKey, type Tensor } from '../../tensor/index.ts';
import { withOrigin } from '../tracing.ts';
import { type Collected, notWhole, unrecognised } from './collect.ts';
import { DETACH } from './detach.ts';
import type { Recogniser, SizeExpression } from './recognise.ts';
import { drawsRandom } from './special-ops.ts';

type Sizes = ReadonlyMap<string, number>;

/** The outputs of a graph for tensors in the places of its inputs. */
export function replay(
  { graph, sizes: recogniser }: Collected,
  inputs: readonly Tensor[],
  sizes: Sizes,
): Tensor[] {
  const now = new Map<GraphValue, Tensor>(graph.inputs.map((v, i) => [v, inputs[i]]));
  const of = (v: GraphValue): Tensor => now.get(v) as Tensor;
  const size = (name: string): number => sizes.get(name) as number;
  const drawn = new Map<string, readonly (Tensor | number)[]>();
  for (const node of graph.nodes) {
    const operands = node.inputs.map((x) =>
      typeof x === 'number' ? valueAt(node, x, recogniser.operand(x), size) : of(x),
    );
    const outs = withOrigin(node.origin, () => {
      if (node.def === DETACH) return [(operands[0] as Tensor).detach()];
      if (drawsRandom(node.def, node.attrs)) redraw(node, operands, drawn);
      const attrs = resized(node, recogniser, size);
      return run(node, operands, attrs);
    });
    node.outputs.forEach((v, i) => {
      now.set(v, outs[i]);
    });
  }
  return graph.outputs.map(of);
}

function run(
  node: GraphNode,
  operands: readonly (Tensor | number)[],
  attrs: Attrs | null,
): readonly Tensor[] {
  checkView(node, operands, attrs);
  try {
    return apply(node.def, operands, attrs) as readonly Tensor[];
  } catch (error) {
    const { line } = node.origin ?? {};
    if (error instanceof GradusError && line !== undefined) {
      error.addContext(`in the graph: ${node.def.name}, built at ${line}`);
    }
    throw error;
  }
}

/** What these ops' own functions have checked when the graph was built, at other sizes. */
function checkView(
  node: GraphNode,
  operands: readonly (Tensor | number)[],
  attrs: Attrs | null,
): void {
  const name = node.def.name;
  if (name !== 'reshape' && name !== 'expand') return;
  const { shape } = attrs as unknown as { shape: readonly number[] };
  const x = (operands[0] as Tensor).shape;
  const lead = shape.length - x.length;
  const fits =
    name === 'reshape'
      ? numelOf(x) === numelOf(shape) && shape.every((n) => Number.isInteger(n) && n >= 0)
      : lead >= 0 && x.every((n, d) => n === 1 || n === shape[d + lead]);
  if (!fits) throw unrecognised(node, `[${x}] does not become [${shape}]`);
}

/** The same random call draws the same numbers: a mask and that of its gradient. */
function redraw(
  node: GraphNode,
  operands: (Tensor | number)[],
  drawn: Map<string, readonly (Tensor | number)[]>,
): void {
  const first = operands.length - 4;
  const key = node.inputs.slice(first).join();
  let state = drawn.get(key);
  if (state === undefined) {
    state = nextKey() as readonly (Tensor | number)[];
    drawn.set(key, state);
  }
  state.forEach((word, i) => {
    operands[first + i] = word;
  });
}

/** A number at the sizes of a call; `e` is what it is of them. */
function valueAt(
  node: GraphNode,
  x: number,
  e: SizeExpression | null,
  size: (name: string) => number,
): number {
  if (e === null) return x;
  const value = e.at(size);
  if (e.divided === true && !Number.isInteger(value)) throw notWhole(node, e.text, value);
  return value;
}

/** Attributes whose sizes follow the open ones. */
function resized(
  node: GraphNode,
  recogniser: Recogniser,
  size: (name: string) => number,
): Attrs | null {
  const { attrs } = node;
  let changed = false;
  const map = (x: unknown): unknown => {
    if (typeof x === 'number') {
      const e = recogniser.recognise(x);
      if (e !== null) changed = true;
      return valueAt(node, x, e, size);
    }
    if (Array.isArray(x)) return x.map(map);
    if (typeof x !== 'object' || x === null) return x;
    const entries = Object.entries(x).filter(([key]) => key !== 'attrId');
    return Object.fromEntries(entries.map(([key, y]) => [key, map(y)]));
  };
  const mapped = map(attrs);
  return changed ? attrsOf(mapped as object) : attrs;
}
