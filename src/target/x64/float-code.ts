/** Floating-point code whose rules x86 does not have in one instruction, scalar or vector. */
import type { Elem, Predicate, Reg } from '../../kernel/index.ts';
import type { RegUse } from './machine.ts';
import { isFloat, type Selector } from './selector.ts';

/** Predicates of VCMPPS that raise nothing on NaN (Intel SDM, table 3-1). */
const PREDICATES: Readonly<Record<Predicate, number>> = {
  eq: 0,
  lt: 17,
  le: 18,
  ne: 4,
  ge: 29,
  gt: 30,
};
const UNORDERED = 3;
const ORDERED = 7;

export const compareFloats = (fn: Predicate): number => PREDICATES[fn];

/** VRANGE compares, takes the sign of what it chose, and orders -0 before 0. */
const RANGE = { min: 4, max: 5 } as const;

/**
 * The smaller or larger one; NaN if either is. VRANGE would give the other operand, so lanes with a
 * NaN take the sum. `suffix` is ps, pd, ss or sd.
 */
export function selectFloatMinMax(
  s: Selector,
  fn: 'min' | 'max',
  suffix: string,
  dst: Reg,
  a: Reg,
  b: Reg,
): void {
  minMax(s, fn, suffix, s.operand(dst), s.operand(a), s.operand(b));
}

export function minMax(
  s: Selector,
  fn: 'min' | 'max',
  suffix: string,
  d: RegUse,
  a: RegUse,
  b: RegUse,
): void {
  const k = s.temp('k', 8);
  const range = s.use(s.temp('vec', d.bits / 8), d.bits);
  s.emit(`vcmp${suffix}`, [s.use(k, 64), a, b, UNORDERED]);
  s.emit(`vrange${suffix}`, [range, a, b, RANGE[fn]]);
  s.emit(`vadd${suffix}`, [s.use(d.reg, d.bits, k), a, b], { tied: range.reg });
}

/** A scalar float to an integer: truncated, saturated, NaN as 0. */
export function saturate(s: Selector, dst: Reg, a: Reg): void {
  const [from, to] = [a.type.elem, dst.type.elem];
  const wide = s.temp('vec', 16);
  const x = s.use(wide, 128);
  // In float64 every int32 and both of its limits are exact.
  if (from === 'f32') s.emit('vcvtss2sd', [x, s.operand(a), s.operand(a)], { foldable: -1 });
  else s.emit('vmovaps', [x, s.operand(a)], { foldable: -1 });
  if (to === 'i32') {
    const [k, y, z] = [s.temp('k', 8), s.temp('vec', 16), s.temp('vec', 16)];
    s.emit('vcmpsd', [s.use(k, 64), x, x, ORDERED], { foldable: -1 });
    s.emit('vmovapd', [s.use(y, 128, k, true), x], { foldable: -1 });
    const limit = (v: number) => ({ ...s.broadcast('f64', v), broadcast: false });
    const [yy, zz] = [s.use(y, 128), s.use(z, 128)];
    s.emit('vmaxsd', [zz, yy, limit(-(2 ** 31))]);
    s.emit('vminsd', [zz, zz, limit(2 ** 31 - 1)], { tied: z });
    return s.emit('vcvttsd2si', [s.operand(dst), zz], { foldable: -1 });
  }
  const integer = s.use(s.temp('vec', 16), 128);
  saturateLanes(s, 'f64', integer, x);
  s.emit('vmovq', [s.use(s.reg(dst), 64), integer], { foldable: -1 });
}

/** Floats to integers of their own width, lane by lane: truncated, saturated, NaN as 0. */
export function saturateLanes(s: Selector, elem: Elem, d: RegUse, x: RegUse): void {
  if (!isFloat(elem)) throw s.fail(`saturation of ${elem}`);
  const wide = elem === 'f64';
  const temp = () => s.use(s.temp('vec', x.bits / 8), x.bits);
  const [raw, capped] = [temp(), temp()];
  const [above, nan] = [s.temp('k', 8), s.temp('k', 8)];
  const q = wide ? 'q' : 'd';
  const int: Elem = wide ? 'i64' : 'i32';
  const suffix = wide ? 'pd' : 'ps';
  // Out of range and NaN give the most negative integer, which is right below.
  s.emit(wide ? 'vcvttpd2qq' : 'vcvttps2dq', [raw, x], { foldable: -1 });
  const limit = s.broadcast(elem, wide ? 2 ** 63 : 2 ** 31);
  s.emit(`vcmp${suffix}`, [s.use(above, 64), x, limit, compareFloats('ge')]);
  const largest = s.broadcast(int, wide ? 2n ** 63n - 1n : 2 ** 31 - 1);
  s.emit(`vpbroadcast${q}`, [s.use(capped.reg, x.bits, above), { ...largest, broadcast: false }], {
    tied: raw.reg,
  });
  s.emit(`vcmp${suffix}`, [s.use(nan, 64), x, x, UNORDERED], { foldable: -1 });
  s.emit(`vpxor${q}`, [s.use(d.reg, x.bits, nan), capped, capped], {
    tied: capped.reg,
    foldable: -1,
  });
}
