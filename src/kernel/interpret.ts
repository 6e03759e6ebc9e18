/**
 * Runs Kernel IR over plain bytes, slowly: what a kernel means. Every target is tested against it.
 *
 * Float arithmetic rounds once per operation to its elem; `fma` rounds once where the ISA class is
 * fused, else twice. Whatever is undefined for kernels throws: an access outside memory, a shift
 * by more than the width, a register read before it is assigned.
 */
import type { Address, Elem, Inst, Kernel, MemElem, Reg, TargetInfo } from './ir.ts';
import {
  type LaneValue,
  laneBinary,
  laneBitcast,
  laneCompare,
  laneConvert,
  laneFma,
  laneUnary,
  wrapTo,
} from './lane-arithmetic.ts';
import { printInst } from './print.ts';

/**
 * `argsAddress` is that of the argument block and `faultAddress` that of the fault word. `origin`
 * is the address of the first byte of `memory`, for kernels that hold real pointers. `call` says
 * which tiles run.
 */
export function interpretKernel(
  kernel: Kernel,
  info: TargetInfo,
  memory: ArrayBuffer | DataView,
  argsAddress: number,
  faultAddress: number,
  origin = 0,
  call: KernelCall = ONE_TILE,
): void {
  const view = memory instanceof DataView ? memory : new DataView(memory);
  new Interpreter(kernel, info, view, argsAddress, faultAddress, origin, call).block(kernel.body);
}

/** The tiles of one call, and the thread that runs them. */
export interface KernelCall {
  readonly first: number;
  readonly end: number;
  readonly thread: number;
}

export const ONE_TILE: KernelCall = { first: 0, end: 1, thread: 0 };

const SLOT_BYTES = 8;

class Interpreter {
  readonly #kernel: Kernel;
  readonly #info: TargetInfo;
  readonly #view: DataView;
  readonly #args: number;
  readonly #fault: number;
  readonly #origin: number;
  readonly #call: KernelCall;
  /** The lanes of each register. */
  readonly #values: (readonly LaneValue[] | undefined)[];

  constructor(
    kernel: Kernel,
    info: TargetInfo,
    view: DataView,
    args: number,
    fault: number,
    origin: number,
    call: KernelCall,
  ) {
    this.#kernel = kernel;
    this.#info = info;
    this.#view = view;
    this.#args = args;
    this.#fault = fault;
    this.#origin = origin;
    this.#call = call;
    this.#values = new Array(kernel.registers);
  }

  block(block: readonly Inst[]): void {
    for (const inst of block) {
      if (inst.op === 'loop') this.#loop(inst);
      else if (inst.op === 'if') this.#if(inst);
      else this.#simple(inst);
    }
  }

  #lanes(reg: Reg): readonly LaneValue[] {
    const lanes = this.#values[reg.id];
    if (lanes === undefined) throw new Error(`%${reg.id} is read before it is assigned`);
    return lanes;
  }

  #scalar(reg: Reg): LaneValue {
    return this.#lanes(reg)[0];
  }

  /** Assigns all at once: the values are read first. */
  #assignAll(copies: readonly { readonly to: Reg; readonly from: Reg }[]): void {
    const values = copies.map(({ from }) => this.#lanes(from));
    copies.forEach(({ to }, i) => {
      this.#values[to.id] = values[i];
    });
  }

  #loop(inst: Extract<Inst, { op: 'loop' }>): void {
    this.#assignAll(inst.carried.map((c) => ({ to: c.reg, from: c.init })));
    const to = Number(this.#scalar(inst.to));
    for (let i = Number(this.#scalar(inst.from)); i < to; i += inst.step) {
      this.#values[inst.index.id] = [i];
      this.block(inst.body);
      this.#assignAll(inst.carried.map((c) => ({ to: c.reg, from: c.next })));
    }
    this.#assignAll(inst.carried.map((c) => ({ to: c.result, from: c.reg })));
  }

  #if(inst: Extract<Inst, { op: 'if' }>): void {
    const taken = this.#scalar(inst.cond) !== 0 ? 'then' : 'else';
    this.block(inst[taken]);
    this.#assignAll(inst.results.map((r) => ({ to: r.dst, from: r[taken] })));
  }

  #simple(inst: Exclude<Inst, { op: 'loop' | 'if' }>): void {
    try {
      if ('dst' in inst) this.#values[inst.dst.id] = this.#value(inst);
      else this.#effect(inst);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw new Error(`${what}, in: ${printInst(inst, this.#kernel)}`, { cause: error });
    }
  }

  // ---- values

  #value(inst: Extract<Inst, { dst: Reg }>): LaneValue[] {
    const { indexBytes } = this.#info;
    const { elem, lanes } = inst.dst.type;
    const each = (f: (lane: number) => LaneValue): LaneValue[] =>
      Array.from({ length: lanes }, (_, i) => f(i));
    switch (inst.op) {
      case 'const': {
        const value = wrapTo(elem, inst.value, indexBytes);
        return each(() => value);
      }
      case 'param': {
        const slot = inst.slot + (inst.from === undefined ? 0 : Number(this.#scalar(inst.from)));
        return [this.#read(elem === 'mask' ? 'i32' : elem, this.#args + SLOT_BYTES * slot, elem)];
      }
      case 'tile':
        return [this.#call[inst.which]];
      case 'unary': {
        const a = this.#lanes(inst.a);
        return each((i) => laneUnary(inst.fn, elem, a[i], indexBytes));
      }
      case 'binary': {
        const a = this.#lanes(inst.a);
        const b = this.#lanes(inst.b);
        const shift = inst.fn === 'shl' || inst.fn === 'shr' || inst.fn === 'sar';
        return each((i) => laneBinary(inst.fn, elem, a[i], shift ? b[0] : b[i], indexBytes));
      }
      case 'fma': {
        const [a, b, c] = [inst.a, inst.b, inst.c].map((reg) => this.#lanes(reg));
        const fused = this.#info.isa !== 'wasm';
        return each((i) => laneFma(elem, fused, [a[i], b[i], c[i]], indexBytes));
      }
      case 'compare': {
        const a = this.#lanes(inst.a);
        const b = this.#lanes(inst.b);
        return each((i) => (laneCompare(inst.fn, a[i], b[i]) ? 1 : 0));
      }
      case 'select': {
        const [mask, a, b] = [inst.mask, inst.a, inst.b].map((reg) => this.#lanes(reg));
        return each((i) => (mask[i] !== 0 ? a[i] : b[i]));
      }
      case 'convert': {
        const a = this.#lanes(inst.a);
        return each((i) => laneConvert(inst.a.type.elem, elem, a[i], indexBytes));
      }
      case 'bitcast': {
        const a = this.#lanes(inst.a);
        return each((i) => laneBitcast(inst.a.type.elem, elem, a[i]));
      }
      case 'splat': {
        const a = this.#scalar(inst.a);
        return each(() => a);
      }
      case 'lanes':
        return each((i) => wrapTo(elem, i, indexBytes));
      case 'unzip': {
        const both = [...this.#lanes(inst.a), ...this.#lanes(inst.b)];
        return each((i) => both[2 * i + (inst.part === 'odd' ? 1 : 0)]);
      }
      case 'zip': {
        const from = inst.half === 'low' ? 0 : lanes / 2;
        const [a, b] = [this.#lanes(inst.a), this.#lanes(inst.b)];
        return each((i) => (i % 2 === 0 ? a : b)[from + (i >> 1)]);
      }
      case 'extract':
        return [this.#lanes(inst.a)[inst.lane]];
      case 'horizontal': {
        let rest = [...this.#lanes(inst.a)];
        while (rest.length > 1) {
          const half = rest.length / 2;
          const upper = rest.slice(half);
          rest = rest.slice(0, half);
          rest = rest.map((x, i) => laneBinary(inst.fn, elem, x, upper[i], indexBytes));
        }
        return rest;
      }
      case 'edge': {
        this.#requireMasks();
        const count = Number(this.#scalar(inst.count));
        return each((i) => (i < count ? 1 : 0));
      }
      case 'load': {
        const mask = this.#mask(inst.mask);
        const first = this.#address(inst.addr);
        const bytes = inst.splat ? 0 : this.#bytesOf(inst.mem);
        return each((i) =>
          mask !== undefined && mask[i] === 0
            ? wrapTo(elem, 0, indexBytes)
            : this.#read(inst.mem, first + i * bytes, elem),
        );
      }
    }
  }

  #effect(inst: Extract<Inst, { op: 'store' | 'prefetch' | 'fault' }>): void {
    if (inst.op === 'store') {
      const mask = this.#mask(inst.mask);
      const first = this.#address(inst.addr);
      const bytes = inst.value.type.lanes * this.#bytesOf(inst.mem);
      if (inst.stream && first % bytes !== 0) throw new Error(`a stream to ${first}`);
      this.#lanes(inst.value).forEach((value, i) => {
        if (mask === undefined || mask[i] !== 0) {
          this.#write(inst.mem, first + i * this.#bytesOf(inst.mem), value);
        }
      });
    } else if (inst.op === 'fault' && this.#scalar(inst.cond) !== 0) {
      const before = Number(this.#read('i32', this.#fault, 'i32'));
      const now = (Number(this.#scalar(inst.position)) + 1) | 0;
      if (before !== 0 && (!this.#info.ordersFaults || before <= now)) return;
      this.#write('i32', this.#fault, now);
    }
  }

  // ---- memory

  #requireMasks(): void {
    if (!this.#info.masks) throw new Error(`${this.#info.isa} has no masks`);
  }

  #mask(mask: Reg | undefined): readonly LaneValue[] | undefined {
    if (mask === undefined) return undefined;
    this.#requireMasks();
    return this.#lanes(mask);
  }

  #bytesOf(mem: MemElem): number {
    if (mem === 'index') return this.#info.indexBytes;
    return { f32: 4, i32: 4, f64: 8, i64: 8, u8: 1 }[mem];
  }

  #address({ base, index, scale = 1, offset }: Address): number {
    let sum = Number(this.#scalar(base));
    if (this.#info.indexBytes === 4) sum >>>= 0;
    if (index !== undefined) sum += Number(this.#scalar(index)) * scale;
    // A 32-bit target adds the offset after the sum has wrapped.
    if (sum < 0) throw new RangeError(`address ${sum} before its offset is below zero`);
    return sum + offset;
  }

  #read(mem: MemElem, address: number, elem: Elem): LaneValue {
    const at = address - this.#origin;
    const v = this.#view;
    switch (mem) {
      case 'u8':
        return v.getUint8(at) === 0 ? 0 : 1;
      case 'f32':
        return v.getFloat32(at, true);
      case 'f64':
        return v.getFloat64(at, true);
      case 'i32':
        return wrapTo(elem, v.getInt32(at, true), this.#info.indexBytes);
      case 'i64':
        return v.getBigInt64(at, true);
      case 'index':
        return this.#info.indexBytes === 4 ? v.getInt32(at, true) : Number(v.getBigInt64(at, true));
    }
  }

  #write(mem: MemElem, address: number, value: LaneValue): void {
    const at = address - this.#origin;
    const v = this.#view;
    if (mem === 'u8') v.setUint8(at, Number(value));
    else if (mem === 'f32') v.setFloat32(at, Number(value), true);
    else if (mem === 'f64') v.setFloat64(at, Number(value), true);
    else if (mem === 'i64') v.setBigInt64(at, BigInt(value), true);
    else if (mem === 'i32' || this.#info.indexBytes === 4) v.setInt32(at, Number(value), true);
    else v.setBigInt64(at, BigInt(value), true);
  }
}
