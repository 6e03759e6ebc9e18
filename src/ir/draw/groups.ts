/** Rectangles behind the boxes of a module, where these lie together. */
import type { Item } from './items.ts';
import type { Net, Vertex } from './net.ts';

/** A module's rectangle. */
export interface Group {
  readonly path: string;
  readonly members: ReadonlySet<Vertex>;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const PAD = 8;
/** Above, where the module's name stands. */
const PAD_TOP = 14;
const MOST_NESTED = 2;

/** The module's path of an item; none if it is no node or nobody knows. */
export const moduleOf = (item: Item | null): string | undefined =>
  item?.node?.origin?.module || undefined;

/**
 * The rectangles of a placed net, larger ones first: for each module the boxes that hang together,
 * if there are at least two and no other box lies between them.
 */
export function groupsOf(net: Net): Group[] {
  const boxes = net.vertices.filter((v) => v.item !== null);
  const paths = new Map<string, Vertex[]>();
  for (const v of boxes) {
    const path = moduleOf(v.item);
    if (path === undefined) continue;
    const parts = path.split('.');
    for (let n = 1; n <= parts.length; n++) {
      const prefix = parts.slice(0, n).join('.');
      const members = paths.get(prefix);
      if (members === undefined) paths.set(prefix, [v]);
      else members.push(v);
    }
  }
  const nodes = boxes.filter((v) => v.item?.kind === 'node').length;
  const groups: Group[] = [];
  const levels = new Map<Group, number>();
  // Deep paths first, so that the rectangle of a module goes around those of its parts.
  const deepFirst = [...paths].sort(
    ([a], [b]) => b.split('.').length - a.split('.').length || (a < b ? -1 : 1),
  );
  for (const [path, members] of deepFirst) {
    if (members.length < 2 || members.length === nodes) continue;
    for (const part of together(members)) {
      if (part.length < 2) continue;
      const set = new Set([...part, ...inputsOf(part)]);
      const inner = groups.filter((g) => [...g.members].every((v) => set.has(v)));
      if (inner.some((g) => g.members.size === set.size)) continue;
      const level = inner.reduce((n, g) => Math.max(n, (levels.get(g) ?? 0) + 1), 0);
      const group = around(path, set, inner);
      const clean = boxes.every((v) => set.has(v) || !overlap(group, boxRect(v)));
      const nested = groups.every((g) => inner.includes(g) || !overlap(group, g));
      if (!clean || !nested || level > MOST_NESTED) continue;
      groups.push(group);
      levels.set(group, level);
    }
  }
  return groups.reverse();
}

/** Members that links join directly, set by set. */
function together(members: readonly Vertex[]): Vertex[][] {
  const left = new Set(members);
  const parts: Vertex[][] = [];
  for (const start of members) {
    if (!left.delete(start)) continue;
    const part = [start];
    for (const v of part) {
      for (const w of [...v.up.map((l) => l.from), ...v.down.map((l) => l.to)]) {
        if (left.delete(w)) part.push(w);
      }
    }
    parts.push(part);
  }
  return parts;
}

/** Inputs (weights) that nothing outside of `part` uses and that do not lie above it. */
function inputsOf(part: readonly Vertex[]): Vertex[] {
  const set = new Set(part);
  const inputs = part
    .flatMap((v) => v.up.map((l) => l.from))
    .filter((v) => v.item?.kind === 'input');
  const first = part.reduce((least, v) => Math.min(least, v.layer), Number.POSITIVE_INFINITY);
  const beside = [...new Set(inputs)].filter((v) => v.layer >= first);
  return beside.filter((v) => v.down.every((l) => set.has(l.to)));
}

type Rect = Pick<Group, 'left' | 'top' | 'right' | 'bottom'>;

const boxRect = ({ x, y, width, height }: Vertex): Rect => ({
  left: x - width / 2,
  top: y - height / 2,
  right: x + width / 2,
  bottom: y + height / 2,
});

const overlap = (a: Rect, b: Rect): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

function around(path: string, members: ReadonlySet<Vertex>, inner: readonly Group[]): Group {
  const rects = [...[...members].map(boxRect), ...inner];
  return {
    path,
    members,
    left: Math.min(...rects.map((r) => r.left)) - PAD,
    top: Math.min(...rects.map((r) => r.top)) - PAD_TOP,
    right: Math.max(...rects.map((r) => r.right)) + PAD,
    bottom: Math.max(...rects.map((r) => r.bottom)) + PAD,
  };
}
