/**
 * One home for registers between which a value is only copied (a loop's accumulator is four: before,
 * during, next turn, after) where their lifetimes allow, innermost loops first.
 *
 * A home keeps the intervals in which it is taken in order. Of two homes the one of fewer pieces is
 * looked up and put into the other, so a piece moves a logarithm of times however long the chain.
 */
import type { Place, VReg } from './machine.ts';

/** When a register holds what is still read: from its first to its last position. */
export interface Life {
  readonly reg: VReg;
  start: number;
  end: number;
  /** How often it is read or written, by the depth of loops. */
  weight: number;
  /** The last loop that has noted it. */
  loop: number;
}

export interface Copied {
  readonly from: VReg;
  readonly to: VReg;
  /** Loops around the copy. */
  readonly depth: number;
}

/** One place to be found: registers that share it, and when it is taken. */
export interface Home {
  members: VReg[];
  /** First and last position. */
  start: number;
  end: number;
  /** How often it is read or written, by the depth of loops. */
  weight: number;
  /** Where it is, once `allocate.ts` has decided. */
  place: Place | null;
}

export type Homes = readonly Home[];

interface Growing extends Home {
  /** Beginnings and ends of the pieces, in order. */
  starts: number[];
  ends: number[];
  /** The home that this one became part of. */
  into: Growing | null;
}

/** Merges the homes that copies connect, unless their lifetimes overlap. */
export function share(lives: readonly Life[], copied: readonly Copied[]): Homes {
  const homes: Growing[] = [];
  const byId: Growing[] = [];
  for (const { reg, start, end, weight } of lives) {
    // What is never assigned is never in anyone's way.
    const taken = start < end;
    const home: Growing = {
      members: [reg],
      start,
      end,
      weight,
      place: null,
      starts: taken ? [start] : [],
      ends: taken ? [end] : [],
      into: null,
    };
    homes.push(home);
    byId[reg.id] = home;
  }
  for (const { from, to } of innermostFirst(copied)) {
    const a = rootOf(byId[from.id]);
    const b = rootOf(byId[to.id]);
    if (a !== b) merge(a, b);
  }
  return homes.filter((home) => home.into === null);
}

function innermostFirst(copied: readonly Copied[]): readonly Copied[] {
  let deepest = 0;
  for (const { depth } of copied) if (depth > deepest) deepest = depth;
  const levels: Copied[][] = Array.from({ length: deepest + 1 }, () => []);
  for (const c of copied) levels[deepest - c.depth].push(c);
  return levels.flat();
}

function rootOf(home: Growing): Growing {
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
function merge(a: Growing, b: Growing): void {
  const [few, many] = a.starts.length < b.starts.length ? [a, b] : [b, a];
  const places: number[] = [];
  for (let i = 0; i < few.starts.length; i++) {
    const at = firstEndingAfter(many, few.starts[i]);
    if (at < many.starts.length && many.starts[at] < few.ends[i]) return;
    places.push(at);
  }
  // From the last on, so that the places stay right.
  for (let i = places.length - 1; i >= 0; i--) {
    many.starts.splice(places[i], 0, few.starts[i]);
    many.ends.splice(places[i], 0, few.ends[i]);
  }
  for (const reg of few.members) many.members.push(reg);
  a.members = many.members;
  a.starts = many.starts;
  a.ends = many.ends;
  a.start = Math.min(a.start, b.start);
  a.end = Math.max(a.end, b.end);
  a.weight += b.weight;
  b.into = a;
}

/** The first piece that ends after a position. */
function firstEndingAfter({ ends }: Growing, position: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
