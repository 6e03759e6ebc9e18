/** The order of each layer: fewer crossings, by barycentres and exchanges of neighbours. */
import type { Link, Net, Vertex } from './net.ts';

/**
 * Orders every layer of `net` so that few links cross: barycentre sweeps down and up, of which the
 * best order is kept, then exchanges of neighbours as long as they help.
 */
export function orderLayers(net: Net): void {
  const { layers, links } = net;
  const sweeps = links.length > 8000 ? 6 : 14;
  let best = layers.map((layer) => [...layer]);
  let least = crossings(net);
  for (let sweep = 0, idle = 0; sweep < sweeps && least > 0 && idle < 4; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) arrange(layer, down);
    const count = crossings(net);
    idle = count < least ? 0 : idle + 1;
    if (idle > 0) continue;
    least = count;
    best = layers.map((layer) => [...layer]);
  }
  for (const [i, layer] of best.entries()) put(layers[i], layer);
  if (links.length <= 30_000) exchange(layers);
}

/** A link's end as a place in its layer; ports divide a box. */
const top = (link: Link): number => link.from.pos + link.leave / 64;
const bottom = (link: Link): number => link.to.pos + link.arrive / 64;

function put(layer: Vertex[], order: readonly Vertex[]): void {
  for (const [i, v] of order.entries()) {
    layer[i] = v;
    v.pos = i;
  }
}

/** Sorts a layer by the mean place of neighbours; without any, a vertex follows the one before. */
function arrange(layer: Vertex[], down: boolean): void {
  let before = -1;
  const keyed = layer.map((v) => {
    const links = down ? v.up : v.down;
    if (links.length > 0) {
      before = 0;
      for (const link of links) {
        before += down ? top(link) - link.arrive / 256 : bottom(link) - link.leave / 256;
      }
      before /= links.length;
    }
    return { v, key: before };
  });
  keyed.sort((a, b) => a.key - b.key || a.v.pos - b.v.pos);
  put(
    layer,
    keyed.map(({ v }) => v),
  );
}

/** How many pairs of links cross, counted layer by layer with a tree of sums. */
export function crossings({ layers }: Net): number {
  let count = 0;
  for (const layer of layers) {
    const links = layer.flatMap((v) => v.down);
    if (links.length < 2) continue;
    const ends = links.map((link) => [top(link), bottom(link)] as const);
    ends.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const rank = new Map<number, number>();
    for (const end of ends.map((e) => e[1]).sort((a, b) => a - b)) {
      if (!rank.has(end)) rank.set(end, rank.size + 1);
    }
    const tree = new Int32Array(rank.size + 1);
    for (const [seen, [, end]] of ends.entries()) {
      const r = rank.get(end) as number;
      let notRight = 0;
      for (let i = r; i > 0; i -= i & -i) notRight += tree[i];
      count += seen - notRight;
      for (let i = r; i < tree.length; i += i & -i) tree[i]++;
    }
  }
  return count;
}

/** Exchanges neighbours while that removes crossings. */
function exchange(layers: readonly Vertex[][]): void {
  for (let round = 0, changed = true; changed && round < 8; round++) {
    changed = false;
    for (const layer of layers) {
      for (let i = 0; i + 1 < layer.length; i++) {
        const [a, b] = [layer[i], layer[i + 1]];
        const gain = excess(a.up, b.up, top) + excess(a.down, b.down, bottom);
        if (gain <= 0) continue;
        layer[i] = b;
        layer[i + 1] = a;
        a.pos = i + 1;
        b.pos = i;
        changed = true;
      }
    }
  }
}

/** Crossings of the links of two neighbours as they stand, less those after an exchange. */
function excess(
  left: readonly Link[],
  right: readonly Link[],
  end: (link: Link) => number,
): number {
  let sum = 0;
  for (const a of left) for (const b of right) sum += Math.sign(end(a) - end(b));
  return sum;
}
