/** Floats on AVX2, in one lane or many. Comparisons give all bits of a lane, or none. */
import type { Elem, Reg } from '../../kernel/index.ts';
import { compareFloats, ORDERED } from './float-code.ts';
import type { IsaCode, MayFold, MinMax, Operands } from './isa-code.ts';
import type { RegUse, VReg } from './machine.ts';
import { bytesOf, type Of, type Selector } from './selector.ts';

/**
 * VMINPS and VMAXPS give their second operand where one is NaN or both are zeros, so both orders
 * are computed. They differ in such lanes alone, and there
 * - for the minimum, the bits of both together are -0, or NaN;
 * - for the maximum, with x = t ^ u and y = t | x, so does y: then y - x is NaN - x, or -0 - -0 = +0
 *   for the zeros of two signs, and t - 0 elsewhere.
 */
export function minMax(
  s: Selector,
  fn: MinMax,
  suffix: string,
  { d, a, b }: Operands,
  known?: number,
): void {
  const name = `v${fn}${suffix}`;
  if (known !== undefined && !Number.isNaN(known) && !(fn === 'min' && Object.is(known, -0))) {
    return withConstant(s, name, suffix, { d, a, b }, fn === 'max' && Object.is(known, 0));
  }
  const temp = () => s.use(s.temp('vec', d.bits / 8), d.bits);
  const [t, u] = [temp(), temp()];
  const whole = suffix.endsWith('d') ? 'pd' : 'ps';
  s.emit(name, [t, a, b]);
  s.emit(name, [u, b as RegUse, a]);
  if (fn === 'min') return s.emit(`vor${whole}`, [d, t, u]);
  const [x, y] = [temp(), temp()];
  s.emit(`vxor${whole}`, [x, t, u]);
  s.emit(`vor${whole}`, [y, t, x]);
  s.emit(`vsub${suffix}`, [d, y, x], { foldable: -1 });
}

/** With the constant first, the other operand is what NaN and zeros give: right but for max(-0, +0). */
function withConstant(
  s: Selector,
  name: string,
  suffix: string,
  { d, a, b }: Operands,
  zero: boolean,
): void {
  if (!zero) return s.emit(name, [d, b as RegUse, a]);
  const larger = s.use(s.temp('vec', d.bits / 8), d.bits);
  s.emit(name, [larger, b as RegUse, a]);
  s.emit(`vadd${suffix}`, [d, larger, b]); // -0 + +0 is +0
}

export function signBits(s: Selector, fn: 'neg' | 'abs', elem: Elem, d: RegUse, x: RegUse): void {
  const wide = elem === 'f64';
  const sign = wide ? -(1n << 63n) : -(2 ** 31);
  const rest = wide ? (1n << 63n) - 1n : 2 ** 31 - 1;
  const name = `${fn === 'neg' ? 'vxor' : 'vand'}${wide ? 'pd' : 'ps'}`;
  s.emit(name, [d, x, s.lanesOf(wide ? 'i64' : 'i32', fn === 'neg' ? sign : rest, d.bits)]);
}

export function compareScalars(
  s: Selector,
  dst: VReg,
  suffix: string,
  a: RegUse,
  b: MayFold,
  how: number,
): void {
  const [holds, all] = [s.use(s.temp('vec', 16), 128), s.temp('gp', 8)];
  s.emit(`vcmp${suffix}`, [holds, a, b, how]);
  s.emit('vmovd', [s.use(all, 32), holds], { foldable: -1 });
  s.emit('and', [s.use(dst, 32), 1], { tied: all });
}

export function selectScalars(s: Selector, { dst, mask, a, b }: Of<'select'>): void {
  const [all, m] = [s.temp('gp', 8), s.use(s.temp('vec', 16), 128)];
  s.emit('neg', [s.use(all, 64)], { tied: s.reg(mask) });
  s.emit('vmovq', [m, s.use(all, 64)], { foldable: -1 });
  const name = dst.type.elem === 'f64' ? 'vblendvpd' : 'vblendvps';
  s.emit(name, [s.operand(dst), s.operand(b), s.operand(a), m], { foldable: -1 });
}

/** A scalar float to an integer. */
export function saturate(s: Selector, dst: Reg, a: Reg): void {
  const [from, to] = [a.type.elem, dst.type.elem];
  const temp = () => s.use(s.temp('vec', 16), 128);
  let x = s.operand(a);
  if (from === 'f32') {
    // In float64 every int32 and both of its limits are exact.
    x = temp();
    s.emit('vcvtss2sd', [x, s.operand(a), s.operand(a)], { foldable: -1 });
  }
  if (to === 'i32') {
    const limit = (v: number) => s.pooledElement('f64', v);
    const [ordered, y, above, z] = [temp(), temp(), temp(), temp()];
    s.emit('vcmpsd', [ordered, x, x, ORDERED], { foldable: -1 });
    s.emit('vandpd', [y, x, ordered], { foldable: -1 });
    s.emit('vmaxsd', [above, y, limit(-(2 ** 31))]);
    s.emit('vminsd', [z, above, limit(2 ** 31 - 1)]);
    return s.emit('vcvttsd2si', [s.operand(dst), z], { foldable: -1 });
  }
  const [integer, raw, fixed] = [s.use(s.temp('gp', 8), 64), temp(), temp()];
  s.emit('vcvttsd2si', [integer, x], { foldable: -1 });
  s.emit('vmovq', [raw, integer], { foldable: -1 });
  repair(s, 'f64', fixed, x, raw);
  s.emit('vmovq', [s.use(s.reg(dst), 64), fixed], { foldable: -1 });
}

/**
 * What conversion of floats x to integers of their width gave, made saturated, NaN as 0. Out of
 * range and NaN gave the most negative integer: right below, and all bits from right above.
 */
export function repair(s: Selector, elem: 'f32' | 'f64', d: RegUse, x: RegUse, raw: RegUse): void {
  const wide = elem === 'f64';
  const suffix = wide ? 'pd' : 'ps';
  const temp = () => s.use(s.temp('vec', d.bits / 8), d.bits);
  const [above, capped, ordered] = [temp(), temp(), temp()];
  const limit = s.lanesOf(elem, wide ? 2 ** 63 : 2 ** 31, d.bits);
  s.emit(`vcmp${suffix}`, [above, x, limit, compareFloats('ge')]);
  s.emit('vpxor', [capped, raw, above]);
  s.emit(`vcmp${suffix}`, [ordered, x, x, ORDERED], { foldable: -1 });
  s.emit('vpand', [d, capped, ordered]);
}

/** The lanes of `a` where truth values hold, of `b` elsewhere. */
export const selectLanes: IsaCode['select'] = (s, { dst, mask, a, b }) => {
  const name = bytesOf(dst.type.elem) === 8 ? 'vblendvpd' : 'vblendvps';
  const blend = dst.type.elem === 'mask' ? 'vpblendvb' : name;
  const operands = [s.operand(dst), s.operand(b), s.operand(a), s.operand(mask)];
  s.emit(blend, operands, { foldable: 2 });
};
