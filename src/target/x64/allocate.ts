/**
 * Linear scan: homes in the order of their beginnings take a free register; where none is free, the
 * home with the least accesses for its length goes to memory, whole. What can be made again (a
 * constant, an argument) goes there for nothing.
 *
 * Source: M. Poletto, V. Sarkar, Linear scan register allocation, TOPLAS 21(5), 1999, section 4.
 */
import type { Home, Lifetimes } from './liveness.ts';
import type { Class, Remake, VReg } from './machine.ts';

/** Where a register's value lies. */
export type Place =
  | { readonly kind: 'register'; readonly number: number }
  /** Bytes from the stack pointer. */
  | { readonly kind: 'stack'; readonly offset: number }
  | Remake;

/** Registers that values may take, best first. */
export type Registers = Readonly<Record<Class, readonly number[]>>;

export interface Allocation {
  readonly placeOf: (reg: VReg) => Place;
  /** Bytes of the stack that spills take; a multiple of 64. */
  readonly stackBytes: number;
  /** General registers that are written. */
  readonly used: ReadonlySet<number>;
}

const VECTOR_SLOT = 64;

export function allocate(lifetimes: Lifetimes, registers: Registers): Allocation {
  const places = new Map<Home, Place>();
  const used = new Set<number>();
  // Vectors first, at multiples of their size.
  const spilled: Record<Class, number> = { gp: 0, vec: 0, k: 0 };
  const memory: { home: Home; class: Class; nth: number }[] = [];
  const toMemory = (home: Home): void => {
    const [first] = home.members;
    if (first.remake !== undefined && isRemade(home)) {
      places.set(home, first.remake);
      return;
    }
    memory.push({ home, class: first.class, nth: spilled[first.class]++ });
  };

  for (const cls of ['gp', 'vec', 'k'] as const) {
    const free = [...registers[cls]].reverse();
    let active: { home: Home; number: number }[] = [];
    const homes = lifetimes.homes.filter((h) => h.members[0].class === cls);
    for (const home of homes.toSorted((a, b) => a.start - b.start)) {
      active = active.filter((a) => {
        if (a.home.end > home.start) return true;
        free.push(a.number);
        return false;
      });
      if (home.end <= home.start + 1 && isRemade(home)) {
        toMemory(home); // nobody reads it where it is
        continue;
      }
      if (free.length === 0) {
        const worst = active.reduce((a, b) => (cost(b.home) < cost(a.home) ? b : a));
        if (cost(worst.home) >= cost(home)) {
          toMemory(home);
          continue;
        }
        places.delete(worst.home);
        toMemory(worst.home);
        active = active.filter((a) => a !== worst);
        free.push(worst.number);
      }
      const number = free.pop() as number;
      active.push({ home, number });
      places.set(home, { kind: 'register', number });
      if (cls === 'gp') used.add(number);
    }
  }

  const vectorBytes = spilled.vec * VECTOR_SLOT;
  for (const { home, class: cls, nth } of memory) {
    const offset =
      cls === 'vec' ? nth * VECTOR_SLOT : vectorBytes + 8 * (cls === 'gp' ? nth : spilled.gp + nth);
    places.set(home, { kind: 'stack', offset });
  }
  const bytes = vectorBytes + 8 * (spilled.gp + spilled.k);
  return {
    placeOf: (reg) => places.get(lifetimes.homeOf.get(reg) as Home) as Place,
    stackBytes: Math.ceil(bytes / 64) * 64,
    used,
  };
}

/** What it costs to have a home in memory: accesses for its length, a fraction where it is remade. */
function cost(home: Home): number {
  return (home.weight * (isRemade(home) ? 0.3 : 1)) / (home.end - home.start + 1);
}

const isRemade = ({ members }: Home): boolean =>
  members.length === 1 && members[0].remake !== undefined;
