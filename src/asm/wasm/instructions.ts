/**
 * The WebAssembly instructions that Gradus can emit: opcode and kind of immediate of each.
 *
 * Opcodes follow the order of the specification, so most of the table is runs of names that start
 * at a given opcode; `-` skips one.
 */

/** What follows the opcode. Branch targets are label depths; a memory access names its offset. */
export type ImmediateKind =
  | 'none'
  /** Block type: nothing, or the value type that the block leaves. */
  | 'block'
  | 'label'
  | 'local'
  | 'function'
  /** Signature of a function in table 0: its place among those that the module names. */
  | 'signature'
  /** memory 0, implied. */
  | 'memory'
  | 'two memories'
  /** Byte offset; the alignment hint is the natural one. */
  | 'address'
  | 'address and lane'
  | 'lane'
  /** 16 lane numbers below 32. */
  | 'shuffle'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  /** 16 bytes. */
  | 'v128';

export interface Instruction {
  readonly name: string;
  /** 0xfc, 0xfd or 0xfe before the code, or 0. */
  readonly prefix: number;
  readonly code: number;
  readonly immediate: ImmediateKind;
  /** Bytes that a memory access touches, else 0. */
  readonly bytes: number;
}

const table = new Map<string, Instruction>();

function run(
  prefix: number,
  first: number,
  names: string,
  immediate: ImmediateKind = 'none',
  bytes = 0,
): void {
  let code = first;
  for (const name of names.split(/\s+/)) {
    if (name !== '-') table.set(name, { name, prefix, code, immediate, bytes });
    code++;
  }
}

const each = (type: string, names: string): string =>
  names
    .split(' ')
    .map((name) => (name === '-' ? name : `${type}.${name}`))
    .join(' ');

// Control, locals, constants.
run(0, 0x00, 'unreachable nop');
run(0, 0x02, 'block loop if', 'block');
run(0, 0x05, 'else');
run(0, 0x0b, 'end');
run(0, 0x0c, 'br br_if', 'label');
run(0, 0x0f, 'return');
run(0, 0x10, 'call', 'function');
run(0, 0x11, 'call_indirect', 'signature');
run(0, 0x1a, 'drop select');
run(0, 0x20, 'local.get local.set local.tee', 'local');
run(0, 0x41, 'i32.const', 'i32');
run(0, 0x42, 'i64.const', 'i64');
run(0, 0x43, 'f32.const', 'f32');
run(0, 0x44, 'f64.const', 'f64');

// Memory.
for (const [name, code, bytes] of [
  ['i32.load', 0x28, 4],
  ['i64.load', 0x29, 8],
  ['f32.load', 0x2a, 4],
  ['f64.load', 0x2b, 8],
  ['i32.load8_s', 0x2c, 1],
  ['i32.load8_u', 0x2d, 1],
  ['i32.load16_s', 0x2e, 2],
  ['i32.load16_u', 0x2f, 2],
  ['i64.load8_s', 0x30, 1],
  ['i64.load8_u', 0x31, 1],
  ['i64.load16_s', 0x32, 2],
  ['i64.load16_u', 0x33, 2],
  ['i64.load32_s', 0x34, 4],
  ['i64.load32_u', 0x35, 4],
  ['i32.store', 0x36, 4],
  ['i64.store', 0x37, 8],
  ['f32.store', 0x38, 4],
  ['f64.store', 0x39, 8],
  ['i32.store8', 0x3a, 1],
  ['i32.store16', 0x3b, 2],
  ['i64.store8', 0x3c, 1],
  ['i64.store16', 0x3d, 2],
  ['i64.store32', 0x3e, 4],
] as const) {
  run(0, code, name, 'address', bytes);
}
run(0, 0x3f, 'memory.size memory.grow', 'memory');
run(0xfc, 0x0a, 'memory.copy', 'two memories');
run(0xfc, 0x0b, 'memory.fill', 'memory');

// Memory that threads share: whole words only. Reads and writes of several are in one order for all.
for (const [name, code] of [
  ['memory.atomic.notify', 0x00],
  ['memory.atomic.wait32', 0x01],
  ['i32.atomic.load', 0x10],
  ['i32.atomic.store', 0x17],
  ['i32.atomic.rmw.add', 0x1e],
  ['i32.atomic.rmw.sub', 0x25],
  ['i32.atomic.rmw.and', 0x2c],
  ['i32.atomic.rmw.or', 0x33],
  ['i32.atomic.rmw.xor', 0x3a],
  ['i32.atomic.rmw.xchg', 0x41],
  ['i32.atomic.rmw.cmpxchg', 0x48],
] as const) {
  run(0xfe, code, name, 'address', 4);
}

// Scalar arithmetic.
const INT_COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const FLOAT_COMPARE = 'eq ne lt gt le ge';
const INT_ARITH =
  'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const FLOAT_ARITH = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';
run(0, 0x45, each('i32', `eqz ${INT_COMPARE}`));
run(0, 0x50, each('i64', `eqz ${INT_COMPARE}`));
run(0, 0x5b, each('f32', FLOAT_COMPARE));
run(0, 0x61, each('f64', FLOAT_COMPARE));
run(0, 0x67, each('i32', INT_ARITH));
run(0, 0x79, each('i64', INT_ARITH));
run(0, 0x8b, each('f32', FLOAT_ARITH));
run(0, 0x99, each('f64', FLOAT_ARITH));
run(0, 0xa7, each('i32', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'));
run(
  0,
  0xac,
  each('i64', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'),
);
run(0, 0xb2, each('f32', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'));
run(0, 0xb7, each('f64', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'));
run(0, 0xbc, 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64');
run(0, 0xc0, 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s');
const TRUNC_SAT = 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u';
run(0xfc, 0x00, each('i32', TRUNC_SAT));
run(0xfc, 0x04, each('i64', TRUNC_SAT));

// Vectors: memory, constants, lanes.
const simd = (first: number, names: string, immediate: ImmediateKind = 'none', bytes = 0): void =>
  run(0xfd, first, names, immediate, bytes);

simd(0x00, 'v128.load', 'address', 16);
simd(
  0x01,
  each('v128', 'load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u'),
  'address',
  8,
);
simd(0x07, 'v128.load8_splat', 'address', 1);
simd(0x08, 'v128.load16_splat', 'address', 2);
simd(0x09, 'v128.load32_splat', 'address', 4);
simd(0x0a, 'v128.load64_splat', 'address', 8);
simd(0x0b, 'v128.store', 'address', 16);
simd(0x0c, 'v128.const', 'v128');
simd(0x0d, 'i8x16.shuffle', 'shuffle');
simd(0x0e, 'i8x16.swizzle');
simd(0x0f, 'i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat');
simd(0x15, 'i8x16.extract_lane_s i8x16.extract_lane_u i8x16.replace_lane', 'lane');
simd(0x18, 'i16x8.extract_lane_s i16x8.extract_lane_u i16x8.replace_lane', 'lane');
simd(0x1b, 'i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane', 'lane');
simd(0x1f, 'f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane', 'lane');
for (const [i, bits] of [8, 16, 32, 64].entries()) {
  simd(0x54 + i, `v128.load${bits}_lane`, 'address and lane', bits / 8);
  simd(0x58 + i, `v128.store${bits}_lane`, 'address and lane', bits / 8);
}
simd(0x5c, 'v128.load32_zero', 'address', 4);
simd(0x5d, 'v128.load64_zero', 'address', 8);

// Vectors: comparisons and bits.
for (const [i, type] of ['i8x16', 'i16x8', 'i32x4'].entries()) {
  simd(0x23 + 10 * i, each(type, INT_COMPARE));
}
simd(0x41, each('f32x4', FLOAT_COMPARE));
simd(0x47, each('f64x2', FLOAT_COMPARE));
simd(0xd6, each('i64x2', 'eq ne lt_s gt_s le_s ge_s'));
simd(0x4d, each('v128', 'not and andnot or xor bitselect any_true'));

// Vectors: integers. The four widths share a layout with holes.
const EXTMUL = (from: string): string =>
  `extmul_low_${from}_s extmul_high_${from}_s extmul_low_${from}_u extmul_high_${from}_u`;
const EXTEND = (from: string): string =>
  `extend_low_${from}_s extend_high_${from}_s extend_low_${from}_u extend_high_${from}_u`;
const SHIFTS = 'shl shr_s shr_u';
const SATURATING = 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u';
simd(0x60, each('i8x16', 'abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u'));
simd(0x6b, each('i8x16', `${SHIFTS} ${SATURATING} - - min_s min_u max_s max_u - avgr_u`));
simd(0x7c, each('i16x8', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u'));
simd(0x7e, each('i32x4', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u'));
simd(0x80, each('i16x8', `abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u`));
simd(0x87, each('i16x8', `${EXTEND('i8x16')} ${SHIFTS} ${SATURATING}`));
simd(0x95, each('i16x8', `mul min_s min_u max_s max_u - avgr_u ${EXTMUL('i8x16')}`));
simd(0xa0, each('i32x4', `abs neg - all_true bitmask - - ${EXTEND('i16x8')} ${SHIFTS}`));
simd(0xae, each('i32x4', 'add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s'));
simd(0xbc, each('i32x4', EXTMUL('i16x8')));
simd(0xc0, each('i64x2', `abs neg - all_true bitmask - - ${EXTEND('i32x4')} ${SHIFTS}`));
simd(0xce, each('i64x2', 'add - - sub - - - mul'));
simd(0xdc, each('i64x2', EXTMUL('i32x4')));

// Vectors: floats and conversions.
const VECTOR_FLOAT = 'abs neg - sqrt add sub mul div min max pmin pmax';
simd(0xe0, each('f32x4', VECTOR_FLOAT));
simd(0xec, each('f64x2', VECTOR_FLOAT));
simd(0x67, each('f32x4', 'ceil floor trunc nearest'));
simd(0x74, each('f64x2', 'ceil floor'));
simd(0x7a, 'f64x2.trunc');
simd(0x94, 'f64x2.nearest');
simd(0x5e, 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4');
simd(0xf8, 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u');
simd(0xfa, 'f32x4.convert_i32x4_s f32x4.convert_i32x4_u');
simd(0xfc, 'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero');
simd(0xfe, 'f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u');

// Relaxed vectors: results may differ between machines; `madd` fuses where the machine can.
simd(0x105, 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd');

/** Every instruction by name. */
export const INSTRUCTIONS: ReadonlyMap<string, Instruction> = table;
