/**
 * Vector instructions of Kernel IR as 128-bit WebAssembly SIMD.
 *
 * All vectors of a kernel have as many lanes, 4 or 2. With 2 lanes, f32 and i32 vectors lie in the
 * low half of the register. A mask's lanes are always as wide as the register divided by the
 * lanes, all ones or all zeros. What SIMD lacks is done lane by lane.
 */
import type { FunctionBuilder } from '../../asm/wasm/index.ts';
import type { BinaryOp, Elem, KType, Predicate, UnaryOp } from '../../kernel/index.ts';
import { isFloat, type Push, scalarBinary, scalarConvert, scalarType } from './scalar-code.ts';

const SHAPES: Partial<Record<Elem, string>> = {
  f32: 'f32x4',
  f64: 'f64x2',
  i32: 'i32x4',
  i64: 'i64x2',
};

/** The SIMD shape in which vectors of `type` compute. */
export function shapeOf({ elem, lanes }: KType): string {
  return SHAPES[elem] ?? (lanes === 4 ? 'i32x4' : 'i64x2');
}

const isNarrow = ({ elem, lanes }: KType): boolean =>
  lanes === 2 && (elem === 'f32' || elem === 'i32');

const bytes = (...words: number[]): number[] =>
  words.flatMap((w) => [0, 1, 2, 3].map((i) => 4 * w + i));

/** The low words of both 64-bit lanes, moved to the low half. */
const LOW_WORDS = bytes(0, 2, 0, 2);
const HIGH_HALF = bytes(2, 3, 2, 3);
const SECOND_WORD = bytes(1, 1, 1, 1);
/** Odd words of two vectors: the high halves of four 64-bit products. */
const ODD_WORDS = bytes(1, 3, 5, 7);

/** Shuffles the vector on the stack with itself. */
function permute(f: FunctionBuilder, lanes: readonly number[]): void {
  const t = f.local('v128');
  f.set(t);
  f.get(t);
  f.get(t);
  f.emit('i8x16.shuffle', lanes);
}

/** The lower or upper halves of two vectors, lane by lane in turn. */
export function vectorZip(
  f: FunctionBuilder,
  half: 'low' | 'high',
  { elem, lanes }: KType,
  a: Push,
  b: Push,
): void {
  a();
  b();
  const wide = elem === 'f64' || elem === 'i64';
  const first = half === 'low' ? 0 : (lanes / 2) * (wide ? 2 : 1);
  // Words of the first vector count from 0, of the second from 4.
  f.emit(
    'i8x16.shuffle',
    wide
      ? bytes(first, first + 1, first + 4, first + 5)
      : bytes(first, first + 4, first + 1, first + 5),
  );
}

export function vectorConst(f: FunctionBuilder, type: KType, values: readonly (number | bigint)[]) {
  const view = new DataView(new ArrayBuffer(16));
  values.forEach((value, i) => {
    if (type.elem === 'f32') view.setFloat32(4 * i, Number(value), true);
    else if (type.elem === 'f64') view.setFloat64(8 * i, Number(value), true);
    else if (type.elem === 'i32') view.setInt32(4 * i, Number(value), true);
    else if (type.elem === 'i64') view.setBigInt64(8 * i, BigInt(value), true);
    else if (type.lanes === 4) view.setInt32(4 * i, Number(value) === 0 ? 0 : -1, true);
    else view.setBigInt64(8 * i, Number(value) === 0 ? 0n : -1n, true);
  });
  f.emit('v128.const', [...new Uint8Array(view.buffer)]);
}

export function vectorZero(f: FunctionBuilder): void {
  f.emit('v128.const', new Array<number>(16).fill(0));
}

/** The scalar on the stack in every lane. */
export function vectorSplat(f: FunctionBuilder, type: KType, a: Push): void {
  if (type.elem !== 'mask') {
    a();
    return f.emit(`${shapeOf(type)}.splat`);
  }
  f.emit('i32.const', 0);
  a();
  f.emit('i32.sub');
  f.emit('i32x4.splat');
}

export function vectorExtract(f: FunctionBuilder, type: KType, lane: number, a: Push): void {
  a();
  f.emit(`${shapeOf(type)}.extract_lane`, lane);
  if (type.elem !== 'mask') return;
  if (type.lanes === 2) f.emit('i32.wrap_i64');
  f.emit('i32.const', 1);
  f.emit('i32.and');
}

/** A vector of type `dst` from a scalar computation a lane; reads its sources repeatedly. */
function laneByLane(
  f: FunctionBuilder,
  dst: KType,
  sources: readonly { readonly type: KType; readonly push: Push }[],
  compute: (operands: Push[]) => void,
): void {
  const temps = sources.map(({ type }) => f.local(scalarType(type.elem)));
  for (let lane = 0; lane < dst.lanes; lane++) {
    sources.forEach(({ type, push }, i) => {
      vectorExtract(f, type, lane, push);
      f.set(temps[i]);
    });
    compute(temps.map((t) => () => f.get(t)));
    if (lane === 0) f.emit(`${shapeOf(dst)}.splat`);
    else f.emit(`${shapeOf(dst)}.replace_lane`, lane);
  }
}

export function vectorUnary(f: FunctionBuilder, fn: UnaryOp, type: KType, a: Push): void {
  a();
  f.emit(fn === 'not' ? 'v128.not' : `${shapeOf(type)}.${fn}`);
}

const SHIFTS: Partial<Record<BinaryOp, string>> = { shl: 'shl', shr: 'shr_u', sar: 'shr_s' };

/** Whether {@link vectorBinary} reads its operands more than once. */
export const vectorBinaryRepeats = (fn: BinaryOp, elem: Elem): boolean =>
  fn === 'mulhu' ||
  (!isFloat(elem) && (fn === 'div' || fn === 'rem')) ||
  (elem === 'i64' && (fn === 'min' || fn === 'max'));

export function vectorBinary(
  f: FunctionBuilder,
  fn: BinaryOp,
  type: KType,
  a: Push,
  b: Push,
): void {
  const shape = shapeOf(type);
  const both = (name: string): void => {
    a();
    b();
    f.emit(name);
  };
  if (fn === 'and' || fn === 'or' || fn === 'xor') return both(`v128.${fn}`);
  if (isFloat(type.elem)) return both(`${shape}.${fn}`);
  const shift = SHIFTS[fn];
  if (shift !== undefined) return both(`${shape}.${shift}`);
  switch (fn) {
    case 'mulhu':
      both('i64x2.extmul_low_i32x4_u');
      both('i64x2.extmul_high_i32x4_u');
      return f.emit('i8x16.shuffle', ODD_WORDS);
    case 'div':
    case 'rem':
      return laneByLane(
        f,
        type,
        [
          { type, push: a },
          { type, push: b },
        ],
        ([x, y]) => scalarBinary(f, fn, type.elem, x, y),
      );
    case 'min':
    case 'max':
      if (type.elem === 'i32') return both(`${shape}.${fn}_s`);
      a();
      b();
      both(fn === 'min' ? 'i64x2.lt_s' : 'i64x2.gt_s');
      return f.emit('v128.bitselect');
    default:
      return both(`${shape}.${fn}`);
  }
}

/** a * b + c of floats; `relaxed` fuses where the machine can. */
export function vectorFma(
  f: FunctionBuilder,
  shape: string,
  relaxed: boolean,
  [a, b, c]: readonly Push[],
): void {
  a();
  b();
  if (relaxed) {
    c();
    return f.emit(`${shape}.relaxed_madd`);
  }
  f.emit(`${shape}.mul`);
  c();
  f.emit(`${shape}.add`);
}

export function vectorCompare(
  f: FunctionBuilder,
  fn: Predicate,
  type: KType,
  a: Push,
  b: Push,
): void {
  a();
  b();
  const signed = !isFloat(type.elem) && fn !== 'eq' && fn !== 'ne';
  f.emit(`${shapeOf(type)}.${fn}${signed ? '_s' : ''}`);
  if (isNarrow(type)) f.emit('i64x2.extend_low_i32x4_s');
}

export function vectorSelect(f: FunctionBuilder, type: KType, mask: Push, a: Push, b: Push): void {
  a();
  b();
  mask();
  if (isNarrow(type)) permute(f, LOW_WORDS);
  f.emit('v128.bitselect');
}

/** Whether {@link vectorConvert} reads its operand more than once. */
export const vectorConvertRepeats = (from: Elem, to: Elem): boolean =>
  (isFloat(from) && to === 'i64') || (from === 'i64' && isFloat(to));

const CONVERSIONS: Readonly<Record<string, string>> = {
  'f32 f64': 'f64x2.promote_low_f32x4',
  'f64 f32': 'f32x4.demote_f64x2_zero',
  'f32 i32': 'i32x4.trunc_sat_f32x4_s',
  'i32 f32': 'f32x4.convert_i32x4_s',
  'f64 i32': 'i32x4.trunc_sat_f64x2_s_zero',
  'i32 f64': 'f64x2.convert_low_i32x4_s',
  'i32 i64': 'i64x2.extend_low_i32x4_s',
};

export function vectorConvert(f: FunctionBuilder, from: KType, to: KType, a: Push): void {
  if (from.elem === to.elem) return a();
  if (vectorConvertRepeats(from.elem, to.elem)) {
    return laneByLane(f, to, [{ type: from, push: a }], ([x]) =>
      scalarConvert(f, from.elem, to.elem, x),
    );
  }
  if (to.elem === 'mask') return vectorCompare(f, 'ne', from, a, () => vectorZero(f));
  a();
  if (from.elem === 'mask') {
    if (isNarrow(to)) permute(f, LOW_WORDS);
    if (!isFloat(to.elem)) return f.emit(`${shapeOf(to)}.neg`);
    vectorConst(f, to, new Array<number>(to.lanes).fill(1));
    return f.emit('v128.and');
  }
  if (from.elem === 'i64' && to.elem === 'i32') return permute(f, LOW_WORDS);
  f.emit(CONVERSIONS[`${from.elem} ${to.elem}`]);
}

/** The fixed tree: lane i with lane i + n/2, until one is left. */
export function vectorHorizontal(
  f: FunctionBuilder,
  fn: 'add' | 'mul' | 'min' | 'max',
  type: KType,
  a: Push,
): void {
  const narrow = type.elem === 'f32' || type.elem === 'i32';
  const steps = narrow
    ? type.lanes === 4
      ? [HIGH_HALF, SECOND_WORD]
      : [SECOND_WORD]
    : [HIGH_HALF];
  a();
  for (const lanes of steps) {
    const whole = f.local('v128');
    const moved = f.local('v128');
    f.set(whole);
    f.get(whole);
    f.get(whole);
    f.emit('i8x16.shuffle', lanes);
    f.set(moved);
    vectorBinary(
      f,
      fn,
      type,
      () => f.get(whole),
      () => f.get(moved),
    );
  }
  f.emit(`${shapeOf(type)}.extract_lane`, 0);
}

// ---- memory: the address is on the stack

/** Loads consecutive elements of `type` (bools for a mask), or one into every lane. */
export function vectorLoad(f: FunctionBuilder, type: KType, splat: boolean, offset: number): void {
  if (type.elem !== 'mask') {
    const wide = type.elem === 'f64' || type.elem === 'i64';
    if (splat) f.emit(wide ? 'v128.load64_splat' : 'v128.load32_splat', offset);
    else f.emit(isNarrow(type) ? 'v128.load64_zero' : 'v128.load', offset);
    return;
  }
  if (splat) {
    f.emit('v128.load8_splat', offset);
    vectorZero(f);
    return f.emit('i8x16.ne');
  }
  f.emit(type.lanes === 4 ? 'v128.load32_zero' : 'v128.load16_splat', offset);
  f.emit('i16x8.extend_low_i8x16_u');
  f.emit('i32x4.extend_low_i16x8_u');
  if (type.lanes === 2) f.emit('i64x2.extend_low_i32x4_u');
  vectorZero(f);
  f.emit(`${shapeOf(type)}.ne`);
}

const FIRST_BYTES = {
  4: [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12],
  2: [0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8],
};

export function vectorStore(f: FunctionBuilder, type: KType, value: Push, offset: number): void {
  value();
  if (type.elem !== 'mask') {
    if (isNarrow(type)) f.emit('v128.store64_lane', offset, 0);
    else f.emit('v128.store', offset);
    return;
  }
  f.emit('v128.const', new Array<number>(16).fill(1));
  f.emit('v128.and');
  permute(f, FIRST_BYTES[type.lanes as 2 | 4]);
  f.emit(type.lanes === 4 ? 'v128.store32_lane' : 'v128.store16_lane', offset, 0);
}
