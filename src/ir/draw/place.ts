/** Coordinates: every layer as near to straight wires as its order and its boxes allow. */
import type { Link, Net, Vertex } from './net.ts';

const BETWEEN_BOXES = 20;
const BESIDE_POINT = 11;
const BETWEEN_POINTS = 10;
/** Room between layers; more where wires go far sideways. */
const LEAST_GAP = 30;
const MOST_GAP = 84;

/** Width and height of what {@link placeLayers} has placed. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

export const leaveX = (link: Link): number => link.from.x + link.leaveBy;

export const arriveX = (link: Link): number => link.to.x + link.arriveBy;

/** Distance of neighbouring ports of a box whose farthest is `ports` steps from the middle. */
const portStep = (width: number, ports: number): number =>
  Math.min(24, (width / 2 - 8) / Math.max(ports, 1));

function placePorts({ up, down, width }: Vertex): void {
  const leave = portStep(
    width,
    down.reduce((m, l) => Math.max(m, Math.abs(l.leave)), 0),
  );
  for (const link of down) link.leaveBy = link.leave === 0 ? 0 : link.leave * leave;
  const arrive = portStep(
    width,
    up.reduce((m, l) => Math.max(m, Math.abs(l.arrive)), 0),
  );
  for (const link of up) link.arriveBy = link.arrive === 0 ? 0 : link.arrive * arrive;
}

/** Gives every vertex of an ordered net its centre, the first box at 0, 0. */
export function placeLayers(net: Net): Extent {
  const { layers, vertices } = net;
  for (const v of vertices) placePorts(v);
  const rows: Row[] = layers.map((layer) => {
    let x = 0;
    for (const [i, v] of layer.entries()) {
      if (i > 0) x += apart(layer[i - 1], v);
      v.x = x;
    }
    return { layer, offsets: Float64Array.from(layer, (v) => v.x) };
  });
  const upwards = rows.toReversed();
  const rounds = vertices.length > 6000 ? 5 : 12;
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) settle(row, 'up');
    for (const row of upwards) settle(row, 'down');
  }
  for (let round = 0; round < 3; round++) for (const row of rows) settle(row, 'both');
  let left = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  for (const v of vertices) {
    left = Math.min(left, v.x - v.width / 2);
    right = Math.max(right, v.x + v.width / 2);
  }
  for (const v of vertices) v.x -= left;
  return { width: vertices.length === 0 ? 0 : right - left, height: placeRows(layers) };
}

/** A layer, and how far from its first vertex each is at least. */
interface Row {
  readonly layer: readonly Vertex[];
  readonly offsets: Float64Array;
}

/** Least distance of the centres of neighbours. */
function apart(a: Vertex, b: Vertex): number {
  const points = Number(a.item === null) + Number(b.item === null);
  return (a.width + b.width) / 2 + [BETWEEN_BOXES, BESIDE_POINT, BETWEEN_POINTS][points];
}

/** How much a link wants to be straight; inputs follow their users and not the other way round. */
function pull({ from, to }: Link): number {
  if (from.item === null && to.item === null) return 8;
  if (from.item?.kind === 'input') return 0.2;
  return from.item === null || to.item === null ? 1 : 3;
}

const weight = (v: Vertex): number => (v.item === null ? 1 : v.item.kind === 'input' ? 0.02 : 6);

/**
 * Moves a layer to where its neighbours want it: each vertex to the median of them, and where these
 * would overlap, a block of vertices to its weighted mean (pool adjacent violators).
 */
function settle({ layer, offsets }: Row, side: 'up' | 'down' | 'both'): void {
  const blocks: { first: number; mean: number; weight: number }[] = [];
  for (const [i, v] of layer.entries()) {
    const wanted = median(v, side);
    const w = wanted === null ? 0.01 : weight(v);
    const block = { first: i, mean: (wanted ?? v.x) - offsets[i], weight: w };
    for (let a = blocks.at(-1); a !== undefined && a.mean > block.mean; a = blocks.at(-1)) {
      const sum = a.weight + block.weight;
      block.mean = (a.mean * a.weight + block.mean * block.weight) / sum;
      block.weight = sum;
      block.first = a.first;
      blocks.pop();
    }
    blocks.push(block);
  }
  for (const [k, { first, mean }] of blocks.entries()) {
    const end = blocks[k + 1]?.first ?? layer.length;
    for (let i = first; i < end; i++) layer[i].x = mean + offsets[i];
  }
}

/** The weighted median of where the links of a vertex would be straight; null without links. */
function median(v: Vertex, side: 'up' | 'down' | 'both'): number | null {
  if (side === 'up' && v.up.length === 1) return leaveX(v.up[0]) - v.up[0].arriveBy;
  if (side === 'down' && v.down.length === 1) return arriveX(v.down[0]) - v.down[0].leaveBy;
  const wants: { x: number; pull: number }[] = [];
  if (side !== 'down') {
    for (const l of v.up) wants.push({ x: leaveX(l) - l.arriveBy, pull: pull(l) });
  }
  if (side !== 'up') {
    for (const l of v.down) wants.push({ x: arriveX(l) - l.leaveBy, pull: pull(l) });
  }
  if (wants.length <= 1) return wants[0]?.x ?? null;
  wants.sort((a, b) => a.x - b.x);
  const half = wants.reduce((sum, w) => sum + w.pull, 0) / 2;
  let sum = 0;
  for (const [i, w] of wants.entries()) {
    sum += w.pull;
    if (sum > half + 1e-9) return w.x;
    // Between two that pull alike every place is as good: stay.
    if (sum > half - 1e-9) return Math.min(Math.max(v.x, w.x), wants[i + 1].x);
  }
  return v.x;
}

/** Heights: layers below one another, boxes in the middle of theirs. */
function placeRows(layers: readonly Vertex[][]): number {
  let y = 0;
  for (const [i, layer] of layers.entries()) {
    const height = layer.reduce((h, v) => Math.max(h, v.height), 0);
    for (const v of layer) {
      v.y = y + height / 2;
      if (v.item === null) v.height = height;
    }
    y += height;
    if (i + 1 === layers.length) break;
    const sideways = layer
      .flatMap((v) => v.down)
      .reduce((dx, link) => Math.max(dx, Math.abs(leaveX(link) - arriveX(link))), 0);
    y += Math.min(MOST_GAP, LEAST_GAP + sideways * 0.06);
  }
  return y;
}
