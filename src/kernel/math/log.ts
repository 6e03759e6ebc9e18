/**
 * log and log1p. x = 2^k m with sqrt(1/2) <= m < sqrt(2), f = m - 1; log(1 + f) = f - f^2/2 + ...
 * by a polynomial in f (f32) or, as in fdlibm's e_log.c (Sun Microsystems, 1993), by s = f/(2+f)
 * and a polynomial in s^2 (f64); k ln 2 is added in two parts.
 */
import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import { LN2, LOG } from './coefficients.gen.ts';
import { FloatLanes } from './float-lanes.ts';

/** log(2^k m) + correction. */
function logOfParts(f: FloatLanes, m: Reg, k: Reg, correction: Reg | null): Reg {
  const d = f.sub(m, 1);
  const square = f.mul(d, d);
  const half = f.mul(square, 0.5);
  let tail = f.mul(k, f.part(LN2, 1));
  if (correction !== null) tail = f.add(tail, correction);
  let bent: Reg;
  if (f.format.elem === 'f32') {
    bent = f.sub(f.fma(f.mul(square, d), f.poly(d, LOG), tail), half);
  } else {
    const s = f.div(d, f.add(d, 2));
    const z = f.mul(s, s);
    const rest = f.fma(z, f.poly(z, LOG), half);
    bent = f.sub(f.fma(s, rest, tail), half);
  }
  return f.fma(k, f.part(LN2, 0), f.add(d, bent));
}

/**
 * The natural logarithm: log(0) = -infinity, log of a negative number is NaN; denormals are exact
 * inputs. Within 0.9 ULP (f32 0.85 fused and unfused; f64 0.81, 0.82).
 */
export function log(b: KernelBuilder, x: Reg): Reg {
  const f = new FloatLanes(b, x);
  const { m, k } = f.split(x, true);
  const finite = logOfParts(f, m, k, null);
  const upper = f.select(f.is(x, 'eq', Infinity), x, finite);
  const lower = f.select(f.is(x, 'eq', 0), -Infinity, NaN);
  return f.select(f.is(x, 'gt', 0), upper, lower);
}

/**
 * log(1 + x) = log(u) + c/u, where u = 1 + x rounded and c is what the rounding lost (fdlibm,
 * s_log1p.c). -0 is kept. Within 0.9 ULP (f32 0.84 fused, 0.86 unfused; f64 0.82, 0.82).
 */
export function log1p(b: KernelBuilder, x: Reg): Reg {
  const f = new FloatLanes(b, x);
  const u = f.add(x, 1);
  const lost = f.select(f.is(x, 'ge', 1), f.sub(1, f.sub(u, x)), f.sub(x, f.sub(u, 1)));
  const { m, k } = f.split(u, false);
  const finite = logOfParts(f, m, k, f.div(lost, u));
  const kept = b.binary('or', f.is(x, 'eq', Infinity), f.is(x, 'eq', 0));
  const upper = f.select(kept, x, finite);
  const lower = f.select(f.is(x, 'eq', -1), -Infinity, NaN);
  return f.select(f.is(x, 'gt', -1), upper, lower);
}
