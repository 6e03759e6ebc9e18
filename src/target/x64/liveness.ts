/**
 * Lifetimes of virtual registers as one interval each, over positions in the order of emission: an
 * instruction at position p reads at 2p and writes at 2p + 1. What is read inside a loop and
 * assigned before it lives to the loop's end. `share.ts` then gives one home to what is only copied.
 */
import type { Copy, MInst, MLoop, MNode, VReg } from './machine.ts';
import { type Copied, type Homes, type Life, share } from './share.ts';

/** One more loop around an access makes it so many times as frequent. */
const LOOP_WEIGHT = 8;

export function measure(body: readonly MNode[]): Homes {
  const meter = new Meter();
  meter.block(body);
  return share(meter.lives, meter.copied);
}

class Meter {
  /** In the order in which registers are met. */
  readonly lives: Life[] = [];
  readonly copied: Copied[] = [];
  private readonly byId: (Life | undefined)[] = [];
  /** What is read inside each open loop; a life may stand there twice. */
  private readonly open: Life[][] = [];
  private position = 0;
  private weight = 1;
  /** Number of the innermost loop, and of loops so far. */
  private current = 0;
  private loops = 0;

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
    const { def, tied, operands } = inst;
    // The result starts as a copy of what it is tied to, while the other operands are still read.
    const late = tied === undefined ? at : at + 2;
    if (tied !== undefined) this.read(tied, at);
    // Another operand may be the tied one itself.
    let again = false;
    const operand = (reg: VReg): void => {
      if (reg === tied) again = true;
      this.read(reg, reg === tied ? at : late);
    };
    for (let i = 0; i < operands.length; i++) {
      const o = operands[i];
      if (typeof o !== 'object') continue;
      if (o.kind === 'mem') {
        if (typeof o.base === 'object' && 'class' in o.base) operand(o.base);
        if (o.index !== undefined) operand(o.index);
      } else if (i > 0 || def === null) operand(o.reg);
      if (o.mask !== undefined) operand(o.mask);
    }
    if (again) this.read(tied as VReg, at + 2);
    if (def === null) return;
    this.write(def, at + 1);
    if (tied !== undefined) this.join(tied, def);
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
    const outer = this.current;
    const inside: Life[] = [];
    this.open.push(inside);
    this.current = ++this.loops;
    this.weight *= LOOP_WEIGHT;
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
    this.open.pop();
    this.current = outer;
    this.weight /= LOOP_WEIGHT;
    for (const life of inside) {
      if (life.start >= entry) continue;
      life.end = Math.max(life.end, turn + 1);
      this.keep(life);
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
    let life = this.byId[reg.id];
    if (life === undefined) {
      life = { reg, start: Number.POSITIVE_INFINITY, end: -1, weight: 0, loop: 0 };
      this.byId[reg.id] = life;
      this.lives.push(life);
    }
    return life;
  }

  private read(reg: VReg, at: number): void {
    const life = this.life(reg);
    if (at > life.end) life.end = at;
    life.weight += this.weight;
    this.keep(life);
  }

  /** Notes what is read inside the innermost loop. */
  private keep(life: Life): void {
    if (this.current === 0 || life.loop === this.current) return;
    life.loop = this.current;
    this.open[this.open.length - 1].push(life);
  }

  private write(reg: VReg, at: number): void {
    const life = this.life(reg);
    if (at < life.start) life.start = at;
    if (at + 1 > life.end) life.end = at + 1;
    life.weight += this.weight;
  }

  private touch(reg: VReg): void {
    this.life(reg).weight += this.weight;
  }

  private join(from: VReg, to: VReg): void {
    // What can be made again has no home of its own to keep.
    if (from.class === to.class && from.remake === undefined) {
      this.copied.push({ from, to, depth: this.open.length });
    }
  }
}
