/**
 * One home for registers between which a value is only copied (a loop's accumulator is four: before,
 * during, next turn, after) where their lifetimes allow, innermost loops first.
 *
 * A home keeps the intervals in which it is taken in order. Of two homes the one of fewer pieces is
 * looked up and put into the other, so a piece moves a logarithm of times however long the chain.
 */
import type { Place, VReg } from './machine.ts';

/**
 * One place to be found, and when it is taken: that of a register from its first to its last
 * position, and of those that came to share it.
 */
export interface Home {
  readonly reg: VReg;
  /** Registers that share it, `reg` among them; null while it is alone. */
  members: VReg[] | null;
  /** First and last position. */
  start: number;
  end: number;
  /** How often it is read or written, by the depth of loops. */
  weight: number;
  /** The last loop that has noted it. */
  loop: number;
  /** Where it is, once `allocate.ts` has decided. */
  place: Place | null;
  /** Beginnings and ends of its pieces, in order, once it may get more than one. */
  starts: number[] | null;
  ends: number[] | null;
  /** The home that this one became part of. */
  into: Home | null;
}

/** Behind every position. */
export const NEVER = 2 ** 30 - 1;

export const homeOf = (reg: VReg): Home => ({
  reg,
  members: null,
  start: NEVER,
  end: -1,
  weight: 0,
  loop: 0,
  place: null,
  starts: null,
  ends: null,
  into: null,
});

export interface Copied {
  readonly from: VReg;
  readonly to: VReg;
  /** Loops around the copy. */
  readonly depth: number;
}

export type Homes = readonly Home[];

/** Merges the homes that copies connect, unless their lifetimes overlap. */
export function share(
  homes: Homes,
  byId: readonly (Home | undefined)[],
  copied: readonly Copied[],
): Homes {
  if (copied.length === 0) return homes;
  const order = innermostFirst(copied);
  for (let i = 0; i < order.length; i++) {
    const { from, to } = order[i];
    const a = rootOf(byId[from.id] as Home);
    const b = rootOf(byId[to.id] as Home);
    if (a !== b) merge(a, b);
  }
  return homes.filter((home) => home.into === null);
}

function innermostFirst(copied: readonly Copied[]): readonly Copied[] {
  let deepest = 0;
  for (let i = 0; i < copied.length; i++) deepest = Math.max(deepest, copied[i].depth);
  const levels: Copied[][] = Array.from({ length: deepest + 1 }, () => []);
  for (let i = 0; i < copied.length; i++) levels[deepest - copied[i].depth].push(copied[i]);
  return levels.flat();
}

function rootOf(home: Home): Home {
  let root = home;
  while (root.into !== null) root = root.into;
  for (let at = home; at.into !== null; ) {
    const next = at.into;
    at.into = root;
    at = next;
  }
  return root;
}

/** Makes `b` part of `a` if they are never taken at once. */
function merge(a: Home, b: Home): void {
  const aStarts = startsOf(a);
  const aEnds = endsOf(a);
  const bStarts = startsOf(b);
  const bEnds = endsOf(b);
  const less = aStarts.length < bStarts.length;
  const starts = less ? bStarts : aStarts;
  const ends = less ? bEnds : aEnds;
  const fewStarts = less ? aStarts : bStarts;
  const fewEnds = less ? aEnds : bEnds;
  const places: number[] = [];
  for (let i = 0; i < fewStarts.length; i++) {
    const at = firstAfter(ends, fewStarts[i]);
    if (at < starts.length && starts[at] < fewEnds[i]) return;
    places.push(at);
  }
  // From the last on, so that the places stay right.
  for (let i = places.length - 1; i >= 0; i--) {
    insert(starts, places[i], fewStarts[i]);
    insert(ends, places[i], fewEnds[i]);
  }
  a.members = together(less ? b : a, less ? a : b);
  a.starts = starts;
  a.ends = ends;
  if (b.start < a.start) a.start = b.start;
  if (b.end > a.end) a.end = b.end;
  a.weight += b.weight;
  b.into = a;
}

/** What is never assigned is never in anyone's way: it has no piece. */
function startsOf(home: Home): number[] {
  home.starts ??= home.start < home.end ? [home.start] : [];
  return home.starts;
}

function endsOf(home: Home): number[] {
  home.ends ??= home.start < home.end ? [home.end] : [];
  return home.ends;
}

function insert(list: number[], at: number, value: number): void {
  if (at === list.length) list.push(value);
  else list.splice(at, 0, value);
}

/** The members of both, in the list of the one that has more pieces. */
function together(many: Home, few: Home): VReg[] {
  const members = many.members ?? [many.reg];
  if (few.members === null) members.push(few.reg);
  else for (let i = 0; i < few.members.length; i++) members.push(few.members[i]);
  return members;
}

/** The first of the ends that lies behind a position. */
function firstAfter(ends: readonly number[], position: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
