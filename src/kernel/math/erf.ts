import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import { ERF, LOG_ERFC } from './coefficients.gen.ts';
import { expNormal } from './exp.ts';
import { FloatLanes } from './float-lanes.ts';

/**
 * erf(x) = 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. Odd; x + x P(x^2) where
 * |x| < 1, else 1 - exp(L(|x|)) where the polynomial L is log(erfc): smooth, so that one
 * polynomial serves up to where erf rounds to 1. -0 is kept.
 * Within 1.6 ULP in f32 (1.17 fused, 1.51 unfused), 1.4 in f64 (1.10, 1.33).
 */
export function erf(b: KernelBuilder, x: Reg): Reg {
  const f = new FloatLanes(b, x);
  const a = f.abs(x);
  const small = f.fma(a, f.poly(f.mul(a, a), ERF), a);
  const t = f.atMost(a, f.pick(4, 6));
  const large = f.sub(1, expNormal(f, f.poly(t, LOG_ERFC)));
  return f.flip(f.select(f.is(a, 'lt', 1), small, large), f.signOf(x));
}
