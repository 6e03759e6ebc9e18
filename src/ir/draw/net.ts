/** Vertices and links: boxes, the points at which long wires pass layers, what joins them. */

import type { Graph } from '../graph.ts';
import { type Item, itemsOf, type Wire } from './items.ts';
import { assignLayers, cutWires, endOf } from './layers.ts';

/** A box, or (item null) a point at which a wire passes a layer. */
export interface Vertex {
  readonly item: Item | null;
  readonly layer: number;
  /** Place in its layer, from the left; `order.ts` decides. */
  pos: number;
  /** Size and centre; `place.ts` decides the centre. */
  width: number;
  height: number;
  x: number;
  y: number;
  readonly up: Link[];
  readonly down: Link[];
}

/** A piece of wire from one layer to the next. */
export interface Link {
  readonly from: Vertex;
  readonly to: Vertex;
  /** Where it leaves and arrives, in steps from the middle of the box. */
  readonly leave: number;
  readonly arrive: number;
  /** The same as distances, which depend on the sizes of the boxes; `place.ts` knows them. */
  leaveBy: number;
  arriveBy: number;
  readonly wire: Wire;
}

export interface Net {
  readonly items: readonly Item[];
  readonly wires: readonly Wire[];
  readonly vertices: readonly Vertex[];
  /** From top to bottom; each is sorted by `pos`. */
  readonly layers: readonly Vertex[][];
  readonly links: readonly Link[];
}

/** The net of a graph, its layers decided, their order that of a walk along the links. */
export function netOf(graph: Graph): Net {
  const { items, wires } = itemsOf(graph);
  assignLayers(items);
  const count = items.reduce((most, item) => Math.max(most, item.layer + 1), 0);
  cutWires(wires, count);
  const boxes = new Map<Item, Vertex>();
  const vertices: Vertex[] = [];
  const vertex = (item: Item | null, layer: number): Vertex => {
    const v = { item, layer, pos: 0, width: 0, height: 0, x: 0, y: 0, up: [], down: [] };
    vertices.push(v);
    if (item !== null) boxes.set(item, v);
    return v;
  };
  for (const item of items) vertex(item, item.layer);
  const links: Link[] = [];
  const join = (from: Vertex, to: Vertex, leave: number, arrive: number, wire: Wire): void => {
    const link = { from, to, leave, arrive, leaveBy: 0, arriveBy: 0, wire };
    links.push(link);
    from.down.push(link);
    to.up.push(link);
  };
  for (const wire of wires) {
    const used = wire.source.results.filter((w) => w.uses.length > 0);
    const leave = used.indexOf(wire) - (used.length - 1) / 2;
    const chain = [boxes.get(wire.source) as Vertex];
    for (let l = wire.source.layer + 1; l < endOf(wire); l++) {
      const point = vertex(null, l);
      join(chain[chain.length - 1], point, chain.length === 1 ? leave : 0, 0, wire);
      chain.push(point);
    }
    for (const { item, operand } of wire.uses) {
      const before = item.layer - wire.source.layer - 1;
      const to = boxes.get(item) as Vertex;
      join(chain[before], to, before === 0 ? leave : 0, portOf(item, operand), wire);
    }
  }
  const layers: Vertex[][] = Array.from({ length: count }, () => []);
  for (const v of walk(vertices)) layers[v.layer].push(v);
  for (const layer of layers) for (const [i, v] of layer.entries()) v.pos = i;
  return { items, wires, vertices, layers, links };
}

/**
 * Where operand `operand` arrives, in steps from the middle. If just one operand is the result of
 * a node, or of one in the layer above, it arrives in the middle, so that chains are straight.
 */
function portOf(item: Item, operand: number): number {
  const drawn: number[] = [];
  for (const [i, wire] of item.operands.entries()) {
    if (wire?.uses.some((u) => u.item === item && u.operand === i)) drawn.push(i);
  }
  const computed = drawn.filter((i) => item.operands[i]?.source.kind === 'node');
  const near = computed.filter((i) => item.operands[i]?.source.layer === item.layer - 1);
  const chain = computed.length === 1 ? computed : near;
  const middle = chain.length === 1 ? drawn.indexOf(chain[0]) : (drawn.length - 1) / 2;
  return drawn.indexOf(operand) - middle;
}

/** Depth first from the top: chains stay together, and what nests is nested. */
function walk(vertices: readonly Vertex[]): Vertex[] {
  const seen = new Set<Vertex>();
  const out: Vertex[] = [];
  for (const root of vertices) {
    if (root.up.length > 0) continue;
    const stack = [root];
    while (stack.length > 0) {
      const v = stack.pop() as Vertex;
      if (seen.has(v)) continue;
      seen.add(v);
      out.push(v);
      // Boxes before points: the last pushed is walked first.
      for (const { to } of v.down) if (to.item === null) stack.push(to);
      for (const { to } of v.down.toReversed()) if (to.item !== null) stack.push(to);
    }
  }
  return out;
}
