/**
 * Linear scan: homes in the order of their beginnings take a free register; where none is free, the
 * home with the least accesses for its length goes to memory, whole. What can be made again (a
 * constant, an argument) goes there for nothing.
 *
 * Source: M. Poletto, V. Sarkar, Linear scan register allocation, TOPLAS 21(5), 1999, section 4.
 */
import type { Class, Place } from './machine.ts';
import { type Home, type Homes, NEVER } from './share.ts';

/** Registers that values may take, best first. */
export type Registers = Readonly<Record<Class, readonly number[]>>;

export interface Allocation {
  /** Of each virtual register, by its id. */
  readonly places: readonly Place[];
  /** Bytes of the stack that spills take; a multiple of 64. */
  readonly stackBytes: number;
  /** General registers that are written. */
  readonly used: ReadonlySet<number>;
}

const VECTOR_SLOT = 64;

export function allocate(homes: Homes, registers: Registers): Allocation {
  const spills = new Spills();
  const used = new Set<number>();
  const byClass: Record<Class, Home[]> = { gp: [], vec: [], k: [] };
  for (let i = 0; i < homes.length; i++) byClass[homes[i].reg.class].push(homes[i]);
  for (const cls of ['gp', 'vec', 'k'] as const) {
    const order = byClass[cls].sort((a, b) => a.start - b.start);
    scan(order, registers[cls], spills, cls === 'gp' ? used : null);
  }
  const stackBytes = spills.place();
  const places: Place[] = [];
  for (let i = 0; i < homes.length; i++) {
    const { reg, members } = homes[i];
    const place = homes[i].place as Place;
    places[reg.id] = place;
    if (members === null) continue;
    for (let m = 0; m < members.length; m++) places[members[m].id] = place;
  }
  return { places, stackBytes, used };
}

interface Active {
  readonly home: Home;
  readonly number: number;
  readonly cost: number;
  readonly end: number;
}

/** Homes of one class in the order of their beginnings. */
function scan(
  homes: readonly Home[],
  registers: readonly number[],
  spills: Spills,
  used: Set<number> | null,
): void {
  const free = registers.toReversed();
  const active: Active[] = [];
  let nextEnd = NEVER;
  for (let i = 0; i < homes.length; i++) {
    const home = homes[i];
    const { start, end } = home;
    if (nextEnd <= start) nextEnd = expire(active, start, free);
    if (end <= start + 1 && isRemade(home)) {
      spills.add(home); // nobody reads it where it is
      continue;
    }
    const price = cost(home);
    if (free.length === 0) {
      const at = cheapest(active);
      if (active[at].cost >= price) {
        spills.add(home);
        continue;
      }
      const [worst] = active.splice(at, 1);
      spills.add(worst.home);
      free.push(worst.number);
    }
    const number = free.pop() as number;
    active.push({ home, number, cost: price, end });
    home.place = registerPlace(number);
    used?.add(number);
    if (end < nextEnd) nextEnd = end;
  }
}

/** Frees the registers of homes that end by a position; the next end. */
function expire(active: Active[], position: number, free: number[]): number {
  let nextEnd = NEVER;
  let kept = 0;
  for (let i = 0; i < active.length; i++) {
    const a = active[i];
    const { end } = a;
    if (end > position) {
      active[kept++] = a;
      if (end < nextEnd) nextEnd = end;
    } else {
      free.push(a.number);
    }
  }
  active.length = kept;
  return nextEnd;
}

function cheapest(active: readonly Active[]): number {
  let at = 0;
  let least = active[0].cost;
  for (let i = 1; i < active.length; i++) {
    const { cost } = active[i];
    if (cost >= least) continue;
    at = i;
    least = cost;
  }
  return at;
}

const registerPlaces: Place[] = [];

function registerPlace(number: number): Place {
  registerPlaces[number] ??= { kind: 'register', number };
  return registerPlaces[number];
}

/** Homes in memory: vectors first, at multiples of their size. */
class Spills {
  private readonly homes: Record<Class, Home[]> = { gp: [], vec: [], k: [] };

  add(home: Home): void {
    const { reg } = home;
    if (reg.remake !== undefined && isRemade(home)) home.place = reg.remake;
    else this.homes[reg.class].push(home);
  }

  /** Gives each its place; bytes of the whole. */
  place(): number {
    let offset = 0;
    const put = (homes: readonly Home[], bytes: number): void => {
      for (const home of homes) {
        home.place = { kind: 'stack', offset };
        offset += bytes;
      }
    };
    put(this.homes.vec, VECTOR_SLOT);
    put(this.homes.gp, 8);
    put(this.homes.k, 8);
    return Math.ceil(offset / 64) * 64;
  }
}

/** What it costs to have a home in memory: accesses for its length, a fraction where it is remade. */
function cost(home: Home): number {
  return (home.weight * (isRemade(home) ? 0.3 : 1)) / (home.end - home.start + 1);
}

const isRemade = ({ reg, members }: Home): boolean => members === null && reg.remake !== undefined;
