/** Op graphs as SVG pictures. */
import type { Graph } from '../graph.ts';
import { paint } from './paint.ts';
import { at, escape, KINDS, type Kind, shorten, styleSheet } from './style.ts';

/** How {@link graphToSvg} draws. */
export interface GraphSvgOptions {
  /** Stands at the top; the graph's name if left out. */
  readonly title?: string | undefined;
  /** Names of the graph's inputs, in order (`['x', 'w']`); others are called by number. */
  readonly inputNames?: readonly string[] | undefined;
  /** Names of what the graph returns, in order. */
  readonly outputNames?: readonly string[] | undefined;
}

const MARGIN = 24;
const HEAD = 58;
const BETWEEN_REGIONS = 56;
const LEGEND_WIDTHS = 6.4;

/**
 * A graph as an SVG picture, top to bottom: a box for each node with its op, its attributes and the
 * type of its result, coloured by what kind of work it is; pills for the inputs; dark boxes for what
 * it returns; rectangles behind the nodes of a module where these lie together. Numbers among
 * operands stand in the box, and so do the names of values whose wires would be too long to follow.
 * The subgraphs of nodes (bodies of loops) are drawn below, each once, under the label that stands
 * in the box. The whole node and its source line are the tooltip of its box.
 *
 * Follows light and dark mode; equal graphs give equal pictures. The graph has to be one (as
 * `verifyGraph` checks). Throws nothing.
 *
 * @example
 * const graph = record('double', (x) => add(x, x), [{ shape: [3], dtype: 'float32' }], 'cpu');
 * writeFileSync('graph.svg', graphToSvg(graph, { inputNames: ['x'] }));
 */
export function graphToSvg(graph: Graph, options: GraphSvgOptions = {}): string {
  const regions = regionsOf(graph);
  const label = (g: Graph): string => `${shorten(g.name, 24)} #${regions.indexOf(g) + 1}`;
  const kinds = new Set<Kind>();
  const parts: string[] = [];
  let width = 0;
  let y = HEAD;
  for (const [i, g] of [graph, ...regions].entries()) {
    const names = {
      inputs: i === 0 ? (options.inputNames ?? []) : [],
      outputs: i === 0 ? (options.outputNames ?? []) : [],
    };
    const p = paint(g, names, ({ node }) => node?.regions.map(label) ?? []);
    for (const kind of p.kinds) kinds.add(kind);
    const inset = i === 0 ? 0 : 16;
    if (i > 0) {
      y += BETWEEN_REGIONS;
      const caption = `↻ ${label(g)}`;
      const w = Math.max(p.width, caption.length * 8);
      parts.push(
        `<rect class="region" x="${MARGIN}" y="${at(y - 30)}" width="${at(w + 2 * inset)}" height="${at(p.height + 46)}" rx="8"/>`,
        `<text class="name" x="${MARGIN + inset}" y="${at(y - 12)}">${escape(caption)}</text>`,
      );
      width = Math.max(width, w + 2 * inset);
    }
    parts.push(`<g transform="translate(${MARGIN + inset} ${at(y)})">`, p.svg, '</g>');
    width = Math.max(width, p.width + 2 * inset);
    y += p.height + (i === 0 ? 0 : 16);
  }
  const head = header(options.title ?? graph.name, graph, kinds, width);
  const [w, h] = [Math.ceil(head.width + 2 * MARGIN), Math.ceil(y + MARGIN)];
  return `<svg xmlns="http://www.w3.org/2000/svg" class="gg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img">
<style>
${styleSheet()}
</style>
<rect class="ground" width="100%" height="100%"/>
${head.svg}
${parts.join('\n')}
</svg>
`;
}

/** The regions of a graph's nodes and theirs, each once. */
function regionsOf(graph: Graph): Graph[] {
  const found = [graph];
  for (const g of found) {
    for (const region of g.nodes.flatMap((node) => node.regions)) {
      if (!found.includes(region)) found.push(region);
    }
  }
  return found.slice(1);
}

/** Title, counts and legend. */
function header(
  title: string,
  { nodes, inputs, outputs }: Graph,
  kinds: ReadonlySet<Kind>,
  width: number,
): { svg: string; width: number } {
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
  const name = shorten(title, 60);
  const counts = [
    count(nodes.length, 'node'),
    count(inputs.length, 'input'),
    count(outputs.length, 'output'),
  ].join(', ');
  const out = [
    `<text class="title" x="${MARGIN}" y="25">${escape(name)}</text>`,
    `<text class="legend quiet" x="${at(MARGIN + name.length * 9 + 12)}" y="25">${counts}</text>`,
  ];
  let x = MARGIN;
  for (const kind of Object.keys(KINDS) as Kind[]) {
    if (!kinds.has(kind)) continue;
    out.push(
      `<rect class="${kind}" x="${at(x)}" y="36" width="14" height="10" rx="${kind === 'input' ? 5 : 2}"/>`,
      `<text class="legend quiet" x="${at(x + 19)}" y="45">${KINDS[kind]}</text>`,
    );
    x += 19 + KINDS[kind].length * LEGEND_WIDTHS + 12;
  }
  const right = Math.max(x - MARGIN, name.length * 9 + 12 + counts.length * 6);
  return { svg: out.join('\n'), width: Math.max(width, right) };
}
