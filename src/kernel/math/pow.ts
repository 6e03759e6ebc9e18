/**
 * pow. log2|x| as a sum of two floats, times y in parts whose products are exact, then 2 to that
 * power: the plan of fdlibm's e_pow.c (Sun Microsystems, 1993), without its tables and branches.
 */
import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import { EXP2, POW_LOG, TWO_OVER_3_LN2 } from './coefficients.gen.ts';
import { FloatLanes } from './float-lanes.ts';

/** log2(a) for positive finite a as head + tail; the head has half a significand. */
function log2Parts(f: FloatLanes, a: Reg): readonly [Reg, Reg] {
  const { m, k } = f.split(a, true);
  // s = (m - 1) / (m + 1) = sh + sl.
  const u = f.sub(m, 1);
  const v = f.add(m, 1);
  const vh = f.head(v);
  const vl = f.sub(m, f.sub(vh, 1));
  const inverse = f.div(1, v);
  const s = f.mul(u, inverse);
  const sh = f.head(s);
  const sl = f.mul(f.sub(f.sub(u, f.mul(sh, vh)), f.mul(sh, vl)), inverse);
  // log(m) = 2/3 s (3 + s^2 + rest), the bracket as th + tl.
  const z = f.mul(s, s);
  const rest = f.fma(f.mul(z, z), f.poly(z, POW_LOG), f.mul(sl, f.add(sh, s)));
  const square = f.mul(sh, sh);
  const th = f.head(f.add(f.add(square, 3), rest));
  const tl = f.sub(rest, f.sub(f.sub(th, 3), square));
  const ph = f.mul(sh, th);
  const pl = f.fma(sl, th, f.mul(tl, s));
  const head = f.head(f.add(ph, pl));
  const tail = f.sub(pl, f.sub(head, ph));
  // times 2 / (3 ln 2), plus k.
  const zh = f.mul(head, f.part(TWO_OVER_3_LN2, 0));
  const whole = 2 / (3 * Math.LN2);
  const zl = f.fma(head, f.part(TWO_OVER_3_LN2, 1), f.mul(tail, whole));
  const high = f.head(f.add(f.add(zh, zl), k));
  return [high, f.sub(zl, f.sub(f.sub(high, k), zh))];
}

/** a^y for positive finite a and finite y. */
function magnitude(f: FloatLanes, a: Reg, y: Reg): Reg {
  const [high, low] = log2Parts(f, a);
  const yh = f.head(y);
  const pl = f.fma(f.sub(y, yh), high, f.mul(y, low));
  const ph = f.mul(yh, high);
  const p = f.add(ph, pl);
  const magic = f.format.magic + 2 * f.format.bias;
  const shifted = f.add(p, magic);
  const r = f.add(f.sub(ph, f.sub(shifted, magic)), pl);
  const result = f.scale(f.fma(f.poly(r, EXP2), r, 1), shifted);
  const under = f.select(f.is(p, 'lt', f.pick(-151, -1076)), 0, result);
  return f.select(f.is(p, 'gt', f.pick(129, 1025)), Infinity, under);
}

/**
 * x^y with IEEE 754's special cases: x^0 = 1^y = 1 even for NaN, a negative base takes integer
 * exponents only (else NaN), the sign of an odd power of a negative zero or infinity is kept.
 * Within 1.3 ULP in f32 (1.01 fused, 1.25 unfused), 1.7 in f64 (1.52, 1.61).
 */
export function pow(b: KernelBuilder, x: Reg, y: Reg): Reg {
  const f = new FloatLanes(b, x);
  const and = (p: Reg, q: Reg): Reg => b.binary('and', p, q);
  const or = (p: Reg, q: Reg): Reg => b.binary('or', p, q);
  const a = f.abs(x);
  // Beyond this size of y every base but 1 overflows or vanishes.
  const far = f.pick(2 ** 40, 2 ** 70);
  const ordinary = magnitude(f, a, f.atLeast(f.atMost(y, far), -far));
  // 0 and infinity as bases.
  const zero = f.is(a, 'eq', 0);
  const infinite = f.is(a, 'eq', Infinity);
  const grows = b.binary('xor', zero, f.is(y, 'gt', 0));
  const edge = f.select(grows, Infinity, 0);
  const unsigned = f.select(or(zero, infinite), edge, ordinary);
  // The sign of x stays if y is odd: an integer whose half is none.
  const whole = f.is(b.unary('floor', y), 'eq', y);
  const half = f.mul(y, 0.5);
  const odd = and(whole, f.is(b.unary('floor', half), 'ne', half));
  const signed = f.flip(unsigned, b.select(odd, f.signOf(x), f.i(0n)));
  const root = and(and(f.is(x, 'lt', 0), b.unary('not', whole)), b.unary('not', infinite));
  const nan = or(root, or(f.is(x, 'ne', x), f.is(y, 'ne', y)));
  const one = or(f.is(y, 'eq', 0), f.is(x, 'eq', 1));
  return f.select(one, 1, f.select(nan, NaN, signed));
}
