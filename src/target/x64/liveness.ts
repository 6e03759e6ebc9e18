/**
 * Lifetimes of virtual registers as one interval each, over positions in the order of emission: an
 * instruction at position p reads at 2p and writes at 2p + 1. What is read inside a loop and
 * assigned before it lives to the loop's end.
 *
 * Registers between which a value is only copied (a loop's accumulator is four: before, during, next
 * turn, after) get one home where their lifetimes allow, innermost loops first.
 */
import { type Copy, type MInst, type MLoop, type MNode, readsOf, type VReg } from './machine.ts';

/** One place to be found: registers that share it, and when it is taken. */
export interface Home {
  readonly members: VReg[];
  /** First and last position. */
  start: number;
  end: number;
  /** How often it is read or written, by the depth of loops. */
  weight: number;
}

export interface Lifetimes {
  readonly homes: readonly Home[];
  readonly homeOf: ReadonlyMap<VReg, Home>;
}

/** One more loop around an access makes it so many times as frequent. */
const LOOP_WEIGHT = 8;

interface Life {
  readonly reg: VReg;
  start: number;
  end: number;
  weight: number;
}

interface Joined {
  readonly from: VReg;
  readonly to: VReg;
  readonly depth: number;
}

export function measure(body: readonly MNode[]): Lifetimes {
  const meter = new Meter();
  meter.block(body);
  return share(meter.lives, meter.joined);
}

class Meter {
  readonly lives = new Map<VReg, Life>();
  readonly joined: Joined[] = [];
  /** Registers read inside each open loop. */
  private readonly open: Set<VReg>[] = [];
  private position = 0;

  block(nodes: readonly MNode[]): void {
    for (const node of nodes) {
      if (node.kind === 'inst') this.inst(node);
      else if (node.kind === 'loop') this.loop(node);
      else {
        this.inst(node.test);
        this.block(node.then);
        this.copies(node.thenCopies);
        this.block(node.else);
        this.copies(node.elseCopies);
      }
    }
  }

  private inst(inst: MInst): void {
    const at = 2 * ++this.position;
    for (const reg of readsOf(inst)) {
      // The result starts as a copy of what it is tied to, while the other operands are still read.
      this.read(reg, inst.tied === undefined || reg === inst.tied ? at : at + 2);
    }
    if (inst.tied !== undefined) {
      // Another operand may be the tied one itself.
      const [, ...others] = readsOf(inst);
      if (others.includes(inst.tied)) this.read(inst.tied, at + 2);
    }
    if (inst.def === null) return;
    this.write(inst.def, at + 1);
    if (inst.tied !== undefined) this.join(inst.tied, inst.def);
  }

  private copies(list: readonly Copy[]): void {
    const at = 2 * ++this.position;
    for (const { from } of list) this.read(from, at);
    for (const { from, to } of list) {
      this.write(to, at + 1);
      this.join(from, to);
    }
  }

  private loop(node: MLoop): void {
    if (typeof node.to !== 'number') this.read(node.to, 2 * (this.position + 1));
    this.copies(node.entry);
    const entry = 2 * this.position + 1;
    this.open.push(new Set());
    this.block(node.body);
    const turn = 2 * ++this.position;
    for (const { from } of node.turn) {
      this.read(from, turn);
    }
    for (const { from, to } of node.turn) {
      this.touch(to);
      this.join(from, to);
    }
    // The index is counted and compared after the copies.
    this.read(node.index, turn + 1);
    if (typeof node.to !== 'number') this.read(node.to, turn + 1);
    const inside = this.open.pop() ?? new Set();
    for (const reg of inside) {
      const life = this.life(reg);
      if (life.start >= entry) continue;
      life.end = Math.max(life.end, turn + 1);
      this.open.at(-1)?.add(reg);
    }
    // Nothing lies between the last turn's copies and these: what was carried need not live until here,
    // and whatever else lives at a turn's end lived at the entry too, where the two already meet.
    const exit = 2 * ++this.position;
    for (const { from, to } of node.exit) {
      this.touch(from);
      this.write(to, exit + 1);
      this.join(from, to);
    }
  }

  private life(reg: VReg): Life {
    let life = this.lives.get(reg);
    if (life === undefined) {
      life = { reg, start: Number.POSITIVE_INFINITY, end: -1, weight: 0 };
      this.lives.set(reg, life);
    }
    return life;
  }

  private read(reg: VReg, at: number): void {
    const life = this.life(reg);
    life.end = Math.max(life.end, at);
    this.touch(reg);
    this.open.at(-1)?.add(reg);
  }

  private write(reg: VReg, at: number): void {
    const life = this.life(reg);
    life.start = Math.min(life.start, at);
    life.end = Math.max(life.end, at + 1);
    this.touch(reg);
  }

  private touch(reg: VReg): void {
    this.life(reg).weight += LOOP_WEIGHT ** this.open.length;
  }

  private join(from: VReg, to: VReg): void {
    // What can be made again has no home of its own to keep.
    if (from.class === to.class && from.remake === undefined) {
      this.joined.push({ from, to, depth: this.open.length });
    }
  }
}

/** Merges the homes that copies connect, unless their lifetimes overlap. */
function share(lives: ReadonlyMap<VReg, Life>, joined: readonly Joined[]): Lifetimes {
  const homeOf = new Map<VReg, Home>();
  const taken = new Map<Home, Life[]>();
  for (const life of lives.values()) {
    const { reg, start, end, weight } = life;
    const home: Home = { members: [reg], start, end, weight };
    homeOf.set(reg, home);
    taken.set(home, [life]);
  }
  const meet = (a: Life, b: Life): boolean => a.start < b.end && b.start < a.end;
  for (const { from, to } of joined.toSorted((a, b) => b.depth - a.depth)) {
    const a = homeOf.get(from) as Home;
    const b = homeOf.get(to) as Home;
    if (a === b) continue;
    const [x, y] = [taken.get(a) as Life[], taken.get(b) as Life[]];
    if (x.some((p) => y.some((q) => meet(p, q)))) continue;
    for (const reg of b.members) homeOf.set(reg, a);
    a.members.push(...b.members);
    a.start = Math.min(a.start, b.start);
    a.end = Math.max(a.end, b.end);
    a.weight += b.weight;
    x.push(...y);
    taken.delete(b);
  }
  return { homes: [...taken.keys()], homeOf };
}
