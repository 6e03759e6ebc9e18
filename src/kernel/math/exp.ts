/**
 * exp and expm1. Range reduction x = n ln 2 + r with |r| <= ln(2)/2 (Cody & Waite, *Software
 * Manual for the Elementary Functions*, 1980: ln 2 in two parts, the first short enough that its
 * multiples are exact), a minimax polynomial for exp(r), and scaling by powers of two.
 *
 * ULP bounds here and beside: the largest errors measured over some 600 million float32 and 6
 * million float64 values, with `fma` fused and then unfused; accuracy.test.ts holds them.
 */
import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import { EXP, EXPM1, LN2 } from './coefficients.gen.ts';
import { FloatLanes } from './float-lanes.ts';

/** exp(x) = 2^n exp(r), where `shifted` = n + magic + offset. */
function reduce(f: FloatLanes, x: Reg, offset: number): { shifted: Reg; r: Reg } {
  const magic = f.format.magic + offset;
  const shifted = f.fma(x, Math.LOG2E, magic);
  const n = f.sub(shifted, magic);
  const r = f.fma(n, f.part(LN2, 1, -1), f.fma(n, f.part(LN2, 0, -1), x));
  return { shifted, r };
}

/**
 * exp(x). Overflow gives infinity, underflow passes through the denormals to 0, rounded once.
 * Within 1.2 ULP (f32 0.89 fused, 1.17 unfused; f64 0.88, 1.15).
 */
export function exp(b: KernelBuilder, x: Reg): Reg {
  const f = new FloatLanes(b, x);
  const clamped = f.atLeast(f.atMost(x, f.pick(89, 710)), f.pick(-104, -746));
  const { shifted, r } = reduce(f, clamped, 2 * f.format.bias);
  const p = f.fma(f.fma(f.poly(r, EXP), r, 1), r, 1);
  return f.scale(p, shifted);
}

/**
 * exp(x) for x whose result is a normal number (|x| <= 87 in f32, 708 in f64), cheaper; NaN stays.
 */
export function expNormal(f: FloatLanes, x: Reg): Reg {
  const { shifted, r } = reduce(f, x, f.format.bias);
  const p = f.fma(f.fma(f.poly(r, EXP), r, 1), r, 1);
  return f.mul(p, f.powerOfTwo(shifted));
}

/**
 * exp(x) - 1 = 2^n (expm1(r) + 1 - 2^-n), without cancellation; -0 is kept.
 * Within 1.5 ULP (f32 1.40 fused, 1.49 unfused; f64 1.36, 1.44).
 */
export function expm1(b: KernelBuilder, x: Reg): Reg {
  const f = new FloatLanes(b, x);
  const { bias, fraction } = f.format;
  const clamped = f.atLeast(f.atMost(x, f.pick(89, 710)), f.pick(-18, -38));
  const magic = f.format.magic + 2 * bias;
  const shifted = f.fma(clamped, Math.LOG2E, magic);
  const n = f.sub(shifted, magic);
  // r + c is the reduced argument: the rounding of r would cost an ULP where |x| is about 0.4.
  const high = f.fma(n, f.part(LN2, 0, -1), clamped);
  const low = f.mul(n, f.part(LN2, 1));
  const r = f.sub(high, low);
  const c = f.sub(f.sub(high, r), low);
  const tail = f.fma(f.mul(r, r), f.poly(r, EXPM1), f.fma(c, r, c));
  const q = f.add(r, tail);
  // 2^n = s1 s2, and 1/s2 by subtracting exponents.
  const [s1, s2] = f.halves(shifted);
  const inverse = f.fromBits(
    b.binary('sub', f.i(BigInt(2 * bias) << BigInt(fraction)), f.bits(s2)),
  );
  const result = f.mul(f.fma(q, s1, f.sub(s1, inverse)), s2);
  return f.select(f.is(x, 'eq', 0), x, result);
}
