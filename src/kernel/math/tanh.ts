import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import { TANH } from './coefficients.gen.ts';
import { expNormal } from './exp.ts';
import { FloatLanes } from './float-lanes.ts';

/**
 * tanh(x): odd; x + x^3 P(x^2) where |x| < 0.625, else 1 - 2 / (exp(2|x|) + 1) (the split of
 * Cephes' tanh.c, S. Moshier), both made and one selected. -0 is kept; saturates to +-1.
 * Within 1.4 ULP (f32 1.37 fused, 1.34 unfused; f64 1.36, 1.33).
 */
export function tanh(b: KernelBuilder, x: Reg): Reg {
  const f = new FloatLanes(b, x);
  const a = f.abs(x);
  const z = f.mul(x, x);
  const small = f.fma(f.mul(a, z), f.poly(z, TANH), a);
  const e = expNormal(f, f.atMost(f.add(a, a), f.pick(20, 44)));
  const large = f.sub(1, f.div(2, f.add(e, 1)));
  return f.flip(f.select(f.is(a, 'lt', 0.625), small, large), f.signOf(x));
}
