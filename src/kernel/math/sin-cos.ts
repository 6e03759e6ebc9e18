/**
 * sin and cos. Range reduction x = n pi/2 + r, |r| <= pi/4, in the manner of Cody & Waite: pi/2 is
 * a sum of parts so short that n times each is exact; the differences that may round (those after
 * the leading parts) keep their rounding errors, which are added at the end, so that r has nearly
 * full relative precision even beside a zero of the function. Then two polynomials in r^2, swapped
 * and negated by n mod 4.
 *
 * Within 1.6 ULP (f32 1.53 fused, 1.54 unfused; f64 1.47, 1.48) for |x| <= 1e5 in f32 and 1e6 in
 * f64. Beyond, products of n are rounded and precision decays (sooner unfused); where n has no
 * exact bits left the result is some number in [-1, 1].
 */
import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import { COS, HALF_PI, SIN } from './coefficients.gen.ts';
import { FloatLanes } from './float-lanes.ts';

/** r, and n in the low bits of an integer. */
function reduce(f: FloatLanes, x: Reg): { readonly r: Reg; readonly n: Reg } {
  const { magic } = f.format;
  const shifted = f.fma(x, 2 / Math.PI, magic);
  const n = f.sub(shifted, magic);
  const exact = f.pick(2, 1);
  const last = HALF_PI[f.format.elem].length - 1;
  let d = x;
  for (let i = 0; i < exact; i++) d = f.fma(n, f.part(HALF_PI, i, -1), d);
  let lost: Reg | null = null;
  for (let i = exact; i < last; i++) {
    const p = f.mul(n, f.part(HALF_PI, i));
    const next = f.sub(d, p);
    const error = f.sub(f.sub(d, next), p);
    lost = lost === null ? error : f.add(lost, error);
    d = next;
  }
  const tail = f.fma(n, f.part(HALF_PI, last, -1), lost ?? 0);
  // Where |x| is too large for the parts, r is meaningless: it must still be small.
  const r = f.atLeast(f.atMost(f.add(d, tail), 0.8), -0.8);
  return { r, n: f.bits(shifted) };
}

function sinCos(b: KernelBuilder, x: Reg, quarter: 0 | 1): Reg {
  const f = new FloatLanes(b, x);
  const { r, n } = reduce(f, x);
  const z = f.mul(r, r);
  const sine = f.fma(f.mul(z, r), f.poly(z, SIN), r);
  const cosine = f.add(f.fma(f.mul(z, z), f.poly(z, COS), f.mul(z, -0.5)), f.c(1));
  const turn = quarter === 0 ? n : b.binary('add', n, f.i(1n));
  const odd = b.compare('ne', b.binary('and', turn, f.i(1n)), f.i(0n));
  const sign = b.binary('and', f.shl(turn, f.pick(30, 62)), f.signMask);
  return f.flip(f.select(odd, cosine, sine), sign);
}

/** sin(x). -0 is kept, infinities give NaN. */
export function sin(b: KernelBuilder, x: Reg): Reg {
  const f = new FloatLanes(b, x);
  return f.select(f.is(x, 'eq', 0), x, sinCos(b, x, 0));
}

/** cos(x). Infinities give NaN. */
export function cos(b: KernelBuilder, x: Reg): Reg {
  return sinCos(b, x, 1);
}
