/**
 * Where each register of a kernel lives in WebAssembly: nowhere (its one use computes it on the
 * operand stack), or in a local, which it may share with the registers it is copied to and from.
 *
 * A loop's accumulator is four registers in SSA (`init`, `reg`, `next`, `result`); where their
 * lifetimes allow, they share one local and the copies between them vanish. Lifetimes are
 * intervals (from, to] over positions in emission order: at one position, reads precede writes.
 */
import type { Inst, Kernel, Reg } from '../../kernel/index.ts';
import { isPure, operandsOf } from '../../kernel/index.ts';

export interface LocalPlan {
  /** The instruction to compute at the use of a register, if it has no local. */
  readonly inlined: (reg: Reg) => Inst | undefined;
  /** Registers with equal homes share a local. */
  readonly home: (reg: Reg) => number;
  /** Whether nothing needs what the instruction computes. */
  readonly dead: (inst: Inst) => boolean;
}

type Block = readonly Inst[];
type LoopInst = Extract<Inst, { op: 'loop' }>;
type IfInst = Extract<Inst, { op: 'if' }>;

/** `repeats`: whether code for this instruction reads its operands more than once. */
export function planLocals(kernel: Kernel, repeats: (inst: Inst) => boolean): LocalPlan {
  const { inlined, dead } = planInlining(kernel, repeats);
  const { lifetimes, copies } = measure(kernel, inlined, dead);
  const homes = shareHomes(kernel.registers, lifetimes, copies);
  return {
    inlined: (reg) => inlined.get(reg.id),
    home: (reg) => homes[reg.id],
    dead: (inst) => dead.has(inst),
  };
}

// ---- inlining

const writesMemory = (inst: Inst): boolean =>
  inst.op === 'store' || inst.op === 'loop' || inst.op === 'if' || inst.op === 'fault';

const isScalarConst = (inst: Inst): boolean => inst.op === 'const';

function planInlining(kernel: Kernel, repeats: (inst: Inst) => boolean) {
  const inlined = new Map<number, Inst>();
  const dead = new Set<Inst>();
  const uses = new Array<number>(kernel.registers).fill(0);
  const use = (reg: Reg): void => {
    uses[reg.id]++;
  };

  // Backwards, so that all uses of a register are known when its definition is reached.
  const visit = (block: Block): void => {
    /** The instruction of this block that would read a register from the operand stack. */
    const users = new Map<number, number>();
    /** Where an instruction is computed: at its own place, or at that of its one user. */
    const place: number[] = [];
    /** The first place after the current one that writes memory. */
    let nextWrite = block.length;
    for (let i = block.length - 1; i >= 0; i--) {
      const inst = block[i];
      place[i] = i;
      if ('dst' in inst) {
        const { id } = inst.dst;
        if (uses[id] === 0) {
          dead.add(inst);
          continue;
        }
        const user = users.get(id);
        if (isScalarConst(inst)) {
          inlined.set(id, inst);
        } else if (uses[id] === 1 && user !== undefined) {
          if (isPure(inst) || place[user] <= nextWrite) {
            place[i] = place[user];
            inlined.set(id, inst);
          }
        }
      } else if (inst.op === 'prefetch') {
        dead.add(inst);
        continue;
      } else if (inst.op === 'loop') {
        for (const c of inst.carried) use(c.next);
        visit(inst.body);
      } else if (inst.op === 'if') {
        for (const r of inst.results) {
          use(r.then);
          use(r.else);
        }
        visit(inst.then);
        visit(inst.else);
      }
      if (writesMemory(inst)) nextWrite = i;
      for (const reg of operandsOf(inst)) use(reg);
      if (repeats(inst)) continue;
      for (const reg of operandsOf(inst)) {
        // A loop reads its upper bound every turn.
        if (inst.op !== 'loop' || reg !== inst.to) users.set(reg.id, i);
      }
    }
  };
  visit(kernel.body);
  return { inlined, dead };
}

// ---- lifetimes

type Interval = readonly [from: number, to: number];

interface Copy {
  readonly from: Reg;
  readonly to: Reg;
  readonly depth: number;
}

function measure(kernel: Kernel, inlined: ReadonlyMap<number, Inst>, dead: ReadonlySet<Inst>) {
  const start = new Array<number>(kernel.registers).fill(-1);
  const end = new Array<number>(kernel.registers).fill(-1);
  const copies: Copy[] = [];
  /** Registers read inside each open loop. */
  const readInside: Set<number>[] = [];
  let position = 0;

  const define = (reg: Reg, at: number): void => {
    start[reg.id] = at;
    end[reg.id] = Math.max(end[reg.id], at + 1);
  };
  const read = (reg: Reg, at: number): void => {
    const inst = inlined.get(reg.id);
    if (inst !== undefined) {
      for (const operand of operandsOf(inst)) read(operand, at);
      return;
    }
    end[reg.id] = Math.max(end[reg.id], at);
    readInside.at(-1)?.add(reg.id);
  };
  const copy = (from: Reg, to: Reg): void => {
    if (!inlined.has(from.id)) copies.push({ from, to, depth: readInside.length });
  };

  const visitLoop = (inst: LoopInst): void => {
    const entry = ++position;
    for (const reg of operandsOf(inst)) read(reg, entry);
    readInside.push(new Set());
    define(inst.index, entry);
    for (const c of inst.carried) define(c.reg, entry);
    visit(inst.body);
    const turn = ++position;
    const exit = ++position;
    read(inst.to, turn);
    for (const c of inst.carried) {
      read(c.next, turn);
      copy(c.next, c.reg);
    }
    // A carried register also lives from here to the next turn, but whatever else lives there lived
    // at the entry too, where the two already meet.
    end[inst.index.id] = turn;
    const inside = readInside.pop() ?? new Set();
    for (const id of inside) {
      if (start[id] >= entry) continue;
      end[id] = Math.max(end[id], turn);
      readInside.at(-1)?.add(id);
    }
    for (const c of inst.carried) {
      define(c.result, exit);
      copy(c.reg, c.result);
      copy(c.init, c.reg);
    }
    copy(inst.from, inst.index);
  };

  const visitIf = (inst: IfInst): void => {
    read(inst.cond, ++position);
    visit(inst.then);
    const thenEnd = ++position;
    for (const r of inst.results) read(r.then, thenEnd);
    visit(inst.else);
    const elseEnd = ++position;
    for (const r of inst.results) {
      read(r.else, elseEnd);
      define(r.dst, elseEnd);
      copy(r.then, r.dst);
      copy(r.else, r.dst);
    }
  };

  const visit = (block: Block): void => {
    for (const inst of block) {
      if (dead.has(inst)) continue;
      if (inst.op === 'loop') visitLoop(inst);
      else if (inst.op === 'if') visitIf(inst);
      else if (!('dst' in inst) || !inlined.has(inst.dst.id)) {
        position++;
        for (const reg of operandsOf(inst)) read(reg, position);
        if ('dst' in inst) define(inst.dst, position);
      }
    }
  };
  visit(kernel.body);

  const lifetimes = start.map((from, id): Interval[] => (from < 0 ? [] : [[from, end[id]]]));
  return { lifetimes, copies };
}

// ---- sharing

/** Merges the homes that copies connect, innermost loops first, unless lifetimes overlap. */
function shareHomes(registers: number, lifetimes: Interval[][], copies: readonly Copy[]): number[] {
  const homes = Array.from({ length: registers }, (_, id) => id);
  const members = homes.map((id) => [id]);
  const occupied = lifetimes.map((intervals) => [...intervals]);
  const meet = (a: Interval, b: Interval): boolean => a[0] < b[1] && b[0] < a[1];
  for (const { from, to } of copies.toSorted((a, b) => b.depth - a.depth)) {
    const a = homes[from.id];
    const b = homes[to.id];
    if (a === b || occupied[a].some((x) => occupied[b].some((y) => meet(x, y)))) continue;
    for (const id of members[b]) homes[id] = a;
    members[a].push(...members[b]);
    occupied[a].push(...occupied[b]);
  }
  return homes;
}
