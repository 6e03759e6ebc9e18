/** Floats on AVX-512, in one lane or many. */
import type { Elem, Reg } from '../../kernel/index.ts';
import { compareFloats, ORDERED, UNORDERED } from './float-code.ts';
import type { MayFold, MinMax, Operands } from './isa-code.ts';
import type { RegUse, VReg } from './machine.ts';
import { isFloat, type Of, type Selector } from './selector.ts';

/** VRANGE compares, takes the sign of what it chose, and orders -0 before 0. */
const RANGE = { min: 4, max: 5 } as const;

/** VRANGE gives the other operand where one is NaN, so those lanes take the sum. */
export function minMax(s: Selector, fn: MinMax, suffix: string, { d, a, b }: Operands): void {
  const k = s.temp('k', 8);
  const range = s.use(s.temp('vec', d.bits / 8), d.bits);
  s.emit(`vcmp${suffix}`, [s.use(k, 64), a, b, UNORDERED]);
  s.emit(`vrange${suffix}`, [range, a, b, RANGE[fn]]);
  s.emit(`vadd${suffix}`, [s.use(d.reg, d.bits, k), a, b], { tied: range.reg });
}

export function signBits(s: Selector, fn: 'neg' | 'abs', elem: Elem, d: RegUse, x: RegUse): void {
  const wide = elem === 'f64';
  const sign = wide ? -(1n << 63n) : -(2 ** 31);
  const bits = fn === 'neg' ? sign : wide ? (1n << 63n) - 1n : 2 ** 31 - 1;
  const name = `${fn === 'neg' ? 'vpxor' : 'vpand'}${wide ? 'q' : 'd'}`;
  s.emit(name, [d, x, s.broadcast(wide ? 'i64' : 'i32', bits)]);
}

export function compareScalars(
  s: Selector,
  dst: VReg,
  suffix: string,
  a: RegUse,
  b: MayFold,
  how: number,
): void {
  const k = s.use(s.temp('k', 8), 64);
  s.emit(`vcmp${suffix}`, [k, a, b, how]);
  s.emit('kmovw', [s.use(dst, 32), k], { foldable: -1 });
}

export function selectScalars(s: Selector, { dst, mask, a, b }: Of<'select'>): void {
  const k = s.temp('k', 8);
  s.emit('kmovw', [s.use(k, 64), s.use(s.reg(mask), 32)], { foldable: -1 });
  const d = s.use(s.reg(dst), 128, k);
  const name = dst.type.elem === 'f64' ? 'vblendmpd' : 'vblendmps';
  s.emit(name, [d, s.operand(b), s.operand(a)], { foldable: -1 });
}

/** A scalar float to an integer. */
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
    const limit = (v: number) => s.pooledElement('f64', v);
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
