/** One WebAssembly function: a list of instructions, kept by name until it is encoded. */
import type { ByteWriter } from './byte-writer.ts';
import { INSTRUCTIONS, type Instruction } from './instructions.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

export const VALUE_TYPES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** A number, a block's type, or the 16 bytes of a constant or shuffle. */
export type Immediate = number | bigint | ValueType | readonly number[];

export interface Emitted {
  readonly instruction: Instruction;
  readonly immediates: readonly Immediate[];
}

const EMPTY_BLOCK = 0x40;

export class FunctionBuilder {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly code: Emitted[] = [];
  readonly #locals: ValueType[] = [];

  constructor(name: string, params: readonly ValueType[], results: readonly ValueType[] = []) {
    this.name = name;
    this.params = params;
    this.results = results;
  }

  /** A new local; its number is final only in the encoded function, where types are grouped. */
  local(type: ValueType): number {
    this.#locals.push(type);
    return this.params.length + this.#locals.length - 1;
  }

  emit(name: string, ...immediates: Immediate[]): void {
    const instruction = INSTRUCTIONS.get(name);
    if (instruction === undefined) throw new Error(`no WebAssembly instruction is named ${name}`);
    this.code.push({ instruction, immediates });
  }

  /** `local.get`; right after a `local.set` of the same local, the two become a `local.tee`. */
  get(local: number): void {
    const last = this.code.at(-1);
    if (last?.instruction.name === 'local.set' && last.immediates[0] === local) {
      this.code.pop();
      this.emit('local.tee', local);
    } else {
      this.emit('local.get', local);
    }
  }

  set(local: number): void {
    this.emit('local.set', local);
  }

  /** Number of each local in the encoded function: parameters, then the locals by type. */
  #numbering(): number[] {
    const numbers = this.params.map((_, i) => i);
    let next = numbers.length;
    for (const type of Object.keys(VALUE_TYPES)) {
      this.#locals.forEach((t, i) => {
        if (t === type) numbers[this.params.length + i] = next++;
      });
    }
    return numbers;
  }

  /** The body as the code section holds it, without its size. */
  encode(out: ByteWriter): void {
    const groups = Object.entries(VALUE_TYPES)
      .map(([type, code]) => ({ code, count: this.#locals.filter((t) => t === type).length }))
      .filter((group) => group.count > 0);
    out.u32(groups.length);
    for (const { count, code } of groups) {
      out.u32(count);
      out.u8(code);
    }
    const numbers = this.#numbering();
    for (const emitted of this.code) encodeInstruction(out, emitted, numbers);
    out.u8(0x0b);
  }

  /** The instructions as text, one a line, blocks indented. */
  text(): string {
    const numbers = this.#numbering();
    const lines = [`func ${this.name} (${this.params.join(' ')}) (${this.results.join(' ')})`];
    let depth = 1;
    for (const { instruction, immediates } of this.code) {
      const { name, immediate } = instruction;
      if (name === 'end' || name === 'else') depth--;
      const shown = immediate === 'local' ? [numbers[immediates[0] as number]] : immediates;
      lines.push(`${'  '.repeat(depth)}${[name, ...shown.map(showImmediate)].join(' ')}`);
      if (immediate === 'block' || name === 'else') depth++;
    }
    return lines.join('\n');
  }
}

const showImmediate = (x: Immediate): string =>
  Array.isArray(x) ? x.map((byte: number) => byte.toString(16).padStart(2, '0')).join('') : `${x}`;

function encodeInstruction(out: ByteWriter, emitted: Emitted, locals: readonly number[]): void {
  const { instruction, immediates } = emitted;
  const [first, second] = immediates;
  if (instruction.prefix !== 0) {
    out.u8(instruction.prefix);
    out.u32(instruction.code);
  } else {
    out.u8(instruction.code);
  }
  switch (instruction.immediate) {
    case 'none':
      return;
    case 'block':
      return out.u8(first === undefined ? EMPTY_BLOCK : VALUE_TYPES[first as ValueType]);
    case 'local':
      return out.u32(locals[first as number]);
    case 'label':
    case 'function':
      return out.u32(first as number);
    case 'signature':
      out.u32(first as number);
      return out.u8(0);
    case 'memory':
      return out.u8(0);
    case 'two memories':
      return out.raw([0, 0]);
    case 'address':
    case 'address and lane':
      out.u32(Math.log2(instruction.bytes));
      out.u32(first as number);
      if (instruction.immediate === 'address and lane') out.u8(second as number);
      return;
    case 'lane':
      return out.u8(first as number);
    case 'i32':
      return out.s32(first as number);
    case 'i64':
      return out.s64(BigInt(first as number | bigint));
    case 'f32':
      return out.f32(first as number);
    case 'f64':
      return out.f64(first as number);
    case 'shuffle':
    case 'v128': {
      const bytes = first as readonly number[];
      if (bytes.length !== 16) throw new Error(`${instruction.name} wants 16 bytes`);
      return out.raw(bytes);
    }
  }
}
