/**
 * Kernel IR: structured loops over typed virtual registers, between ops and machine code.
 *
 * A kernel is a function of one argument block: 8-byte slots that hold pointers, sizes, strides
 * (all `index`: as wide as an address) and scalars. Registers are assigned once (SSA); a loop
 * carries its accumulators explicitly. Vector width is a number of lanes that the schedule asked
 * the target for. Addresses are a pointer register plus a scaled register plus a constant: no
 * division, no modulo. Machine code is made from this last, by `target/`.
 *
 * A kernel may cut its work into *tiles*, numbered pieces that run in any order and on any thread:
 * it is then called with a range of them, and runs those (see `tile`).
 */

/** `mask` is one truth value a lane; `index` is an address, size or stride (scalar only). */
export type Elem = 'f32' | 'f64' | 'i32' | 'i64' | 'mask' | 'index';

/** What memory holds: `u8` is a bool, read as and written from a `mask`. */
export type MemElem = 'f32' | 'f64' | 'i32' | 'i64' | 'u8' | 'index';

export interface KType {
  readonly elem: Elem;
  readonly lanes: number;
}

/** A virtual register, assigned by exactly one instruction (or loop or branch result). */
export interface Reg {
  readonly id: number;
  readonly type: KType;
}

/** base + index * scale + offset, in bytes. `base` and `index` are scalar `index` registers. */
export interface Address {
  readonly base: Reg;
  readonly index?: Reg;
  readonly scale?: 1 | 2 | 4 | 8;
  readonly offset: number;
}

export type UnaryOp = 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest' | 'not';

/**
 * Lane by lane. `div` and `rem` on i32/i64 are the total ones of Gradus (zero divisor gives 0,
 * INT_MIN / -1 wraps). `min` and `max` on floats propagate NaN. `shl shr sar` take a scalar i32
 * shift count as `b`; `mulhu` is the high half of the unsigned 32-bit product. On `index`: add,
 * sub, mul, min, max only.
 */
export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'rem'
  | 'min'
  | 'max'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr'
  | 'sar'
  | 'mulhu';

export type Predicate = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

export type Inst =
  | { readonly op: 'const'; readonly dst: Reg; readonly value: number | bigint }
  /**
   * Slot `slot` of the argument block, or so many slots after it as index register `from` says: the
   * arguments of one part of a batch. Scalar f32 and i32 use its low four bytes.
   */
  | { readonly op: 'param'; readonly dst: Reg; readonly slot: number; readonly from?: Reg }
  /** Of this call: its first tile, one past its last, and the number of the thread it runs on. */
  | { readonly op: 'tile'; readonly dst: Reg; readonly which: 'first' | 'end' | 'thread' }
  | { readonly op: 'unary'; readonly fn: UnaryOp; readonly dst: Reg; readonly a: Reg }
  | {
      readonly op: 'binary';
      readonly fn: BinaryOp;
      readonly dst: Reg;
      readonly a: Reg;
      readonly b: Reg;
    }
  /** a * b + c; fused where the ISA class has it, else a rounded product and a rounded sum. */
  | { readonly op: 'fma'; readonly dst: Reg; readonly a: Reg; readonly b: Reg; readonly c: Reg }
  | {
      readonly op: 'compare';
      readonly fn: Predicate;
      readonly dst: Reg;
      readonly a: Reg;
      readonly b: Reg;
    }
  /** mask ? a : b, lane by lane. */
  | {
      readonly op: 'select';
      readonly dst: Reg;
      readonly mask: Reg;
      readonly a: Reg;
      readonly b: Reg;
    }
  /**
   * Numeric conversion between elems, same lanes. Float to integer truncates and saturates, NaN
   * gives 0; i64 to i32 wraps; mask to number is 1 or 0; number to mask is != 0; index <-> i32/i64.
   */
  | { readonly op: 'convert'; readonly dst: Reg; readonly a: Reg }
  /** Same bits as another elem of the same size (f32 <-> i32, f64 <-> i64). */
  | { readonly op: 'bitcast'; readonly dst: Reg; readonly a: Reg }
  /** A scalar in every lane. */
  | { readonly op: 'splat'; readonly dst: Reg; readonly a: Reg }
  /** i32 or i64 vector 0, 1, 2, ... */
  | { readonly op: 'lanes'; readonly dst: Reg }
  /** One lane as a scalar. */
  | { readonly op: 'extract'; readonly dst: Reg; readonly a: Reg; readonly lane: number }
  /** The lower, or upper, halves of two vectors with their lanes in turn: a0 b0 a1 b1 ... */
  | {
      readonly op: 'zip';
      readonly half: 'low' | 'high';
      readonly dst: Reg;
      readonly a: Reg;
      readonly b: Reg;
    }
  /** The even, or odd, lanes of two vectors after each other. */
  | {
      readonly op: 'unzip';
      readonly part: 'even' | 'odd';
      readonly dst: Reg;
      readonly a: Reg;
      readonly b: Reg;
    }
  /** All lanes into one scalar, halving: lane i with lane i + n/2, and so on (a fixed tree). */
  | {
      readonly op: 'horizontal';
      readonly fn: 'add' | 'mul' | 'min' | 'max';
      readonly dst: Reg;
      readonly a: Reg;
    }
  /** Mask of the lanes below scalar index `count`. Only on targets with masks. */
  | { readonly op: 'edge'; readonly dst: Reg; readonly count: Reg }
  /** Vector from consecutive elements, or with `splat` one element in every lane. */
  | {
      readonly op: 'load';
      readonly dst: Reg;
      readonly mem: MemElem;
      readonly addr: Address;
      readonly splat: boolean;
      /** Lanes outside give 0 and do not touch memory. Only on targets with masks. */
      readonly mask?: Reg;
    }
  | {
      readonly op: 'store';
      readonly mem: MemElem;
      readonly addr: Address;
      readonly value: Reg;
      readonly mask?: Reg;
      /**
       * Nobody will read it soon: it may pass by the caches. Of whole vectors of numbers, at an
       * address that is a multiple of their bytes.
       */
      readonly stream?: true;
    }
  | { readonly op: 'prefetch'; readonly addr: Address }
  /** for (index = from; index < to; index += step); step is a positive constant. */
  | {
      readonly op: 'loop';
      readonly index: Reg;
      readonly from: Reg;
      readonly to: Reg;
      readonly step: number;
      readonly carried: readonly Carried[];
      readonly body: readonly Inst[];
    }
  /** Runs one branch; `results` takes its values from the branch that ran. */
  | {
      readonly op: 'if';
      /** Scalar mask. */
      readonly cond: Reg;
      readonly then: readonly Inst[];
      readonly else: readonly Inst[];
      readonly results: readonly { readonly dst: Reg; readonly then: Reg; readonly else: Reg }[];
    }
  /**
   * If scalar mask `cond`: writes 1 + position (i32) to the fault word; the first fault wins, or the
   * lowest one where the target orders faults.
   */
  | { readonly op: 'fault'; readonly cond: Reg; readonly position: Reg };

/** A loop-carried register: `init` before the loop, `next` after each turn, `result` afterwards. */
export interface Carried {
  readonly reg: Reg;
  readonly init: Reg;
  readonly next: Reg;
  readonly result: Reg;
}

export interface Kernel {
  readonly name: string;
  /** What each argument slot holds, for printing and checking; of a batch, those of its first part. */
  readonly params: readonly { readonly name: string; readonly elem: 'ptr' | 'index' | Elem }[];
  readonly body: readonly Inst[];
  /** Number of registers; ids run below it. */
  readonly registers: number;
}

/** What a schedule may ask of the target. */
export interface TargetInfo {
  /** The ISA class in whose name results are bit-reproducible. */
  readonly isa: 'wasm' | 'wasm-relaxed' | 'avx2' | 'avx512';
  readonly vectorBytes: number;
  readonly vectorRegisters: number;
  /** Masked loads and stores for edges. */
  readonly masks: boolean;
  /** A masked store takes as long as many plain ones. */
  readonly slowMasks: boolean;
  /** A fused multiply-add whose operand may be broadcast from memory for free. */
  readonly fma: boolean;
  readonly prefetch: boolean;
  /** Bytes of an `index`. */
  readonly indexBytes: 4 | 8;
  readonly cache: { readonly l1: number; readonly l2: number };
  /** Bytes that a kernel touches from which on its stores pass by the caches; Infinity: never. */
  readonly streamBytes: number;
  /** Threads that may run tiles of one kernel at a time: each has scratch memory of its own. */
  readonly threads: number;
  /** Elements loaded or stored from which on it pays to call another thread. */
  readonly parallelWork: number;
  /** Whether the lowest of the faults wins, whichever thread meets it first. */
  readonly ordersFaults: boolean;
}

export const WASM_TARGET: TargetInfo = {
  isa: 'wasm',
  vectorBytes: 16,
  vectorRegisters: 15,
  masks: false,
  slowMasks: false,
  fma: false,
  prefetch: false,
  indexBytes: 4,
  cache: { l1: 32 << 10, l2: 512 << 10 },
  streamBytes: Number.POSITIVE_INFINITY,
  threads: 1,
  parallelWork: 2 ** 16,
  ordersFaults: false,
};

export const AVX512_TARGET: TargetInfo = {
  isa: 'avx512',
  vectorBytes: 64,
  vectorRegisters: 32,
  masks: true,
  slowMasks: false,
  fma: true,
  prefetch: true,
  indexBytes: 8,
  cache: { l1: 48 << 10, l2: 1 << 20 },
  streamBytes: 32 << 20,
  threads: 1,
  parallelWork: 2 ** 16,
  ordersFaults: true,
};

export const AVX2_TARGET: TargetInfo = {
  isa: 'avx2',
  vectorBytes: 32,
  vectorRegisters: 16,
  masks: true,
  slowMasks: true,
  fma: true,
  prefetch: true,
  indexBytes: 8,
  cache: { l1: 32 << 10, l2: 512 << 10 },
  streamBytes: 32 << 20,
  threads: 1,
  parallelWork: 2 ** 15,
  ordersFaults: true,
};
