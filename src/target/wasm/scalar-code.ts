/**
 * Scalar instructions of Kernel IR as WebAssembly. Operands come as functions that push them.
 *
 * A scalar mask is an i32 of 0 or 1, an index is an i32.
 */
import type { FunctionBuilder, ValueType } from '../../asm/wasm/index.ts';
import type { BinaryOp, Elem, Predicate, UnaryOp } from '../../kernel/index.ts';

export type Push = () => void;

export function scalarType(elem: Elem): ValueType {
  return elem === 'index' || elem === 'mask' ? 'i32' : elem;
}

export const isFloat = (elem: Elem): boolean => elem === 'f32' || elem === 'f64';

const zero = (type: ValueType): number | bigint => (type === 'i64' ? 0n : 0);

/** Reads `a` more than once for integer `abs`. */
export function scalarUnary(f: FunctionBuilder, fn: UnaryOp, elem: Elem, a: Push): void {
  const type = scalarType(elem);
  if (fn === 'not') {
    a();
    if (elem === 'mask') return f.emit('i32.eqz');
    f.emit(`${type}.const`, type === 'i64' ? -1n : -1);
    return f.emit(`${type}.xor`);
  }
  if (isFloat(elem)) {
    a();
    return f.emit(`${type}.${fn}`);
  }
  const negated = (): void => {
    f.emit(`${type}.const`, zero(type));
    a();
    f.emit(`${type}.sub`);
  };
  if (fn === 'neg') return negated();
  // abs
  a();
  negated();
  a();
  f.emit(`${type}.const`, zero(type));
  f.emit(`${type}.ge_s`);
  f.emit('select');
}

const INT_NAME: Partial<Record<BinaryOp, string>> = { shr: 'shr_u', sar: 'shr_s' };

/**
 * Reads its operands more than once for integer min, max, div and rem. `divisor` is the value of
 * a constant `b`.
 */
export function scalarBinary(
  f: FunctionBuilder,
  fn: BinaryOp,
  elem: Elem,
  a: Push,
  b: Push,
  divisor?: number | bigint,
): void {
  const type = scalarType(elem);
  const both = (name: string): void => {
    a();
    b();
    f.emit(`${type}.${name}`);
  };
  if (isFloat(elem)) return both(fn);
  switch (fn) {
    case 'min':
    case 'max':
      a();
      b();
      both(fn === 'min' ? 'lt_s' : 'gt_s');
      return f.emit('select');
    case 'shl':
    case 'shr':
    case 'sar':
      a();
      b();
      if (type === 'i64') f.emit('i64.extend_i32_u');
      return f.emit(`${type}.${INT_NAME[fn] ?? fn}`);
    case 'mulhu':
      for (const operand of [a, b]) {
        operand();
        f.emit('i64.extend_i32_u');
      }
      f.emit('i64.mul');
      f.emit('i64.const', 32n);
      f.emit('i64.shr_u');
      return f.emit('i32.wrap_i64');
    case 'div':
      return divide(f, type, a, b, divisor);
    case 'rem':
      if (divisor !== undefined && Number(divisor) !== 0) return both('rem_s');
      // a rem (b | (b == 0)): a zero divisor becomes 1, whose remainder is 0.
      a();
      b();
      b();
      f.emit(`${type}.eqz`);
      if (type === 'i64') f.emit('i64.extend_i32_u');
      f.emit(`${type}.or`);
      return f.emit(`${type}.rem_s`);
    default:
      return both(fn);
  }
}

/** The total division: the divisors that could trap, 0 and -1, give 0 and -a. */
function divide(
  f: FunctionBuilder,
  type: ValueType,
  a: Push,
  b: Push,
  divisor: number | bigint | undefined,
): void {
  const quotient = (): void => {
    a();
    b();
    f.emit(`${type}.div_s`);
  };
  if (divisor !== undefined && Number(divisor) !== 0 && Number(divisor) !== -1) return quotient();
  const one = type === 'i64' ? 1n : 1;
  // Unsigned b + 1 <= 1 holds for 0 and -1 alone; then -a & b is the quotient.
  b();
  f.emit(`${type}.const`, one);
  f.emit(`${type}.add`);
  f.emit(`${type}.const`, one);
  f.emit(`${type}.le_u`);
  f.emit('if', type);
  f.emit(`${type}.const`, zero(type));
  a();
  f.emit(`${type}.sub`);
  b();
  f.emit(`${type}.and`);
  f.emit('else');
  quotient();
  f.emit('end');
}

export function scalarCompare(
  f: FunctionBuilder,
  fn: Predicate,
  elem: Elem,
  a: Push,
  b: Push,
): void {
  const signed = !isFloat(elem) && fn !== 'eq' && fn !== 'ne';
  a();
  b();
  f.emit(`${scalarType(elem)}.${fn}${signed ? '_s' : ''}`);
}

export function scalarConvert(f: FunctionBuilder, from: Elem, to: Elem, a: Push): void {
  a();
  if (from === to) return;
  const source = scalarType(from);
  const type = scalarType(to);
  if (to === 'mask') {
    f.emit(`${source}.const`, zero(source));
    f.emit(`${source}.ne`);
  } else if (source === type) {
    // Between mask, index and i32 the bits stay.
  } else if (isFloat(to)) {
    if (isFloat(from)) f.emit(to === 'f64' ? 'f64.promote_f32' : 'f32.demote_f64');
    else f.emit(`${type}.convert_${source}_s`);
  } else if (isFloat(from)) {
    f.emit(`${type}.trunc_sat_${source}_s`);
  } else {
    f.emit(to === 'i64' ? 'i64.extend_i32_s' : 'i32.wrap_i64');
  }
}

const BITCASTS: Partial<Record<Elem, string>> = {
  f32: 'f32.reinterpret_i32',
  f64: 'f64.reinterpret_i64',
  i32: 'i32.reinterpret_f32',
  i64: 'i64.reinterpret_f64',
};

export function scalarBitcast(f: FunctionBuilder, from: Elem, to: Elem, a: Push): void {
  a();
  const name = BITCASTS[to];
  if (from !== to && name !== undefined) f.emit(name);
}
