/** Rows: which layer each item lies in, and which wires are too long to be drawn. */
import type { Item, Wire } from './items.ts';

/** Wires that pass a layer beside its boxes; more than these nobody follows with the eye. */
const MOST_PASSING = 24;
/** Points at which wires pass layers, in the whole picture: what bounds the time it takes. */
const MOST_POINTS = 8000;
/** Items that move down together. */
const MOST_SUNK = 200;

/**
 * Gives every item its layer, by the longest path from the top; what would lie far above its first
 * use for no reason (weights, constants, their views) then sinks to just above it.
 */
export function assignLayers(items: readonly Item[]): void {
  for (const item of items) {
    item.layer = 0;
    for (const wire of item.operands) {
      if (wire !== null) item.layer = Math.max(item.layer, wire.source.layer + 1);
    }
  }
  for (const item of items.toReversed()) sink(item);
  const top = items.reduce((least, item) => Math.min(least, item.layer), Number.POSITIVE_INFINITY);
  for (const item of items) item.layer -= top;
}

/**
 * Moves an item down, and with it all that only it uses, if the wires below shorten by more than
 * those above lengthen.
 */
function sink(item: Item): void {
  if (slackOf(item) <= 0) return;
  const set = new Set([item]);
  for (const member of set) {
    for (const wire of member.operands) {
      if (wire === null || set.size > MOST_SUNK) continue;
      const own = wire.source.results.every((w) => w.uses.every((use) => set.has(use.item)));
      if (own) set.add(wire.source);
    }
  }
  const by = slackOf(item);
  const saved = item.results.filter((wire) => wire.uses.length > 0).length * by;
  const entering = new Set<Wire>();
  for (const member of set) {
    for (const w of member.operands) if (w !== null && !set.has(w.source)) entering.add(w);
  }
  let added = 0;
  for (const wire of entering) {
    const after = wire.uses.map((use) => use.item.layer + (set.has(use.item) ? by : 0));
    added += Math.max(...after) - endOf(wire);
  }
  // Views cost nothing where they stand, and are read where they are used.
  const least = item.node?.def.lower?.kind === 'view' ? added : added + 1;
  if (saved >= least) for (const member of set) member.layer += by;
}

/** How far an item can move down before it touches its first use. */
function slackOf({ layer, results }: Item): number {
  let first = Number.POSITIVE_INFINITY;
  for (const wire of results) for (const use of wire.uses) first = Math.min(first, use.item.layer);
  return first === Number.POSITIVE_INFINITY ? 0 : first - 1 - layer;
}

/** The layer in which a wire ends. */
export const endOf = (wire: Wire): number =>
  wire.uses.reduce((last, use) => Math.max(last, use.item.layer), wire.source.layer);

/**
 * Takes uses away from wires, the longest stretches first, until no layer is passed by more wires
 * than one can follow. Boxes name the values whose wires were cut.
 */
export function cutWires(wires: readonly Wire[], layers: number): void {
  const most = Math.max(2, Math.min(MOST_PASSING, Math.floor(MOST_POINTS / layers)));
  const load = new Int32Array(layers);
  let stretches: { wire: Wire; from: number; to: number }[] = [];
  const consider = (wire: Wire): void => {
    const to = endOf(wire);
    let from = wire.source.layer;
    for (const { item } of wire.uses) if (item.layer < to) from = Math.max(from, item.layer);
    if (to - wire.source.layer > 1) stretches.push({ wire, from, to });
  };
  for (const wire of wires) {
    for (let l = wire.source.layer + 1; l < endOf(wire); l++) load[l]++;
    consider(wire);
  }
  while (stretches.length > 0) {
    const now = stretches.sort((a, b) => b.to - b.from - (a.to - a.from));
    stretches = [];
    for (const { wire, from, to } of now) {
      const start = Math.max(from, wire.source.layer + 1);
      let crowded = false;
      for (let l = start; l < to && !crowded; l++) crowded = load[l] > most;
      if (!crowded) continue;
      for (let l = start; l < to; l++) load[l]--;
      wire.uses = wire.uses.filter((use) => use.item.layer < to);
      consider(wire);
    }
  }
}
