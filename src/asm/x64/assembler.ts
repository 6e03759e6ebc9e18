/** Collects instructions, labels and constants, and makes position-independent machine code. */
import { ValueError } from '../../base/index.ts';
import { CodeBuffer } from './code-buffer.ts';
import { type ConstantData, ConstantPool } from './constant-pool.ts';
import { encode } from './encode.ts';
import type { Form } from './form.ts';
import type { Branch, Stretch } from './layout.ts';
import { link, type Reference } from './link.ts';
import { type ListingLine, makeListing, type Note } from './listing.ts';
import { KIND, KIND_BITS } from './operand-kind.ts';
import { Label, type Memory, type Operand, Rounding } from './operands.ts';
import { instructionText } from './print.ts';
import { type Gp64, gp32 } from './registers.ts';
import { fitsVex, isSettled, plainForm, plainForms, selectForm } from './select-form.ts';

export interface AssemblerOptions {
  /** `avx2` refuses what needs AVX-512; `avx512` (the default) may use it for shorter code too. */
  readonly isa?: 'avx2' | 'avx512';
  /** Keeps what `MachineCode.listing` needs. */
  readonly listing?: boolean;
}

/** Finished code: runs at any address that is a multiple of `alignment`. */
export interface MachineCode {
  readonly bytes: Uint8Array;
  readonly alignment: number;
  /** Bytes of instructions; the constants follow. */
  readonly codeBytes: number;
  /** Where a label or constant is in `bytes`. */
  readonly offsetOf: (label: Label) => number;
  /** A line for each instruction, label, padding and constant; none without option `listing`. */
  readonly listing: readonly ListingLine[];
}

/** What there is for the signatures of all operands. */
interface Known {
  /** The forms among which `plainForm` finds the one; none where it takes more to tell. */
  readonly forms: readonly Form[];
  /** The one form, where there is no other and nothing to be looked at. */
  readonly only: Form | null;
}

/** By mnemonic, then by the signatures of all operands. */
type PlainForms = Map<string, Map<number, Known>>;

const PLAIN: Readonly<Record<'avx2' | 'avx512', PlainForms>> = {
  avx2: new Map(),
  avx512: new Map(),
};

const SIGNATURE_BITS = KIND_BITS + 1;

export class Assembler {
  private readonly avx512: boolean;
  private readonly code = new CodeBuffer();
  private readonly pool = new ConstantPool();
  private readonly stretches: Stretch[] = [];
  private readonly references: Reference[] = [];
  private readonly notes: Note[] | null;
  private readonly plain: PlainForms;
  /** Of the instruction at hand; the slots are used again, so that emitting makes no garbage. */
  private readonly operands: Operand[] = [0, 0, 0, 0, 0];
  private labels = 0;
  private alignment = 16;

  constructor(options: AssemblerOptions = {}) {
    this.avx512 = options.isa !== 'avx2';
    this.plain = this.avx512 ? PLAIN.avx512 : PLAIN.avx2;
    this.notes = options.listing === true ? [] : null;
  }

  /** A new label, to be bound once; branches and addresses may name it before. */
  label(name?: string): Label {
    return new Label(name ?? `.L${this.labels++}`);
  }

  /** Puts the label here. */
  bind(label: Label): void {
    if (label.position >= 0)
      throw new ValueError({ op: 'x64 label', problem: `${label.name} is bound already` });
    label.position = this.code.length;
    label.stretch = this.stretches.length;
    if (this.notes !== null) this.note(label, `${label.name}:`);
  }

  /** A new label, bound here. */
  here(name?: string): Label {
    const label = this.label(name);
    this.bind(label);
    return label;
  }

  /** Pads with nops up to a multiple of `bytes`, a power of two of at most 4096. */
  align(bytes: number): void {
    if (!(bytes >= 1 && bytes <= 4096) || (bytes & (bytes - 1)) !== 0)
      throw new ValueError({ op: 'x64 align', problem: `${bytes} is no power of two up to 4096` });
    this.alignment = Math.max(this.alignment, bytes);
    if (this.notes !== null) this.note(null, `align ${bytes}`);
    this.stretches.push({ kind: 'align', position: this.code.length, bytes });
  }

  /**
   * The label of a constant (a typed array, or an array of bytes), which is kept once however often
   * it is asked for. It is aligned to its size, up to 64 bytes, unless told: 4, 8, 16, 32, 64.
   */
  constant(data: ConstantData, alignment?: number): Label {
    return this.pool.label(data, alignment);
  }

  /**
   * Appends an instruction. Operands are in Intel's order, the destination first; a rounding may
   * stand anywhere. Throws a `ValueError` if there is no such form.
   */
  emit(mnemonic: string, a?: Operand, b?: Operand, c?: Operand, d?: Operand, e?: Operand): void {
    const operands = this.operands;
    let count = 0;
    let signature = 0;
    if (a !== undefined) {
      operands[count++] = a;
      signature = typeof a === 'object' ? a.signature : KIND.immediate;
    }
    if (b !== undefined) {
      operands[count++] = b;
      signature |= (typeof b === 'object' ? b.signature : KIND.immediate) << SIGNATURE_BITS;
    }
    if (c !== undefined) {
      operands[count++] = c;
      signature |= (typeof c === 'object' ? c.signature : KIND.immediate) << (2 * SIGNATURE_BITS);
    }
    if (d !== undefined) {
      operands[count++] = d;
      signature |= (typeof d === 'object' ? d.signature : KIND.immediate) << (3 * SIGNATURE_BITS);
    }
    if (e !== undefined) {
      operands[count++] = e;
      signature |= (typeof e === 'object' ? e.signature : KIND.immediate) << (4 * SIGNATURE_BITS);
    }
    const known =
      this.plain.get(mnemonic)?.get(signature) ?? this.learn(mnemonic, signature, count);
    const form = known.only ?? plainForm(known.forms, operands, this.avx512);
    if (form === null) this.emitAny(mnemonic, count);
    else this.append(mnemonic, form, null, count);
  }

  /** Remembers which forms there are for a signature that is new. */
  private learn(mnemonic: string, signature: number, count: number): Known {
    const forms = plainForms(mnemonic, this.operands, count, this.avx512);
    const known = { forms, only: forms.length === 1 && isSettled(forms[0]) ? forms[0] : null };
    let bySignature = this.plain.get(mnemonic);
    if (bySignature === undefined) {
      bySignature = new Map();
      this.plain.set(mnemonic, bySignature);
    }
    bySignature.set(signature, known);
    return known;
  }

  /** Emits what is not plain: with a rounding, a mask, a high register, or refused. */
  private emitAny(mnemonic: string, given: number): void {
    const operands = this.operands;
    let rounding: Rounding | null = null;
    let count = 0;
    for (let i = 0; i < given; i++) {
      const operand = operands[i];
      if (operand instanceof Rounding) rounding = operand;
      else operands[count++] = operand;
    }
    const form = selectForm(mnemonic, operands, count, rounding, this.avx512);
    this.append(mnemonic, form, rounding, count);
  }

  private append(mnemonic: string, form: Form, rounding: Rounding | null, count: number): void {
    const operands = this.operands;
    if (this.notes !== null) {
      const vex = fitsVex(mnemonic, operands, count, rounding);
      this.note(null, instructionText(form, operands, rounding, vex));
    }
    if (form.label >= 0) {
      this.branch(mnemonic, form.opcode, operands[form.label] as Label);
      return;
    }
    const position = encode(form, operands, rounding, this.code);
    if (position < 0) return;
    const target = (operands[form.rm] as Memory).label as Label;
    const end = this.code.length;
    this.references.push({ position, end, stretch: this.stretches.length, target });
  }

  private branch(mnemonic: string, opcode: number, target: Label): void {
    const type: Branch['type'] = mnemonic === 'jmp' || mnemonic === 'call' ? mnemonic : 'jcc';
    const position = this.code.length;
    this.stretches.push({ kind: 'branch', position, target, opcode, type });
  }

  private note(label: Label | null, text: string): void {
    const position = this.code.length;
    this.notes?.push({ position, stretch: this.stretches.length, text, isLabel: label !== null });
  }

  /** The shortest move that puts an integer of up to 64 bits into a register; keeps the flags. */
  moveConstant(register: Gp64, value: number | bigint): void {
    const small = value >= 0 && value < 2 ** 32;
    this.emit('mov', small ? gp32(register.id) : register, value);
  }

  /** Sizes the branches, places the constants and returns the bytes. */
  finish(): MachineCode {
    const linked = link(this.code, this.stretches, this.references, this.pool);
    const { bytes, codeBytes, layout, offsetOf } = linked;
    const notes = this.notes;
    const listing = notes === null ? [] : makeListing(notes, layout, linked, this.pool.labels());
    const alignment = Math.max(this.alignment, this.pool.alignment);
    return { bytes, alignment, codeBytes, offsetOf, listing };
  }
}
