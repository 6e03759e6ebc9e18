/**
 * Lifetimes of virtual registers as one interval each, over positions in the order of emission: an
 * instruction at position p reads at 2p and writes at 2p + 1. What is read inside a loop and
 * assigned before it lives to the loop's end. `share.ts` then gives one home to what is only copied.
 */
import type { Copy, MemUse, MInst, MLoop, MNode, VReg } from './machine.ts';
import { type Copied, type Home, type Homes, homeOf, share } from './share.ts';

/** One more loop around an access makes it so many times as frequent. */
const LOOP_WEIGHT = 8;

export function measure(body: readonly MNode[]): Homes {
  const meter = new Meter();
  meter.block(body);
  return share(meter.homes, meter.byId, meter.copied);
}

class Meter {
  /** In the order in which registers are met. */
  readonly homes: Home[] = [];
  readonly copied: Copied[] = [];
  readonly byId: (Home | undefined)[] = [];
  /** What is read inside each open loop; a home may stand there twice. */
  private readonly open: Home[][] = [];
  private position = 0;
  private weight = 1;
  /** Number of the innermost loop, and of loops so far. */
  private current = 0;
  private loops = 0;

  block(nodes: readonly MNode[]): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
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
    const { def, tied, operands } = inst;
    if (tied !== undefined) this.read(tied, at);
    // The result starts as a copy of what it is tied to, while the other operands are still read.
    const late = tied === undefined ? at : at + 2;
    for (let i = 0; i < operands.length; i++) {
      const o = operands[i];
      if (typeof o !== 'object') continue;
      if (o.kind === 'mem') this.address(o, late);
      else if (i > 0 || def === null) this.read(o.reg, late);
      if (o.mask !== undefined) this.read(o.mask, late);
    }
    if (def === null) return;
    this.write(def, at + 1);
    if (tied !== undefined) this.join(tied, def);
  }

  private address({ base, index }: MemUse, at: number): void {
    if (typeof base === 'object' && 'class' in base) this.read(base, at);
    if (index !== undefined) this.read(index, at);
  }

  private copies(list: readonly Copy[]): void {
    const at = 2 * ++this.position;
    for (let i = 0; i < list.length; i++) this.read(list[i].from, at);
    for (let i = 0; i < list.length; i++) {
      const { from, to } = list[i];
      this.write(to, at + 1);
      this.join(from, to);
    }
  }

  private loop(node: MLoop): void {
    if (typeof node.to !== 'number') this.read(node.to, 2 * (this.position + 1));
    this.copies(node.entry);
    const entry = 2 * this.position + 1;
    const outer = this.current;
    const inside: Home[] = [];
    this.open.push(inside);
    this.current = ++this.loops;
    this.weight *= LOOP_WEIGHT;
    this.block(node.body);
    const turn = 2 * ++this.position;
    const copies = node.turn;
    for (let i = 0; i < copies.length; i++) this.read(copies[i].from, turn);
    for (let i = 0; i < copies.length; i++) {
      const { from, to } = copies[i];
      this.touch(to);
      this.join(from, to);
    }
    // The index is counted and compared after the copies.
    this.read(node.index, turn + 1);
    if (typeof node.to !== 'number') this.read(node.to, turn + 1);
    this.open.pop();
    this.current = outer;
    this.weight /= LOOP_WEIGHT;
    for (let i = 0; i < inside.length; i++) {
      const home = inside[i];
      if (home.start >= entry) continue;
      if (turn + 1 > home.end) home.end = turn + 1;
      this.keep(home);
    }
    // Nothing lies between the last turn's copies and these: what was carried need not live until here,
    // and whatever else lives at a turn's end lived at the entry too, where the two already meet.
    const exit = 2 * ++this.position;
    for (let i = 0; i < node.exit.length; i++) {
      const { from, to } = node.exit[i];
      this.touch(from);
      this.write(to, exit + 1);
      this.join(from, to);
    }
  }

  private home(reg: VReg): Home {
    let home = this.byId[reg.id];
    if (home === undefined) {
      home = homeOf(reg);
      this.byId[reg.id] = home;
      this.homes.push(home);
    }
    return home;
  }

  private read(reg: VReg, at: number): void {
    const home = this.byId[reg.id] ?? this.home(reg);
    if (at > home.end) home.end = at;
    home.weight += this.weight;
    if (this.current !== 0) this.keep(home);
  }

  /** Notes what is read inside the innermost loop. */
  private keep(home: Home): void {
    if (this.current === 0 || home.loop === this.current) return;
    home.loop = this.current;
    this.open[this.open.length - 1].push(home);
  }

  private write(reg: VReg, at: number): void {
    const home = this.byId[reg.id] ?? this.home(reg);
    if (at < home.start) home.start = at;
    if (at + 1 > home.end) home.end = at + 1;
    home.weight += this.weight;
  }

  private touch(reg: VReg): void {
    this.home(reg).weight += this.weight;
  }

  private join(from: VReg, to: VReg): void {
    // What can be made again has no home of its own to keep.
    if (from.class === to.class && from.remake === undefined) {
      this.copied.push({ from, to, depth: this.open.length });
    }
  }
}
