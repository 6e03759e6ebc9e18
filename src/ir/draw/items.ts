/** A graph as a picture sees it: items (inputs, nodes, outputs) and the wires between them. */
import type { Graph, GraphNode, GraphValue } from '../graph.ts';

/** What gets one box. */
export interface Item {
  readonly kind: 'input' | 'node' | 'output';
  /** Place among the items of its kind. */
  readonly index: number;
  readonly node: GraphNode | null;
  /** Of inputs and outputs. */
  readonly value: GraphValue | null;
  /** Row of the picture, from the top. */
  layer: number;
  /** Wire of each operand; null for a number, or a value that the graph does not define. */
  readonly operands: (Wire | null)[];
  /** Wires of the values it makes. */
  readonly results: Wire[];
}

/** An operand that a wire arrives at. */
export interface Use {
  readonly item: Item;
  readonly operand: number;
}

/** A value on its way from the item that makes it to those that use it. */
export interface Wire {
  readonly value: GraphValue;
  readonly source: Item;
  readonly output: number;
  /** Those that are drawn; {@link cutWires} takes the farthest away. */
  uses: Use[];
}

/** The items and wires of a graph; every use of a value hangs on the one wire of that value. */
export function itemsOf(graph: Graph): { items: Item[]; wires: Wire[] } {
  const items: Item[] = [];
  const wires: Wire[] = [];
  const made = new Map<GraphValue, Wire>();
  const add = (
    kind: Item['kind'],
    index: number,
    node: GraphNode | null,
    value: GraphValue | null,
  ) => {
    const item: Item = { kind, index, node, value, layer: 0, operands: [], results: [] };
    items.push(item);
    return item;
  };
  const make = (item: Item, values: readonly GraphValue[]): void => {
    for (const [output, value] of values.entries()) {
      const wire: Wire = { value, source: item, output, uses: [] };
      made.set(value, wire);
      wires.push(wire);
      item.results.push(wire);
    }
  };
  const use = (item: Item, operands: readonly (GraphValue | number)[]): void => {
    for (const [operand, x] of operands.entries()) {
      const wire = typeof x === 'number' ? undefined : made.get(x);
      item.operands.push(wire ?? null);
      wire?.uses.push({ item, operand });
    }
  };
  for (const [i, v] of graph.inputs.entries()) make(add('input', i, null, v), [v]);
  for (const [i, node] of graph.nodes.entries()) {
    const item = add('node', i, node, null);
    use(item, node.inputs);
    make(item, node.outputs);
  }
  for (const [i, v] of graph.outputs.entries()) use(add('output', i, null, v), [v]);
  return { items, wires };
}
