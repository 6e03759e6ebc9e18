/**
 * Short words for writing a function of floating-point lanes once for f32 and f64: constants,
 * polynomials, and the bit tricks that depend on the format.
 */
import type { KernelBuilder } from '../builder.ts';
import type { Predicate, Reg } from '../ir.ts';
import type { Coefficients } from './coefficients.gen.ts';

/** What the bits of a float look like, and the thresholds that follow. */
export interface FloatFormat {
  readonly elem: 'f32' | 'f64';
  readonly int: 'i32' | 'i64';
  /** Stored significand bits. */
  readonly fraction: number;
  readonly bias: number;
  /** 1.5 * 2^fraction: adding it rounds to an integer that then sits in the low bits. */
  readonly magic: number;
  readonly minNormal: number;
  /** Clears the low half of the significand: products of two such values are exact. */
  readonly headMask: bigint;
}

const F32: FloatFormat = {
  elem: 'f32',
  int: 'i32',
  fraction: 23,
  bias: 127,
  magic: 1.5 * 2 ** 23,
  minNormal: 2 ** -126,
  headMask: 0xfffff000n,
};

const F64: FloatFormat = {
  elem: 'f64',
  int: 'i64',
  fraction: 52,
  bias: 1023,
  magic: 1.5 * 2 ** 52,
  minNormal: 2 ** -1022,
  headMask: 0xfffffffff8000000n,
};

export class FloatLanes {
  readonly b: KernelBuilder;
  readonly format: FloatFormat;
  readonly lanes: number;

  /** Works on registers of the type of `like`: f32 or f64. */
  constructor(b: KernelBuilder, like: Reg) {
    const { elem, lanes } = like.type;
    if (elem !== 'f32' && elem !== 'f64') throw new Error(`not a float register: ${elem}`);
    this.b = b;
    this.format = elem === 'f32' ? F32 : F64;
    this.lanes = lanes;
  }

  /** One of two facts, by format. */
  pick<T>(f32: T, f64: T): T {
    return this.format.elem === 'f32' ? f32 : f64;
  }

  // ---- floats

  /** A constant, rounded to the format. */
  c(value: number): Reg {
    const { elem } = this.format;
    const exact = elem === 'f32' ? Math.fround(value) : value;
    return this.b.splat(this.b.const(elem, exact), this.lanes);
  }

  /** The coefficient of a table of parts. */
  part(table: Coefficients, index: number, sign: 1 | -1 = 1): Reg {
    return this.c(sign * table[this.format.elem][index]);
  }

  add = (x: Reg, y: Reg | number): Reg => this.b.binary('add', x, this.reg(y));
  sub = (x: Reg | number, y: Reg | number): Reg => this.b.binary('sub', this.reg(x), this.reg(y));
  mul = (x: Reg, y: Reg | number): Reg => this.b.binary('mul', x, this.reg(y));
  div = (x: Reg | number, y: Reg): Reg => this.b.binary('div', this.reg(x), y);
  fma = (x: Reg, y: Reg | number, z: Reg | number): Reg => this.b.fma(x, this.reg(y), this.reg(z));

  abs(x: Reg): Reg {
    return this.b.unary('abs', x);
  }

  /** Horner's rule; coefficients from the highest power down. */
  poly(x: Reg, table: Coefficients): Reg {
    const coefficients = table[this.format.elem];
    let sum = this.c(coefficients[0]);
    for (const k of coefficients.slice(1)) sum = this.fma(sum, x, k);
    return sum;
  }

  // ---- masks

  is(x: Reg, fn: Predicate, y: Reg | number): Reg {
    return this.b.compare(fn, x, this.reg(y));
  }

  select(mask: Reg, x: Reg | number, y: Reg | number): Reg {
    return this.b.select(mask, this.reg(x), this.reg(y));
  }

  /** The smaller; a NaN in `x` stays. (Compare and select: cheaper than a NaN-proof `min`.) */
  atMost(x: Reg, limit: number): Reg {
    return this.select(this.is(x, 'gt', limit), limit, x);
  }

  /** The larger; a NaN in `x` stays. */
  atLeast(x: Reg, limit: number): Reg {
    return this.select(this.is(x, 'lt', limit), limit, x);
  }

  // ---- bits

  /** An integer constant as wide as the float, given as its bits. */
  i(value: bigint): Reg {
    const { int } = this.format;
    const signed = int === 'i32' ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);
    return this.b.splat(this.b.const(int, signed), this.lanes);
  }

  bits(x: Reg): Reg {
    return this.b.bitcast(x, this.format.int);
  }

  fromBits(i: Reg): Reg {
    return this.b.bitcast(i, this.format.elem);
  }

  shl(i: Reg, count: number): Reg {
    return this.b.binary('shl', i, this.b.const('i32', count));
  }

  shr(i: Reg, count: number): Reg {
    return this.b.binary('shr', i, this.b.const('i32', count));
  }

  get signMask(): Reg {
    return this.i(this.pick(1n << 31n, 1n << 63n));
  }

  /** The sign bit alone, as an integer. */
  signOf(x: Reg): Reg {
    return this.b.binary('and', this.bits(x), this.signMask);
  }

  /** Flips the sign of `x` where `sign` (an integer, sign bit or zero) is set. */
  flip(x: Reg, sign: Reg): Reg {
    return this.fromBits(this.b.binary('xor', this.bits(x), sign));
  }

  /** `x` with the low half of its significand cleared. */
  head(x: Reg): Reg {
    return this.fromBits(this.b.binary('and', this.bits(x), this.i(this.format.headMask)));
  }

  /**
   * p * 2^n for `shifted` = n + 2 * bias + magic (a float): two factors 2^(n/2), so that n may
   * run from twice the least to twice the greatest exponent and a denormal is rounded once.
   */
  scale(p: Reg, shifted: Reg): Reg {
    const [s1, s2] = this.halves(shifted);
    return this.mul(this.mul(p, s1), s2);
  }

  /** 2^floor(n/2) and 2^ceil(n/2) for `shifted` = n + 2 * bias + magic. */
  halves(shifted: Reg): readonly [Reg, Reg] {
    const { fraction } = this.format;
    const doubled = this.shl(this.bits(shifted), fraction - 1);
    const clear = this.i(-1n << BigInt(fraction));
    const h = this.b.binary('and', doubled, clear);
    const rest = this.b.binary('sub', this.shl(doubled, 1), h);
    return [this.fromBits(h), this.fromBits(rest)];
  }

  /** 2^n for `shifted` = n + bias + magic, n a normal exponent. */
  powerOfTwo(shifted: Reg): Reg {
    return this.fromBits(this.shl(this.bits(shifted), this.format.fraction));
  }

  /**
   * Positive finite x = m * 2^k with m in [sqrt(1/2), sqrt(2)), denormals included; k a float.
   * (For other x both are meaningless but harmless.)
   */
  split(x: Reg, denormals: boolean): { readonly m: Reg; readonly k: Reg } {
    const { fraction, bias, minNormal, elem } = this.format;
    const up = elem === 'f32' ? 23 : 54;
    const anchor = 2 ** fraction;
    let normal = x;
    let origin = this.c(anchor + bias);
    if (denormals) {
      const small = this.is(x, 'lt', minNormal);
      normal = this.select(small, this.mul(x, 2 ** up), x);
      origin = this.select(small, anchor + bias + up, origin);
    }
    const root = this.pick(0x3f3504f3n, 0x3fe6a09e667f3bcdn);
    const one = BigInt(bias) << BigInt(fraction);
    const { b } = this;
    const u = b.binary('add', this.bits(normal), this.i(one - root));
    const low = b.binary('and', u, this.i((1n << BigInt(fraction)) - 1n));
    const m = this.fromBits(b.binary('add', low, this.i(root)));
    // The biased exponent in the low bits of 2^fraction, read as a float.
    const exponentBits = this.i(BigInt(bias + fraction) << BigInt(fraction));
    const k = this.fromBits(b.binary('or', this.shr(u, fraction), exponentBits));
    return { m, k: this.sub(k, origin) };
  }

  private reg(x: Reg | number): Reg {
    return typeof x === 'number' ? this.c(x) : x;
  }
}
