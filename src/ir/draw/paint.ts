/** One graph, laid out and painted. */
import type { Graph } from '../graph.ts';
import { printNode, printType } from '../print.ts';
import { type Box, boxOf, lineHeight, type Names, PAD_X } from './boxes.ts';
import { type Group, groupsOf, moduleOf } from './groups.ts';
import type { Item } from './items.ts';
import { type Net, netOf, type Vertex } from './net.ts';
import { orderLayers } from './order.ts';
import { type Extent, placeLayers } from './place.ts';
import { at, escape, type Kind, shorten } from './style.ts';
import { drawWires } from './wires.ts';

/** A picture without its frame. */
export interface Painting extends Extent {
  readonly svg: string;
  readonly kinds: ReadonlySet<Kind>;
}

/** A net with everything placed: what is painted, and what tests look at. */
export interface Layout extends Extent {
  readonly net: Net;
  readonly boxes: ReadonlyMap<Vertex, Box>;
  readonly groups: readonly Group[];
}

/** Labels of the regions of a node, for its box. */
export type RegionLabels = (item: Item) => readonly string[];

/** Decides where everything of `graph` lies. */
export function layOut(graph: Graph, names: Names, regions: RegionLabels): Layout {
  const net = netOf(graph);
  orderLayers(net);
  const boxes = new Map<Vertex, Box>();
  const size = (labels: ReadonlyMap<Vertex, string>): Extent => {
    for (const v of net.vertices) {
      if (v.item === null) continue;
      const box = boxOf(v.item, names, labels.get(v), regions(v.item));
      v.width = box.width;
      v.height = box.height;
      boxes.set(v, box);
    }
    return placeLayers(net);
  };
  let extent = size(new Map());
  let groups = groupsOf(net);
  // Boxes whose module got no rectangle of its own say it themselves; that changes their sizes.
  const labels = labelsOf(net, groups);
  if (labels.size > 0) {
    extent = size(labels);
    groups = groupsOf(net);
  }
  const left = Math.min(0, ...groups.map((g) => g.left));
  const top = Math.min(0, ...groups.map((g) => g.top));
  const right = Math.max(extent.width, ...groups.map((g) => g.right));
  const bottom = Math.max(extent.height, ...groups.map((g) => g.bottom));
  for (const v of net.vertices) {
    v.x -= left;
    v.y -= top;
  }
  groups = groups.map((g) => ({
    ...g,
    left: g.left - left,
    right: g.right - left,
    top: g.top - top,
    bottom: g.bottom - top,
  }));
  return { net, boxes, groups, width: right - left, height: bottom - top };
}

/** Modules to be written in boxes: what the innermost rectangle does not say of their paths. */
function labelsOf({ vertices }: Net, groups: readonly Group[]): Map<Vertex, string> {
  const labels = new Map<Vertex, string>();
  for (const v of vertices) {
    const path = moduleOf(v.item);
    if (path === undefined) continue;
    const around = groups.filter((g) => g.members.has(v)).map((g) => g.path.length);
    const label = path.slice(Math.max(0, ...around));
    if (label !== '') labels.set(v, label);
  }
  return labels;
}

/** Paints a graph with its top left corner at 0, 0. */
export function paint(graph: Graph, names: Names, regions: RegionLabels): Painting {
  const { net, boxes, groups, width, height } = layOut(graph, names, regions);
  const svg = [
    ...groups.map(paintGroup),
    ...drawWires(net),
    ...groups.map(paintName),
    ...[...boxes].map(([v, box]) => paintBox(v, box)),
  ].join('\n');
  return { svg, width, height, kinds: new Set([...boxes.values()].map((box) => box.kind)) };
}

function paintGroup({ left, top, right, bottom }: Group): string {
  const size = `width="${at(right - left)}" height="${at(bottom - top)}"`;
  return `<rect class="module" x="${at(left)}" y="${at(top)}" ${size} rx="6"/>`;
}

function paintName({ path, left, top, right }: Group): string {
  const name = shorten(path, Math.max(4, Math.floor((right - left - 10) / 5.5)));
  return `<text class="tag mname" x="${at(left + 6)}" y="${at(top + 10)}">${escape(name)}</text>`;
}

function paintBox(v: Vertex, { kind, lines, width, height }: Box): string {
  const item = v.item as Item;
  const [left, top] = [v.x - width / 2, v.y - height / 2];
  const out = [
    `<g class="box"><title>${escape(tooltip(item))}</title>`,
    outline(kind, left, top, width, height),
  ];
  const contrast = kind === 'output' ? 'ontop' : '';
  const inset = kind === 'input' || kind === 'output' ? PAD_X + 5 : PAD_X;
  let y = top + 5;
  for (const line of lines) {
    y += lineHeight(line);
    const faint = contrast === '' ? 'quiet' : `${contrast} faint`;
    const style = { name: `name ${contrast}`, plain: contrast, quiet: faint }[line.style].trim();
    out.push(
      `<text x="${at(left + inset)}" y="${at(y - 3.5)}"${style === '' ? '' : ` class="${style}"`}>` +
        `${escape(line.text)}</text>`,
    );
    if (line.after === undefined || line.after === '') continue;
    out.push(
      `<text x="${at(left + width - inset)}" y="${at(y - 3.5)}" text-anchor="end" class="${faint}">` +
        `${escape(line.after)}</text>`,
    );
  }
  out.push('</g>');
  return out.join('');
}

/** Inputs are pills, outputs have cut corners, nodes are boxes. */
function outline(kind: Kind, x: number, y: number, width: number, height: number): string {
  if (kind === 'output') {
    const c = 8;
    return (
      `<path class="output" d="M${at(x + c)} ${at(y)}h${at(width - 2 * c)}l${c} ${c}v${at(height - 2 * c)}` +
      `l-${c} ${c}h-${at(width - 2 * c)}l-${c} -${c}v-${at(height - 2 * c)}z"/>`
    );
  }
  const rx = kind === 'input' ? height / 2 : 4;
  return `<rect class="${kind}" x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" rx="${at(rx)}"/>`;
}

/** All there is to say of an item. */
function tooltip({ kind, index, node, value }: Item): string {
  if (node === null) {
    return `${kind} ${index}: %${value?.id}: ${value === null ? '' : printType(value)}`;
  }
  const { line, module } = node.origin ?? {};
  return [
    printNode(node),
    ...(module ? [`module: ${module}`] : []),
    ...(line ? [`at: ${line}`] : []),
  ].join('\n');
}
