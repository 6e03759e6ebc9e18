/**
 * Operand sweeps: for each form of a row, instructions that between them reach every class of
 * operand: low and high registers, addresses of every shape, masks, broadcasts, roundings,
 * immediates at their limits. The same row and seed always give the same instructions.
 */
import { philox4x32 } from '../../base/index.ts';
import { mnemonicsOf } from './condition.ts';
import type { Form } from './form.ts';
import { formsOf } from './instruction-set.ts';
import { KIND } from './operand-kind.ts';
import { type MemoryOptions, mem, type Operand, rounding, sae } from './operands.ts';
import { gp8, gp16, gp32, gp64, k, masked, xmm, ymm, zmm } from './registers.ts';

export interface SweepCase {
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
}

const FAMILIES = [gp8, gp16, gp32, gp64, xmm, ymm, zmm] as const;
const DISPS = [0, 1, -1, 127, 128, -128, -129, 0x12345, -0x12345, 0x7fffffff, -0x80000000];
/** Multiples of the unit of a compressed displacement, around its limits. */
const STEPS = [1, -1, 2, 127, 128, -128, -129];
const IMMEDIATES = [0, 1, -1, 2, 5, 100, 127, -128, 128, 200, 255, 256, 0x1234, 0x7fff, -0x8000];
const WIDE_IMMEDIATES = [0xffff, 0x10000, 0x7fffffff, -0x80000000, 0xffffffff, 0x123456789abc];

class Draw {
  #counter = 0;
  #words: number[] = [];
  readonly #key: number;

  constructor(key: number) {
    this.#key = key;
  }

  below(n: number): number {
    if (this.#words.length === 0)
      this.#words = [...philox4x32([this.#counter++, 0, 0, 0], [this.#key, 0])];
    return (this.#words.pop() ?? 0) % n;
  }

  from<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

/** How many instructions a form gets; one of sixteen conditions gets few. */
const CASES = 12;
const CASES_PER_CONDITION = 2;

export function sweepRow(row: string, seed: number): SweepCase[] {
  const draw = new Draw(hashOf(row) ^ seed);
  const cases: SweepCase[] = [];
  for (const mnemonic of mnemonicsOf(row.slice(0, row.indexOf(' ')))) {
    for (const form of formsOf(mnemonic)) {
      if (form.row !== row || form.label >= 0) continue;
      const count = /CC /.test(row) ? CASES_PER_CONDITION : CASES;
      for (let i = 0; i < (form.kinds.length === 0 ? 1 : count); i++) {
        const operands = drawOperands(form, draw, i);
        if (!hasShorterForm(mnemonic, operands)) cases.push({ mnemonic, operands });
      }
    }
  }
  return cases;
}

/** GNU as has one-byte exchanges with the accumulator, which Gradus does without. */
function hasShorterForm(mnemonic: string, operands: readonly Operand[]): boolean {
  const wide = (x: Operand): boolean =>
    typeof x === 'object' && 'id' in x && x.id === 0 && x.bits > 8;
  const registers = operands.every((x) => typeof x === 'object' && 'id' in x);
  return mnemonic === 'xchg' && registers && operands.some(wide);
}

function drawOperands(form: Form, draw: Draw, i: number): Operand[] {
  const canBeMemory = form.rm >= 0 && form.kinds[form.rm] >= 1 << KIND.memory;
  const mustBeMemory = canBeMemory && form.kinds[form.rm] % (1 << KIND.memory) === 0;
  // Registers in every third, so that addresses, of which there are more sorts, get the rest.
  const memory = canBeMemory && (mustBeMemory || i % 3 !== 0);
  const operands = form.kinds.map((kinds, at): Operand => {
    if (form.fixed[at] >= 0) return register(kinds, form.fixed[at]);
    if (at === form.immediate) return drawImmediate(form, draw);
    if (memory && at === form.rm) return drawMemory(form, draw, i);
    return drawRegister(form, kinds, draw, i);
  });
  distinctVectors(form, operands, draw);
  return withRounding(form, withMask(form, operands, draw), memory, draw);
}

function register(kinds: number, id: number): Operand {
  const lowest = 31 - Math.clz32(kinds & -kinds);
  return lowest === KIND.mask ? k(id & 7) : FAMILIES[lowest - KIND.gp8](id);
}

function drawRegister(form: Form, kinds: number, draw: Draw, i: number): Operand {
  const vector = (kinds & (7 << KIND.xmm)) !== 0;
  // Low registers alone in some, so that short prefixes are seen too.
  const count = i % 4 === 0 ? 8 : vector && form.encoding === 2 ? 32 : 16;
  return register(kinds, draw.below(count));
}

function drawMemory(form: Form, draw: Draw, i: number): Operand {
  const kinds = form.kinds[form.rm];
  const indexed = (kinds >> KIND.indexedX) & 7;
  const base = draw.from([0, 3, 4, 5, 8, 11, 12, 13, 14].map(gp64));
  const disp = i % 2 === 0 ? draw.from(DISPS) : form.dispUnit * draw.from(STEPS);
  const scale = draw.from([1, 2, 4, 8] as const);
  if (indexed !== 0) {
    const family = [xmm, ymm, zmm][31 - Math.clz32(indexed)];
    const index = family(draw.below(form.encoding === 2 ? 32 : 16));
    return mem(draw.below(8) === 0 ? null : base, { index, scale, disp });
  }
  const broadcast = form.broadcastBits > 0 && draw.below(2) === 0;
  const options: MemoryOptions = broadcast
    ? { disp: (form.broadcastBits / 8) * draw.from(STEPS), broadcast: form.lanes as 2 }
    : { disp, bits: (form.memoryBits || undefined) as MemoryOptions['bits'] };
  const index = gp64(draw.from([0, 1, 5, 7, 9, 12, 13, 15]));
  switch (draw.below(5)) {
    case 0:
    case 1:
      return mem(base, options);
    case 2:
      return mem(null, { ...options, index, scale });
    default:
      return mem(base, { ...options, index, scale });
  }
}

function drawImmediate(form: Form, draw: Draw): number | bigint {
  if (form.immediateRange === 'one') return 1;
  const bits = 8 * form.immediateBytes;
  const low = -(2 ** (bits - 1));
  const high = form.immediateRange === 'signed' ? -low : -2 * low;
  const fitting = [...IMMEDIATES, ...WIDE_IMMEDIATES].filter((x) => x >= low && x < high);
  if (bits === 64) return draw.from([...fitting, 0x1122334455667788n, -0x1122334455667788n]);
  return draw.from(fitting);
}

/** Gathers must not name a register twice: processors and assemblers refuse it. */
function distinctVectors(form: Form, operands: Operand[], draw: Draw): void {
  const memory = operands[form.rm];
  if (typeof memory !== 'object' || !('index' in memory)) return;
  const { index } = memory;
  if (index === null || index.class === 'gp64') return;
  const taken = [index.id];
  operands.forEach((operand, at) => {
    if (at === form.rm || typeof operand !== 'object' || !('id' in operand)) return;
    let { id } = operand;
    while (taken.includes(id)) id = draw.below(16);
    taken.push(id);
    operands[at] = register(form.kinds[at], id);
  });
}

function withMask(form: Form, operands: Operand[], draw: Draw): Operand[] {
  if (form.mask === 'none' || (form.mask !== 'required' && draw.below(2) === 0)) return operands;
  const mask = k(1 + draw.below(7));
  const [first] = operands;
  if (typeof first !== 'object') return operands;
  if ('disp' in first) {
    const { base, index, scale, disp, bits } = first;
    const options = { index: index ?? undefined, scale, disp, bits: bits || undefined, mask };
    operands[0] = mem(base, options as MemoryOptions);
  } else if ('id' in first && first.class !== 'gp64') {
    const zeroing = form.mask === 'zero' && draw.below(2) === 0;
    operands[0] = masked(first as ReturnType<typeof xmm>, mask, zeroing);
  }
  return operands;
}

function withRounding(form: Form, operands: Operand[], memory: boolean, draw: Draw): Operand[] {
  const possible = form.rounding !== 'none' && !memory && (form.length === 2 || !form.packed);
  if (!possible || draw.below(3) === 0) return operands;
  const given = form.rounding === 'er' ? draw.from(Object.values(rounding)) : sae;
  return [...operands, given];
}

export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
