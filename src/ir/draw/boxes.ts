/** What is written in a box, and how large that makes it. */
import type { GraphNode } from '../graph.ts';
import { printType } from '../print.ts';
import type { Item } from './items.ts';
import { type Kind, kindOf, shorten } from './style.ts';

/** A line of a box; `name` lines are larger. */
export interface Line {
  readonly text: string;
  readonly style: 'name' | 'plain' | 'quiet';
  /** Written quietly after the text: operands, the value's number. */
  readonly after?: string;
}

export interface Box {
  readonly kind: Kind;
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

/** Names that callers gave to the graph's inputs and outputs. */
export interface Names {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export const PAD_X = 9;
const PAD_Y = 5;
const MOST_LETTERS = 34;
const MOST_TYPES = 3;
/** Of attributes. */
const MOST_LINES = 2;
/** Widths are estimates on the safe side: a picture is made without a font at hand. */
const MONO = 6.1;
const BOLD = 7.5;

export const lineHeight = ({ style }: Line): number => (style === 'name' ? 15 : 12.5);

const widthOf = ({ text, style, after = '' }: Line): number =>
  text.length * (style === 'name' ? BOLD : MONO) + (after === '' ? 0 : after.length * MONO + 8);

/** The box of an item; `module` is written in it unless undefined, `regions` are their labels. */
export function boxOf(
  item: Item,
  names: Names,
  module: string | undefined,
  regions: readonly string[],
): Box {
  const lines =
    item.node === null ? endLines(item, names) : nodeLines(item, item.node, names, regions);
  if (module !== undefined) lines.push({ text: last(module), style: 'quiet' });
  const width = Math.ceil(Math.max(44, ...lines.map(widthOf)) + 2 * PAD_X);
  const height = lines.reduce((sum, line) => sum + lineHeight(line), 2 * PAD_Y);
  const kind = item.node === null ? (item.kind as Kind) : kindOf(item.node);
  const round = kind === 'input' || kind === 'output' ? 10 : 0;
  return { kind, lines, width: width + round, height };
}

function endLines(item: Item, names: Names): Line[] {
  const { kind, index, value } = item;
  const given = (kind === 'input' ? names.inputs : names.outputs)[index];
  const type = value === null ? '' : shorten(printType(value), MOST_LETTERS);
  const text = shorten(given ?? (kind === 'input' ? `%${value?.id}` : 'output'), MOST_LETTERS);
  const id = kind === 'input' && given === undefined ? '' : `%${value?.id}`;
  return [
    { text, style: 'name', after: id },
    { text: type, style: 'plain' },
  ];
}

function nodeLines(
  item: Item,
  { def, attrs, inputs, outputs }: GraphNode,
  names: Names,
  regions: readonly string[],
): Line[] {
  const drawn = new Set(
    item.operands.map((wire, i) =>
      wire?.uses.some((u) => u.item === item && u.operand === i) ? i : -1,
    ),
  );
  const written = inputs.map((x, i) =>
    typeof x === 'number' ? number(x) : drawn.has(i) ? '·' : nameOf(item, i, names),
  );
  const operands = written.some((text) => text !== '·') ? `(${written.join(', ')})` : '';
  const types = outputs.map((v) => shorten(printType(v), MOST_LETTERS));
  const more = types.length - MOST_TYPES;
  const some = more > 1 ? types.slice(0, MOST_TYPES).concat(`and ${more} more`) : types;
  const of = attributes(attrs ?? {}, outputs);
  const ids = outputs.length > 2 ? `%${outputs[0].id}…` : outputs.map((v) => `%${v.id}`).join(' ');
  return [
    {
      text: shorten(def.name, MOST_LETTERS),
      style: 'name',
      after: `${shorten(operands, MOST_LETTERS)} ${ids}`.trim(),
    },
    ...of.map((text) => ({ text, style: 'quiet' }) as const),
    ...some.map((text) => ({ text, style: 'plain' }) as const),
    ...regions.map(
      (text) => ({ text: `↻ ${shorten(text, MOST_LETTERS)}`, style: 'quiet' }) as const,
    ),
  ];
}

/** How a box names an operand whose wire is not drawn. */
function nameOf(item: Item, operand: number, { inputs }: Names): string {
  const wire = item.operands[operand];
  const given = wire?.source.kind === 'input' ? inputs[wire.source.index] : undefined;
  const value = item.node?.inputs[operand];
  return given ?? (typeof value === 'object' ? `%${value.id}` : '?');
}

/** Values that say nothing: what an op does when it is not told otherwise. */
const USUAL: Readonly<Record<string, string>> = {
  padding: '0',
  stride: '1',
  dilation: '1',
  groups: '1',
};

/** Attributes of two dimensions that one number tells if they are equal. */
const PAIRS = new Set(['kernel', 'kernelSize', ...Object.keys(USUAL)]);

/** Attributes without those that are off, usual, or to be seen in the result's type. */
function attributes(attrs: object, outputs: GraphNode['outputs']): string[] {
  const parts: string[] = [];
  for (const [key, v] of Object.entries(attrs)) {
    if (key === 'attrId' || v === undefined || v === null || v === false) continue;
    const text = short(v, PAIRS.has(key));
    if (USUAL[key] === text || outputs.some((o) => o.dtype === v)) continue;
    if (key === 'shape' && outputs.some((o) => short(o.shape) === text)) continue;
    parts.push(v === true ? key : `${key} ${text}`);
  }
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? '' : `${lines[lines.length - 1]}, ${part}`;
    if (longer !== '' && longer.length <= MOST_LETTERS) lines[lines.length - 1] = longer;
    else lines.push(shorten(part, MOST_LETTERS));
  }
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]}, …`];
}

function short(v: unknown, merge = false): string {
  if (Array.isArray(v)) {
    const each = v.map((x) => short(x, merge));
    const same = merge && each.length > 1 && each.every((x) => x === each[0]);
    return same ? each[0] : `[${each.join(',')}]`;
  }
  if (typeof v === 'number') return number(v);
  return typeof v === 'object' && v !== null ? JSON.stringify(v) : String(v);
}

const number = (x: number): string =>
  Object.is(x, -0) ? '-0' : Number.isFinite(x) ? String(Number(x.toPrecision(6))) : String(x);

/** The end of a module's path: what tells it from its neighbours. */
const last = (path: string): string =>
  path.length <= MOST_LETTERS ? path : `…${path.slice(1 - MOST_LETTERS)}`;
