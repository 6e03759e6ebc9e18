/**
 * One element's expression as Kernel IR: the {@link ElementBuilder} that ops are written against,
 * over registers of a fixed number of lanes. Scalar registers (run-time scalars, loop-invariant
 * operands) mix freely with vectors: they are splat where they meet one.
 */
import type { DType } from '../base/index.ts';
import type { ElementBuilder, Elem as OpElem } from '../ir/index.ts';
import type { KernelBuilder } from './builder.ts';
import type { BinaryOp, Elem, Predicate, Reg, UnaryOp } from './ir.ts';
import { erf } from './math/erf.ts';
import { exp, expm1 } from './math/exp.ts';
import { log, log1p } from './math/log.ts';
import { philox } from './math/philox.ts';
import { pow } from './math/pow.ts';
import { cos, sin } from './math/sin-cos.ts';
import { tanh } from './math/tanh.ts';

/** An element inside a kernel: its dtype and the register that holds it. */
export interface KElem extends OpElem {
  readonly reg: Reg;
}

const REGISTER: Readonly<Record<DType, Elem>> = {
  float32: 'f32',
  float64: 'f64',
  int32: 'i32',
  int64: 'i64',
  bool: 'mask',
};

/** The kind of register that holds elements of `dtype`. */
export const registerOf = (dtype: DType): Elem => REGISTER[dtype];

export class Expression implements ElementBuilder {
  readonly b: KernelBuilder;
  readonly lanes: number;
  private readonly position: (() => Reg) | null;

  /**
   * `position` gives the linear output index of these lanes as i32, a vector of `lanes` or a
   * scalar; null where the kernel has none (then {@link index} and {@link philox} throw).
   */
  constructor(b: KernelBuilder, lanes: number, position: (() => Reg) | null) {
    this.b = b;
    this.lanes = lanes;
    this.position = position;
  }

  /** The element as a register of all lanes. */
  widen(a: KElem): Reg {
    return this.b.splat(a.reg, this.lanes);
  }

  constant(value: number | bigint | boolean, dtype: DType): KElem {
    const scalar = this.b.const(REGISTER[dtype], constantFor(value, dtype));
    return { dtype, reg: this.b.splat(scalar, this.lanes) };
  }

  // ---- arithmetic; on bool: add is or, mul is and, max is or, min is and

  add(a: KElem, b: KElem): KElem {
    return this.binary(a.dtype === 'bool' ? 'or' : 'add', a, b);
  }

  sub(a: KElem, b: KElem): KElem {
    return this.binary(a.dtype === 'bool' ? 'xor' : 'sub', a, b);
  }

  mul(a: KElem, b: KElem): KElem {
    return this.binary(a.dtype === 'bool' ? 'and' : 'mul', a, b);
  }

  div(a: KElem, b: KElem): KElem {
    return this.binary('div', number(a, 'div'), b);
  }

  rem(a: KElem, b: KElem): KElem {
    return this.binary('rem', integer(a, 'rem'), b);
  }

  min(a: KElem, b: KElem): KElem {
    return this.binary(a.dtype === 'bool' ? 'and' : 'min', a, b);
  }

  max(a: KElem, b: KElem): KElem {
    return this.binary(a.dtype === 'bool' ? 'or' : 'max', a, b);
  }

  neg(a: KElem): KElem {
    return this.unary('neg', number(a, 'neg'));
  }

  abs(a: KElem): KElem {
    return a.dtype === 'bool' ? a : this.unary('abs', a);
  }

  sqrt(a: KElem): KElem {
    return this.unary('sqrt', float(a, 'sqrt'));
  }

  floor(a: KElem): KElem {
    return this.rounded('floor', a);
  }

  ceil(a: KElem): KElem {
    return this.rounded('ceil', a);
  }

  trunc(a: KElem): KElem {
    return this.rounded('trunc', a);
  }

  round(a: KElem): KElem {
    return this.rounded('nearest', a);
  }

  // ---- transcendental

  exp(a: KElem): KElem {
    return this.math('exp', exp, a);
  }

  expm1(a: KElem): KElem {
    return this.math('expm1', expm1, a);
  }

  log(a: KElem): KElem {
    return this.math('log', log, a);
  }

  log1p(a: KElem): KElem {
    return this.math('log1p', log1p, a);
  }

  sin(a: KElem): KElem {
    return this.math('sin', sin, a);
  }

  cos(a: KElem): KElem {
    return this.math('cos', cos, a);
  }

  tanh(a: KElem): KElem {
    return this.math('tanh', tanh, a);
  }

  erf(a: KElem): KElem {
    return this.math('erf', erf, a);
  }

  pow(a: KElem, b: KElem): KElem {
    const [x, y] = this.same(float(a, 'pow'), b);
    return { dtype: a.dtype, reg: pow(this.b, x, y) };
  }

  // ---- comparison

  eq(a: KElem, b: KElem): KElem {
    return a.dtype === 'bool' ? this.not(this.binary('xor', a, b)) : this.compare('eq', a, b);
  }

  ne(a: KElem, b: KElem): KElem {
    return a.dtype === 'bool' ? this.binary('xor', a, b) : this.compare('ne', a, b);
  }

  lt(a: KElem, b: KElem): KElem {
    return a.dtype === 'bool' ? this.binary('and', this.not(a), b) : this.compare('lt', a, b);
  }

  le(a: KElem, b: KElem): KElem {
    return a.dtype === 'bool' ? this.binary('or', this.not(a), b) : this.compare('le', a, b);
  }

  gt(a: KElem, b: KElem): KElem {
    return a.dtype === 'bool' ? this.binary('and', a, this.not(b)) : this.compare('gt', a, b);
  }

  ge(a: KElem, b: KElem): KElem {
    return a.dtype === 'bool' ? this.binary('or', a, this.not(b)) : this.compare('ge', a, b);
  }

  // ---- logic and bits

  and(a: KElem, b: KElem): KElem {
    return this.binary('and', bits(a, 'and'), b);
  }

  or(a: KElem, b: KElem): KElem {
    return this.binary('or', bits(a, 'or'), b);
  }

  xor(a: KElem, b: KElem): KElem {
    return this.binary('xor', bits(a, 'xor'), b);
  }

  not(a: KElem): KElem {
    return this.unary('not', bits(a, 'not'));
  }

  shl(a: KElem, count: number): KElem {
    return this.shift('shl', a, count);
  }

  shr(a: KElem, count: number): KElem {
    return this.shift('shr', a, count);
  }

  select(cond: KElem, a: KElem, b: KElem): KElem {
    if (a.dtype === 'bool') {
      return this.or(this.and(cond, a), this.and(this.not(cond), b));
    }
    const lanes = Math.max(cond.reg.type.lanes, a.reg.type.lanes, b.reg.type.lanes);
    const [m, x, y] = [cond, a, b].map((e) => this.b.splat(e.reg, lanes));
    return { dtype: a.dtype, reg: this.b.select(m, x, y) };
  }

  cast(a: KElem, dtype: DType): KElem {
    return { dtype, reg: this.b.convert(a.reg, REGISTER[dtype]) };
  }

  // ---- position

  index(): KElem {
    if (this.position === null) throw new Error('this kernel has no element positions');
    return { dtype: 'int32', reg: this.position() };
  }

  philox(word: number, keyLo: KElem, keyHi: KElem, counterLo: KElem, counterHi: KElem): KElem {
    const zero = this.b.const('i32', 0);
    const position = this.index().reg;
    const counter = [position, zero, counterLo.reg, counterHi.reg];
    const words = philox(this.b, counter, [keyLo.reg, keyHi.reg]);
    return { dtype: 'int32', reg: words[word] };
  }

  // ---- inside

  private same(a: KElem, b: KElem): readonly [Reg, Reg] {
    const lanes = Math.max(a.reg.type.lanes, b.reg.type.lanes);
    return [this.b.splat(a.reg, lanes), this.b.splat(b.reg, lanes)];
  }

  private unary(fn: UnaryOp, a: KElem): KElem {
    return { dtype: a.dtype, reg: this.b.unary(fn, a.reg) };
  }

  private rounded(fn: UnaryOp, a: KElem): KElem {
    return a.dtype === 'float32' || a.dtype === 'float64' ? this.unary(fn, a) : a;
  }

  private binary(fn: BinaryOp, a: KElem, b: KElem): KElem {
    const [x, y] = this.same(a, b);
    return { dtype: a.dtype, reg: this.b.binary(fn, x, y) };
  }

  private compare(fn: Predicate, a: KElem, b: KElem): KElem {
    const [x, y] = this.same(a, b);
    return { dtype: 'bool', reg: this.b.compare(fn, x, y) };
  }

  private shift(fn: 'shl' | 'shr', a: KElem, count: number): KElem {
    const by = this.b.const('i32', count);
    return { dtype: a.dtype, reg: this.b.binary(fn, integer(a, fn).reg, by) };
  }

  private math(name: string, fn: (b: KernelBuilder, x: Reg) => Reg, a: KElem): KElem {
    return { dtype: a.dtype, reg: fn(this.b, float(a, name).reg) };
  }
}

/** A constant as the IR writes it: bigint for i64, 0 or 1 for a mask, wrapped to int32. */
function constantFor(value: number | bigint | boolean, dtype: DType): number | bigint {
  switch (dtype) {
    case 'float32':
      return Math.fround(Number(value));
    case 'float64':
      return Number(value);
    case 'int32':
      return Number(BigInt.asIntN(32, wholeOf(value)));
    case 'int64':
      return BigInt.asIntN(64, wholeOf(value));
    case 'bool':
      return Number(value) === 0 ? 0 : 1;
  }
}

/** The integer part; an infinity or NaN has none and is 0. */
function wholeOf(value: number | bigint | boolean): bigint {
  if (typeof value !== 'number') return BigInt(value);
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

function float(a: KElem, op: string): KElem {
  if (a.dtype === 'float32' || a.dtype === 'float64') return a;
  throw new Error(`${op} of a ${a.dtype} element: its lowering must cast first`);
}

function integer(a: KElem, op: string): KElem {
  if (a.dtype === 'int32' || a.dtype === 'int64') return a;
  throw new Error(`${op} of a ${a.dtype} element: it takes integers`);
}

function number(a: KElem, op: string): KElem {
  if (a.dtype !== 'bool') return a;
  throw new Error(`${op} of a bool element: its lowering must cast first`);
}

function bits(a: KElem, op: string): KElem {
  if (a.dtype !== 'float32' && a.dtype !== 'float64') return a;
  throw new Error(`${op} of a ${a.dtype} element: it takes bool or integers`);
}
