/** Kernel IR to a WebAssembly module with one function, `run(args, first, end, thread)`. */
import { encodeModule, FunctionBuilder, type ValueType } from '../../asm/wasm/index.ts';
import type { Address, Inst, Kernel, KType, Reg, TargetInfo } from '../../kernel/index.ts';
import { KERNEL_PARAMS, SHARED } from './abi.ts';
import { type LocalPlan, planLocals } from './plan-locals.ts';
import {
  isFloat,
  type Push,
  scalarBinary,
  scalarBitcast,
  scalarCompare,
  scalarConvert,
  scalarType,
  scalarUnary,
} from './scalar-code.ts';
import {
  shapeOf,
  vectorBinary,
  vectorBinaryRepeats,
  vectorCompare,
  vectorConst,
  vectorConvert,
  vectorConvertRepeats,
  vectorExtract,
  vectorFma,
  vectorHorizontal,
  vectorLoad,
  vectorSelect,
  vectorSplat,
  vectorStore,
  vectorUnary,
  vectorUnzip,
  vectorZip,
} from './vector-code.ts';

export interface WasmEnv {
  /** Address of the i32 that `fault` writes. */
  readonly faultAddress: number;
  /** Whether the memory that the module gets is shared between threads. */
  readonly shared?: boolean;
}

export interface WasmCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The instructions, for `GRADUS_DEBUG=5`. */
  text(): string;
}

/**
 * The module imports `env.memory` and exports `run(args, first, end, thread)`, all i32: the address
 * of the argument block, the tiles to run, and the thread that runs them.
 */
export function compileKernel(kernel: Kernel, info: TargetInfo, env: WasmEnv): WasmCode {
  const f = new FunctionBuilder('run', KERNEL_PARAMS);
  new KernelCompiler(f, kernel, info, env).compile();
  return { bytes: encodeModule([f], env.shared ? SHARED : undefined), text: () => f.text() };
}

const ARGS = 0;
const TILE = { first: 1, end: 2, thread: 3 } as const;
const SLOT_BYTES = 8;
const SHIFT_OF_SCALE = { 1: 0, 2: 1, 4: 2, 8: 3 } as const;

type Of<Op extends Inst['op']> = Extract<Inst, { op: Op }>;

/** Whether the code made below for `inst` reads its operands more than once. */
function repeatsOperands(inst: Inst): boolean {
  switch (inst.op) {
    case 'unary':
      return inst.fn === 'abs' && inst.dst.type.lanes === 1 && !isFloat(inst.dst.type.elem);
    case 'binary': {
      const { elem, lanes } = inst.dst.type;
      if (lanes > 1) return vectorBinaryRepeats(inst.fn, elem);
      return !isFloat(elem) && ['min', 'max', 'div', 'rem'].includes(inst.fn);
    }
    case 'convert':
      return inst.dst.type.lanes > 1 && vectorConvertRepeats(inst.a.type.elem, inst.dst.type.elem);
    default:
      return false;
  }
}

class KernelCompiler {
  readonly #f: FunctionBuilder;
  readonly #kernel: Kernel;
  readonly #env: WasmEnv;
  readonly #relaxed: boolean;
  readonly #plan: LocalPlan;
  readonly #locals = new Map<number, number>();
  #lanes = 1;

  constructor(f: FunctionBuilder, kernel: Kernel, info: TargetInfo, env: WasmEnv) {
    this.#f = f;
    this.#kernel = kernel;
    this.#env = env;
    this.#relaxed = info.isa === 'wasm-relaxed';
    this.#plan = planLocals(kernel, repeatsOperands);
  }

  compile(): void {
    this.#block(this.#kernel.body);
  }

  // ---- registers

  #type(type: KType): ValueType {
    return type.lanes === 1 ? scalarType(type.elem) : 'v128';
  }

  #local(reg: Reg): number {
    const home = this.#plan.home(reg);
    let local = this.#locals.get(home);
    if (local === undefined) {
      local = this.#f.local(this.#type(reg.type));
      this.#locals.set(home, local);
    }
    return local;
  }

  /** Pushes a register's value: computes it here if it has no local. */
  #push(reg: Reg): void {
    const inst = this.#plan.inlined(reg);
    if (inst === undefined) this.#f.get(this.#local(reg));
    else this.#value(inst);
  }

  #pusher(reg: Reg): Push {
    return () => this.#push(reg);
  }

  /** The value of an inlined constant, else undefined. */
  #constant(reg: Reg): number | bigint | undefined {
    const inst = this.#plan.inlined(reg);
    return inst?.op === 'const' ? inst.value : undefined;
  }

  /** Assigns registers at once: all are read before one is written. */
  #copyAll(copies: readonly { readonly to: Reg; readonly from: Reg }[]): void {
    const needed = copies.filter(
      ({ to, from }) =>
        this.#plan.inlined(from) !== undefined || this.#plan.home(to) !== this.#plan.home(from),
    );
    for (const { from } of needed) this.#push(from);
    for (const { to } of needed.toReversed()) this.#f.set(this.#local(to));
  }

  // ---- control

  #block(block: readonly Inst[]): void {
    for (const inst of block) {
      if (this.#plan.dead(inst)) continue;
      switch (inst.op) {
        case 'loop':
          this.#loop(inst);
          break;
        case 'if':
          this.#if(inst);
          break;
        case 'store':
          this.#store(inst);
          break;
        case 'fault':
          this.#fault(inst);
          break;
        case 'prefetch':
          break;
        default:
          if (this.#plan.inlined(inst.dst) !== undefined) break;
          this.#value(inst);
          this.#f.set(this.#local(inst.dst));
      }
    }
  }

  /** A loop is guarded by one test and then tested at the end of each turn. */
  #loop(inst: Of<'loop'>): void {
    const f = this.#f;
    const starts = [
      { to: inst.index, from: inst.from },
      ...inst.carried.map((c) => ({ to: c.reg, from: c.init })),
    ];
    this.#copyAll(starts);
    const from = this.#constant(inst.from);
    const to = this.#constant(inst.to);
    const guarded = from === undefined || to === undefined || Number(from) >= Number(to);
    const test = (): void => {
      f.get(this.#local(inst.index));
      this.#push(inst.to);
      f.emit('i32.lt_s');
    };
    if (guarded) {
      test();
      f.emit('if');
    }
    f.emit('loop');
    this.#block(inst.body);
    this.#copyAll(inst.carried.map((c) => ({ to: c.reg, from: c.next })));
    f.get(this.#local(inst.index));
    f.emit('i32.const', inst.step);
    f.emit('i32.add');
    f.set(this.#local(inst.index));
    test();
    f.emit('br_if', 0);
    f.emit('end');
    if (guarded) f.emit('end');
    this.#copyAll(inst.carried.map((c) => ({ to: c.result, from: c.reg })));
  }

  #if(inst: Of<'if'>): void {
    const f = this.#f;
    this.#push(inst.cond);
    f.emit('if');
    this.#block(inst.then);
    this.#copyAll(inst.results.map((r) => ({ to: r.dst, from: r.then })));
    f.emit('else');
    const empty = f.code.length;
    this.#block(inst.else);
    this.#copyAll(inst.results.map((r) => ({ to: r.dst, from: r.else })));
    if (f.code.length === empty) f.code.pop();
    f.emit('end');
  }

  #fault(inst: Of<'fault'>): void {
    const f = this.#f;
    const { faultAddress } = this.#env;
    this.#push(inst.cond);
    f.emit('if');
    f.emit('i32.const', faultAddress);
    f.emit('i32.load', 0);
    f.emit('i32.eqz');
    f.emit('if');
    f.emit('i32.const', faultAddress);
    this.#push(inst.position);
    f.emit('i32.const', 1);
    f.emit('i32.add');
    f.emit('i32.store', 0);
    f.emit('end');
    f.emit('end');
  }

  // ---- memory

  /** Pushes the address and returns what is left for the access's own offset. */
  #address(addr: Address): number {
    const f = this.#f;
    this.#push(addr.base);
    if (addr.index !== undefined) {
      this.#push(addr.index);
      const shift = SHIFT_OF_SCALE[addr.scale ?? 1];
      if (shift !== 0) {
        f.emit('i32.const', shift);
        f.emit('i32.shl');
      }
      f.emit('i32.add');
    }
    if (addr.offset >= 0) return addr.offset;
    f.emit('i32.const', addr.offset);
    f.emit('i32.add');
    return 0;
  }

  #load(inst: Of<'load'>): void {
    if (inst.mask !== undefined) throw this.#unsupported('a masked load');
    const f = this.#f;
    const offset = this.#address(inst.addr);
    const { type } = inst.dst;
    if (type.lanes > 1) return vectorLoad(f, type, inst.splat, offset);
    if (inst.mem !== 'u8') return f.emit(`${scalarType(type.elem)}.load`, offset);
    f.emit('i32.load8_u', offset);
    f.emit('i32.const', 0);
    f.emit('i32.ne');
  }

  #store(inst: Of<'store'>): void {
    if (inst.mask !== undefined) throw this.#unsupported('a masked store');
    const { type } = inst.value;
    this.#checkLanes(type);
    const offset = this.#address(inst.addr);
    if (type.lanes > 1) return vectorStore(this.#f, type, this.#pusher(inst.value), offset);
    this.#push(inst.value);
    const name = inst.mem === 'u8' ? 'i32.store8' : `${scalarType(type.elem)}.store`;
    this.#f.emit(name, offset);
  }

  // ---- values

  /** Leaves the value of `inst` on the operand stack. */
  #value(inst: Inst): void {
    if (!('dst' in inst)) throw this.#unsupported(`${inst.op} as a value`);
    this.#checkLanes(inst.dst.type);
    switch (inst.op) {
      case 'const':
        return this.#const(inst.dst.type, inst.value);
      case 'param':
        this.#f.get(ARGS);
        if (inst.from !== undefined) {
          this.#push(inst.from);
          this.#f.emit('i32.const', SHIFT_OF_SCALE[SLOT_BYTES]);
          this.#f.emit('i32.shl');
          this.#f.emit('i32.add');
        }
        this.#f.emit(`${scalarType(inst.dst.type.elem)}.load`, SLOT_BYTES * inst.slot);
        return;
      case 'tile':
        return this.#f.get(TILE[inst.which]);
      case 'load':
        return this.#load(inst);
      case 'edge':
        throw this.#unsupported('an edge mask');
      case 'horizontal':
        this.#checkLanes(inst.a.type);
        return vectorHorizontal(this.#f, inst.fn, inst.a.type, this.#pusher(inst.a));
      case 'unzip':
        return vectorUnzip(
          this.#f,
          inst.part,
          inst.dst.type,
          this.#pusher(inst.a),
          this.#pusher(inst.b),
        );
      case 'zip':
        return vectorZip(
          this.#f,
          inst.half,
          inst.dst.type,
          this.#pusher(inst.a),
          this.#pusher(inst.b),
        );
      case 'extract':
        this.#checkLanes(inst.a.type);
        return vectorExtract(this.#f, inst.a.type, inst.lane, this.#pusher(inst.a));
      default:
        return inst.dst.type.lanes === 1 ? this.#scalar(inst) : this.#vector(inst);
    }
  }

  #const(type: KType, value: number | bigint): void {
    if (type.lanes > 1) {
      return vectorConst(this.#f, type, new Array<number | bigint>(type.lanes).fill(value));
    }
    this.#f.emit(
      `${scalarType(type.elem)}.const`,
      type.elem === 'i64' ? BigInt(value) : Number(value),
    );
  }

  #scalar(inst: Inst): void {
    const f = this.#f;
    switch (inst.op) {
      case 'unary':
        return scalarUnary(f, inst.fn, inst.dst.type.elem, this.#pusher(inst.a));
      case 'binary': {
        const [a, b] = [this.#pusher(inst.a), this.#pusher(inst.b)];
        return scalarBinary(f, inst.fn, inst.dst.type.elem, a, b, this.#constant(inst.b));
      }
      case 'fma':
        return this.#scalarFma(inst);
      case 'compare':
        return scalarCompare(
          f,
          inst.fn,
          inst.a.type.elem,
          this.#pusher(inst.a),
          this.#pusher(inst.b),
        );
      case 'select':
        for (const reg of [inst.a, inst.b, inst.mask]) this.#push(reg);
        return f.emit('select');
      case 'convert':
        return scalarConvert(f, inst.a.type.elem, inst.dst.type.elem, this.#pusher(inst.a));
      case 'bitcast':
        return scalarBitcast(f, inst.a.type.elem, inst.dst.type.elem, this.#pusher(inst.a));
      case 'splat':
        return this.#push(inst.a);
      default:
        throw this.#unsupported(`a scalar ${inst.op}`);
    }
  }

  /** Relaxed scalars go through vectors, so that a loop's tail rounds as its body does. */
  #scalarFma(inst: Of<'fma'>): void {
    const f = this.#f;
    const type = scalarType(inst.dst.type.elem);
    const pushes = [inst.a, inst.b, inst.c].map((reg) => this.#pusher(reg));
    if (!this.#relaxed || !isFloat(inst.dst.type.elem)) return vectorFma(f, type, false, pushes);
    const lanes = type === 'f32' ? 4 : 2;
    const shape = shapeOf({ elem: inst.dst.type.elem, lanes });
    const splats = pushes.map((push) => () => {
      push();
      f.emit(`${shape}.splat`);
    });
    vectorFma(f, shape, true, splats);
    f.emit(`${shape}.extract_lane`, 0);
  }

  #vector(inst: Inst): void {
    const f = this.#f;
    switch (inst.op) {
      case 'unary':
        return vectorUnary(f, inst.fn, inst.dst.type, this.#pusher(inst.a));
      case 'binary':
        return vectorBinary(f, inst.fn, inst.dst.type, this.#pusher(inst.a), this.#pusher(inst.b));
      case 'fma': {
        const pushes = [inst.a, inst.b, inst.c].map((reg) => this.#pusher(reg));
        const relaxed = this.#relaxed && isFloat(inst.dst.type.elem);
        return vectorFma(f, shapeOf(inst.dst.type), relaxed, pushes);
      }
      case 'compare':
        return vectorCompare(f, inst.fn, inst.a.type, this.#pusher(inst.a), this.#pusher(inst.b));
      case 'select':
        return vectorSelect(
          f,
          inst.dst.type,
          this.#pusher(inst.mask),
          this.#pusher(inst.a),
          this.#pusher(inst.b),
        );
      case 'convert':
        return vectorConvert(f, inst.a.type, inst.dst.type, this.#pusher(inst.a));
      case 'bitcast':
        return this.#push(inst.a);
      case 'splat': {
        const value = this.#constant(inst.a);
        if (value !== undefined) return this.#const(inst.dst.type, value);
        return vectorSplat(f, inst.dst.type, this.#pusher(inst.a));
      }
      case 'lanes': {
        const { type } = inst.dst;
        return vectorConst(
          f,
          type,
          Array.from({ length: type.lanes }, (_, i) => i),
        );
      }
      default:
        throw this.#unsupported(`a vector ${inst.op}`);
    }
  }

  // ---- limits

  /** Vectors have 4 lanes of 32 bits or 2 lanes, the same number all over the kernel. */
  #checkLanes({ elem, lanes }: KType): void {
    if (lanes === 1 || lanes === this.#lanes) return;
    const wide = elem === 'f64' || elem === 'i64';
    if ((lanes !== 4 && lanes !== 2) || (wide && lanes !== 2)) {
      throw this.#unsupported(`a vector of ${lanes} ${elem} lanes`);
    }
    if (this.#lanes !== 1) throw this.#unsupported(`vectors of ${this.#lanes} and ${lanes} lanes`);
    this.#lanes = lanes;
  }

  #unsupported(what: string): Error {
    return new Error(`WebAssembly cannot compile ${what} (kernel ${this.#kernel.name})`);
  }
}
