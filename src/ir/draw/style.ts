/** Colours, letters and escaping. */
import type { GraphNode } from '../graph.ts';

/** What kinds of box there are, and what the legend calls them. */
export const KINDS = {
  input: 'input',
  product: 'matrix product, convolution',
  element: 'element by element',
  reduce: 'reduction',
  move: 'gather, scatter, assembly',
  view: 'view',
  composite: 'composite',
  output: 'output',
} as const;

export type Kind = keyof typeof KINDS;

/** The kind of box that an op gets, by how it is lowered. */
export function kindOf({ def }: GraphNode): Kind {
  switch (def.lower?.kind) {
    case undefined:
    case 'regions':
      return 'composite';
    case 'gemm':
    case 'conv':
      return 'product';
    case 'element':
      return 'element';
    case 'reduce':
    case 'maxWindow':
      return 'reduce';
    case 'view':
      return 'view';
    default:
      return 'move';
  }
}

/** Fill and stroke of each kind, on light ground and on dark. */
const FILLS: Record<Kind, readonly [string, string, string, string]> = {
  input: ['#f3f4f6', '#6b7280', '#374151', '#9ca3af'],
  product: ['#dbeafe', '#2563eb', '#1e3a70', '#60a5fa'],
  element: ['#dcfce7', '#16a34a', '#14432a', '#4ade80'],
  reduce: ['#ffedd5', '#ea7317', '#54300f', '#fb923c'],
  move: ['#fce7f3', '#db2777', '#561b3b', '#f472b6'],
  view: ['#ffffff', '#9ca3af', '#1f2937', '#6b7280'],
  composite: ['#ede9fe', '#7c3aed', '#3b2670', '#a78bfa'],
  output: ['#374151', '#111827', '#e5e7eb', '#f9fafb'],
};

/** Far wires take these in turn, so that neighbours can be told apart. */
const FAR = [
  ['#3b82c4', '#7cb7ea'],
  ['#b7791f', '#e0b062'],
  ['#3f8f5f', '#7cc79a'],
  ['#a3529b', '#d795d0'],
  ['#c2573f', '#ee9a86'],
  ['#5b6bb5', '#a3aff0'],
] as const;

export const FAR_COLOURS = FAR.length;

const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** The style sheet; every selector begins with the picture's class, so nothing else is touched. */
export function styleSheet(): string {
  const kinds = Object.keys(KINDS) as Kind[];
  const theme = (dark: 0 | 1): string[] => {
    const [ground, ink, quiet, edge, module] = dark
      ? ['#0f141b', '#e6edf3', '#9aa4b0', '#6e7a88', '#8b98a8']
      : ['#ffffff', '#1f2328', '#646d78', '#98a1ad', '#64748b'];
    return [
      `.gg .ground { fill: ${ground} }`,
      `.gg text { fill: ${ink} } .gg .quiet { fill: ${quiet} }`,
      `.gg .wire { stroke: ${edge} } .gg .tip { fill: ${edge} }`,
      `.gg .tag { fill: ${quiet}; stroke: ${ground} }`,
      `.gg .module { fill: ${module}; stroke: ${module} }`,
      `.gg .region { stroke: ${edge} }`,
      ...kinds.map((k) => {
        const [fill, stroke] = FILLS[k].slice(2 * dark);
        return `.gg .${k} { fill: ${fill}; stroke: ${stroke} }`;
      }),
      ...FAR.map((c, i) => `.gg .far${i} { stroke: ${c[dark]} }`),
      `.gg .ontop { fill: ${dark ? '#111827' : '#f9fafb'} }`,
      `.gg .ontop.faint { fill: ${dark ? '#4b5563' : '#d1d5db'} }`,
    ];
  };
  return [
    '.gg text { font: 10px ' + MONO + ' }',
    '.gg .name { font: 600 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }',
    '.gg .title { font: 600 15px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }',
    '.gg .legend { font: 11px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }',
    '.gg .wire { fill: none; stroke-width: 1.2 } .gg .far { stroke-width: 1.1; opacity: 0.85 }',
    '.gg .tag { font-size: 8px; stroke-width: 3; paint-order: stroke; stroke-linejoin: round }',
    '.gg .module { fill-opacity: 0.07; stroke-opacity: 0.35; stroke-dasharray: 3 3 }',
    '.gg .mname { font-size: 9px } .gg .region { fill: none; stroke-dasharray: 6 4 }',
    ...theme(0),
    '@media (prefers-color-scheme: dark) {',
    ...theme(1),
    '}',
  ].join('\n');
}

/** Text that XML takes as text; control characters, which it forbids, become question marks. */
export const escape = (text: string): string =>
  text
    .replace(/[^\t\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
    .replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A coordinate, to a tenth. */
export const at = (v: number): string => String(Math.round(v * 10) / 10);

/** `text`, or its beginning and an ellipsis. */
export const shorten = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
