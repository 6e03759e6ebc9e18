/** A graph recorded at a few sizes, as a function of them. */
import { GradusError, GraphError } from '../base/index.ts';
import {
  type Attrs,
  attrs,
  type Graph,
  type GraphNode,
  type GraphValue,
  printGraph,
  Recorder,
} from '../ir/index.ts';
import { allOf, type Fitted, fitNumber, mapSamples, type Samples } from './fit.ts';

/** Anything made of plain data with fitted numbers in it. */
type Fit = (sizes: readonly number[]) => unknown;

/** Gives the graph at other sizes, or null if a number is then no integer where it must be. */
export type OpenGraph = (sizes: readonly number[]) => Graph | null;

/**
 * Fits a graph to its samples at sizes `at`. Throws a GraphError that names the op and the line of
 * whatever depends on the sizes in another way.
 */
export function openGraph(samples: Samples<Graph>, at: readonly number[]): OpenGraph {
  const { base } = samples;
  const graphs = allOf(samples);
  const counts = new Set(graphs.map((g) => `${g.inputs.length} ${g.outputs.length}`));
  if (counts.size > 1) throw differs(undefined, 'what it reads or returns');
  const shapes = base.inputs.map((_, i) =>
    fitPlain(
      mapSamples(samples, (g) => g.inputs[i].shape),
      at,
    ),
  );
  const nodes = base.nodes.map((node, k) => {
    const same = mapSamples(samples, (g) => g.nodes[k]);
    checkAlike(node, allOf(same));
    const fitted = fitPlain(
      mapSamples(same, (n) => plain(n.attrs)),
      at,
    );
    const numbers = node.inputs.map((x, i) =>
      typeof x === 'number'
        ? fitNumber(
            mapSamples(same, (n) => n.inputs[i] as number),
            at,
          )
        : null,
    );
    node.inputs.forEach((x, i) => {
      if (typeof x === 'number' && numbers[i] === null) throw differs(node, 'a number');
    });
    if (fitted === null) throw differs(node, 'an attribute');
    return { node, fitted, numbers };
  });
  if (graphs.some((g) => g.nodes.length !== base.nodes.length)) {
    throw differs(undefined, 'the number of its operations');
  }
  if (shapes.includes(null)) throw differs(undefined, 'the shape of an input');
  return (sizes) => build(base, shapes as Fit[], nodes, sizes);
}

interface OpenNode {
  readonly node: GraphNode;
  readonly fitted: Fit;
  readonly numbers: readonly (Fitted | null)[];
}

function build(
  base: Graph,
  shapes: readonly Fit[],
  nodes: readonly OpenNode[],
  sizes: readonly number[],
): Graph | null {
  const recorder = new Recorder(base.nodes[0]?.outputs[0]?.device ?? 'cpu');
  const now = new Map<GraphValue, GraphValue>();
  const inputs: GraphValue[] = [];
  for (const [i, v] of base.inputs.entries()) {
    const shape = shapes[i](sizes) as number[];
    if (!isWhole(shape)) return null;
    const made = recorder.input({ shape, dtype: v.dtype, weak: v.weak });
    now.set(v, made);
    inputs.push(made);
  }
  for (const { node, fitted, numbers } of nodes) {
    const values = node.inputs.map((x, i) =>
      typeof x === 'number' ? (numbers[i] as Fitted)(sizes) : (now.get(x) as GraphValue),
    );
    // Half of an even size is whole; of an odd one Math.floor has made something else.
    const broken = values.some(
      (v, i) => typeof v === 'number' && !Number.isInteger(v) && Number.isInteger(node.inputs[i]),
    );
    if (broken) return null;
    const own = node.attrs === null ? null : (fitted(sizes) as object);
    if (own !== null && !isWhole(own, plain(node.attrs))) return null;
    recorder.origin = node.origin;
    let made: readonly GraphValue[];
    try {
      const a = own === null ? null : (attrs(own) as Attrs);
      made = recorder.apply(node.def, values, a, node.regions);
    } catch (error) {
      // A slice that ends before its start: the function itself may see to that.
      if (error instanceof GradusError) return null;
      throw error;
    }
    node.outputs.forEach((v, i) => {
      now.set(v, made[i]);
    });
  }
  const outputs = base.outputs.map((v) => now.get(v) as GraphValue);
  return { name: base.name, inputs, nodes: recorder.nodes, outputs };
}

/**
 * Throws a GraphError unless a graph recorded at other sizes is what the fitted one gives there: where an
 * `if` or a `Math.min` looks at an open size, it is not.
 */
export function checkFitted(fitted: Graph, recorded: Graph): void {
  const ordinals = (g: Graph): ((x: GraphValue | number) => string) => {
    const of = new Map<GraphValue, number>();
    for (const v of [...g.inputs, ...g.nodes.flatMap((n) => n.outputs)]) of.set(v, of.size);
    return (x) => (typeof x === 'number' ? `${x}` : `%${of.get(x)}`);
  };
  const [a, b] = [ordinals(fitted), ordinals(recorded)];
  const line = (n: GraphNode | undefined, name: typeof a): string =>
    n === undefined ? '' : `${n.def.id} ${n.attrs?.attrId} ${n.inputs.map(name).join(' ')}`;
  for (let i = 0; i < Math.max(fitted.nodes.length, recorded.nodes.length); i++) {
    if (line(fitted.nodes[i], a) === line(recorded.nodes[i], b)) continue;
    throw differs(recorded.nodes[i] ?? fitted.nodes[i], 'this');
  }
  if (fitted.outputs.map(a).join() === recorded.outputs.map(b).join()) return;
  throw differs(undefined, 'what it returns');
}

/** The same op on the same operands, in every sample. */
function checkAlike(node: GraphNode, all: readonly (GraphNode | undefined)[]): void {
  const wiring = (n: GraphNode): string =>
    n.inputs.map((x) => (typeof x === 'number' ? '#' : `${x.id}`)).join(' ');
  const alike = all.every(
    (n) => n !== undefined && n.def === node.def && wiring(n) === wiring(node),
  );
  if (!alike) throw differs(node, 'which operations follow');
  const bodies = (n: GraphNode): string => n.regions.map(printGraph).join();
  if ((all as readonly GraphNode[]).some((n) => bodies(n) !== bodies(node))) {
    throw differs(node, 'a loop or a branch');
  }
}

const plain = (a: Attrs | null): object | null => {
  if (a === null) return null;
  return Object.fromEntries(
    Object.entries(a).filter(([key, value]) => key !== 'attrId' && value !== undefined),
  );
};

/** Plain data whose numbers depend on the sizes; null if one fits nothing. */
function fitPlain(samples: Samples<unknown>, at: readonly number[]): Fit | null {
  const { base } = samples;
  const all = allOf(samples);
  if (typeof base === 'number') {
    return all.every((x) => typeof x === 'number')
      ? fitNumber(samples as Samples<number>, at)
      : null;
  }
  if (Array.isArray(base)) {
    if (!all.every((x) => Array.isArray(x) && x.length === base.length)) return null;
    const items = base.map((_, i) =>
      fitPlain(
        mapSamples(samples, (x) => (x as unknown[])[i]),
        at,
      ),
    );
    return items.includes(null) ? null : (sizes) => items.map((f) => (f as Fit)(sizes));
  }
  if (typeof base === 'object' && base !== null) {
    const keys = Object.keys(base);
    const alike = all.every(
      (x) => typeof x === 'object' && x !== null && sameKeys(Object.keys(x), keys),
    );
    if (!alike) return null;
    const fields = keys.map(
      (k) =>
        [
          k,
          fitPlain(
            mapSamples(samples, (x) => (x as Record<string, unknown>)[k]),
            at,
          ),
        ] as const,
    );
    if (fields.some(([, f]) => f === null)) return null;
    return (sizes) => Object.fromEntries(fields.map(([k, f]) => [k, (f as Fit)(sizes)]));
  }
  return all.every((x) => Object.is(x, base)) ? () => base : null;
}

const sameKeys = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((k, i) => k === b[i]);

/** Whether every number is an integer that was one when recorded. */
function isWhole(x: unknown, like?: unknown): boolean {
  if (typeof x === 'number')
    return Number.isInteger(x) || (like !== undefined && !Number.isInteger(like));
  if (typeof x !== 'object' || x === null) return true;
  return Object.entries(x).every(([k, y]) => isWhole(y, (like as Record<string, unknown>)?.[k]));
}

function differs(node: GraphNode | undefined, what: string): GraphError {
  const { op, line, module } = node?.origin ?? {};
  return new GraphError({
    op: op ?? node?.def.name ?? 'compile',
    problem: `${what} depends on an open size in a way that is not a * size + b (an if on the size, say)${
      line === undefined ? '' : `; recorded at ${line}`
    }`,
    ...(module === undefined ? {} : { module }),
    remedy: 'leave that dimension out of `dynamic`: each of its sizes is then recorded by itself',
  });
}
