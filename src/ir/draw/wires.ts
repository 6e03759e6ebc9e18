/** The wires of a placed net as curves. */
import type { Wire } from './items.ts';
import { endOf } from './layers.ts';
import type { Link, Net, Vertex } from './net.ts';
import { arriveX, leaveX } from './place.ts';
import { at, FAR_COLOURS } from './style.ts';

/** Wires over more layers than this have a colour of their own and say at their ends who they are. */
const FAR_LAYERS = 4;
const TIP = 5;

/** The SVG of all wires: curves first, then the tips of the arrows and the numbers of values. */
export function drawWires({ wires, links, layers }: Net): string[] {
  const bands = layers.map((layer) => {
    const tops = layer.map((v) => v.y - v.height / 2);
    const bottoms = layer.map((v) => v.y + v.height / 2);
    return { top: Math.min(...tops), bottom: Math.max(...bottoms) };
  });
  const of = new Map<Wire, Link[]>(wires.map((wire) => [wire, []]));
  for (const link of links) of.get(link.wire)?.push(link);
  const curves: string[] = [];
  const tips: string[] = [];
  const tags: string[] = [];
  let far = 0;
  for (const [wire, pieces] of of) {
    if (pieces.length === 0) continue;
    const isFar = endOf(wire) - wire.source.layer > FAR_LAYERS;
    const style = isFar ? `wire far far${far++ % FAR_COLOURS}` : 'wire';
    curves.push(`<path class="${style}" d="${path(pieces, bands)}"/>`);
    for (const link of pieces) {
      if (link.to.item === null) continue;
      const [x, y] = [arriveX(link), link.to.y - link.to.height / 2];
      tips.push(`M${at(x - 3)} ${at(y - TIP)}h6L${at(x)} ${at(y)}z`);
      if (isFar && link.from.item === null) {
        tags.push(`<text class="tag" x="${at(x + 5)}" y="${at(y - 5)}">%${wire.value.id}</text>`);
      }
    }
  }
  return [
    ...curves,
    ...(tips.length > 0 ? [`<path class="tip" d="${tips.join('')}"/>`] : []),
    ...tags,
  ];
}

type Band = { readonly top: number; readonly bottom: number };

/**
 * The pieces of one wire as one path. Beside boxes it runs straight down; only between layers does
 * it bend, so that it meets no box.
 */
function path(pieces: readonly Link[], bands: readonly Band[]): string {
  const out: string[] = [];
  let pen: Vertex | null = null;
  const piece = (link: Link): void => {
    const { from, to } = link;
    const [x0, x1] = [leaveX(link), arriveX(link)];
    if (pen !== from)
      out.push(`M${at(x0)} ${at(from.item === null ? bands[from.layer].top : edge(from))}`);
    const [start, end] = [bands[from.layer].bottom, bands[to.layer].top - TIP];
    out.push(`V${at(start)}`);
    const middle = (start + end) / 2;
    if (Math.abs(x1 - x0) > 0.05) {
      out.push(`C${at(x0)} ${at(middle)} ${at(x1)} ${at(middle)} ${at(x1)} ${at(end)}`);
    }
    out.push(`V${at(to.item === null ? end : to.y - to.height / 2 - TIP)}`);
    pen = to;
  };
  // The trunk without lifting the pen, then the branches.
  for (const link of pieces) if (link.to.item === null) piece(link);
  const ends = pieces.filter((link) => link.to.item !== null);
  const onward = ends.filter((link) => pen === link.from);
  for (const link of [...onward.slice(0, 1), ...ends.filter((l) => l !== onward[0])]) piece(link);
  return out.join('');
}

const edge = (v: Vertex): number => v.y + v.height / 2;
