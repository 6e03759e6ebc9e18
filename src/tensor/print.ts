/**
 * Tensors as text, in NumPy's format: columns aligned, 8 fractional digits or the fewest that
 * identify the number, exponents where magnitudes differ, corners only past 1000 elements.
 * Source: numpy/_core/arrayprint.py (2.4).
 */
import { type DType, formatShape, isFloat, type Shape } from '../base/index.ts';
import { isUnknown } from './abstract-handle.ts';
import type { Tensor } from './tensor.ts';

const LINE_WIDTH = 75;
const THRESHOLD = 1000;
const EDGE = 3;
const PRECISION = 8;

/** What `String(x)` gives: NumPy's `str(a)`, with JavaScript's words for booleans. */
export function format(x: Tensor): string {
  if (isUnknown(x)) return `<recorded ${x.dtype}${formatShape(x.shape)}>`;
  return formatArray(x.data({ copy: false }), x.dtype, x.shape, ' ', '');
}

/** What `console.log` shows: `tensor([[1., 2.]], shape [1, 2], float32)`. */
export function describe(x: Tensor): string {
  const grad = x.requiresGrad ? ', requiresGrad' : '';
  const name = 'tensor(';
  if (isUnknown(x)) return `${name}<recorded>, shape ${formatShape(x.shape)}, ${x.dtype}${grad})`;
  const body = formatArray(x.data({ copy: false }), x.dtype, x.shape, ', ', name);
  return `${name}${body}, shape ${formatShape(x.shape)}, ${x.dtype}${grad})`;
}

type Elements = ArrayLike<number | bigint>;
type Format = (x: number | bigint) => string;

export function formatArray(
  data: Elements,
  dtype: DType,
  shape: Shape,
  separator: string,
  prefix: string,
): string {
  if (shape.length === 0) return formatScalar(data[0], dtype);
  if (data.length === 0) return '[]';
  const summary = data.length > THRESHOLD;
  const visible = shape.map((n) => shownPlaces(n, summary));
  const word = chooseFormat(shown(data, shape, visible), dtype);

  const rows = (dim: number, offset: number, indent: string, width: number): string => {
    const last = dim === shape.length - 1;
    const size = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
    const parts = visible[dim].map((i) =>
      last ? word(data[offset + i]) : rows(dim + 1, offset + i * size, `${indent} `, width - 1),
    );
    if (visible[dim].length < shape[dim]) parts.splice(EDGE, 0, '...');
    if (last) return `[${wrap(parts, indent, width, separator)}]`;
    const between = separator.trimEnd() + '\n'.repeat(shape.length - 1 - dim) + indent;
    return `[${parts.join(between)}]`;
  };
  return rows(0, 0, ' '.repeat(prefix.length + 1), LINE_WIDTH);
}

function shownPlaces(n: number, summary: boolean): number[] {
  const all = Array.from({ length: summary && n > 2 * EDGE ? 2 * EDGE : n }, (_, i) => i);
  return all.length === n ? all : all.map((i) => (i < EDGE ? i : n - 2 * EDGE + i));
}

function shown(data: Elements, shape: Shape, visible: readonly number[][]): (number | bigint)[] {
  let offsets = [0];
  for (const [d, places] of visible.entries()) {
    offsets = offsets.flatMap((o) => places.map((i) => o * shape[d] + i));
  }
  return offsets.map((o) => data[o]);
}

/** Joins words into lines of at most `width`. */
function wrap(words: readonly string[], indent: string, width: number, separator: string): string {
  const room = width - Math.max(separator.trimEnd().length, 1);
  let text = '';
  let line = indent;
  for (const [i, word] of words.entries()) {
    if (line.length + word.length > room && line.length > indent.length) {
      text += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += word + (i < words.length - 1 ? separator : '');
  }
  return (text + line).slice(indent.length);
}

function chooseFormat(values: readonly (number | bigint)[], dtype: DType): Format {
  if (dtype === 'bool') return (x) => (x ? ' true' : 'false');
  if (isFloat(dtype)) return floatFormat(values as readonly number[], dtype === 'float32');
  const width = values.reduce((w: number, x) => Math.max(w, String(x).length), 0);
  return (x) => String(x).padStart(width);
}

// ---- floats

function formatScalar(x: number | bigint, dtype: DType): string {
  if (dtype === 'bool') return x ? 'true' : 'false';
  if (!isFloat(dtype)) return String(x);
  const v = x as number;
  if (!Number.isFinite(v)) return special(v);
  const single = dtype === 'float32';
  const magnitude = Math.abs(v);
  if (v === 0 || (magnitude < (single ? 1e6 : 1e16) && magnitude >= 1e-4)) {
    const [whole, fraction] = positional(v, single, 400);
    return `${whole}.${fraction || '0'}`;
  }
  const [whole, fraction, exponent] = scientific(v, single, 400);
  return `${whole}${fraction && '.'}${fraction}e${exponentText(exponent, 2)}`;
}

const special = (x: number): string => (Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf');

function floatFormat(values: readonly number[], single: boolean): Format {
  const finite = values.filter(Number.isFinite);
  const { left, right, text } = usesExponents(finite, single)
    ? exponentFormat(finite, single)
    : positionalFormat(finite, single);
  const others = values.filter((x) => !Number.isFinite(x)).map((x) => special(x).length);
  const width = Math.max(left + right + 1, ...others);
  return (x) => (Number.isFinite(x) ? text(x as number) : special(x as number)).padStart(width);
}

function usesExponents(finite: readonly number[], single: boolean): boolean {
  const sizes = finite.filter((x) => x !== 0).map(Math.abs);
  if (sizes.length === 0) return false;
  const max = sizes.reduce((a, b) => Math.max(a, b));
  const min = sizes.reduce((a, b) => Math.min(a, b));
  const ratio = single ? Math.fround(max / min) : max / min;
  return max >= (single ? 1e6 : 1e8) || min < (single ? Math.fround(1e-4) : 1e-4) || ratio > 1000;
}

interface Columns {
  /** Width before and after the point. */
  readonly left: number;
  readonly right: number;
  text(x: number): string;
}

const widest = (words: readonly string[]): number =>
  words.reduce((w, s) => Math.max(w, s.length), 0);

function positionalFormat(finite: readonly number[], single: boolean): Columns {
  const parts = finite.map((x) => positional(x, single, PRECISION));
  const left = widest(parts.map((p) => p[0]));
  const right = widest(parts.map((p) => p[1]));
  return {
    left,
    right,
    text(x) {
      const [whole, fraction] = positional(x, single, PRECISION);
      return `${whole}.${fraction.padEnd(right)}`;
    },
  };
}

function exponentFormat(finite: readonly number[], single: boolean): Columns {
  const parts = finite.map((x) => scientific(x, single, PRECISION));
  const precision = widest(parts.map((p) => p[1]));
  const size = parts.reduce((w, p) => Math.max(w, String(Math.abs(p[2])).length), 2);
  return {
    left: widest(parts.map((p) => p[0])),
    right: size + 2 + precision,
    text(x) {
      // Padded by the digits of the exact value, not by zeros.
      const [digits, exponent] = x === 0 ? ['0', 0] : rounded(x, precision + 1);
      const fraction = digits.slice(1).padEnd(precision, '0');
      return `${sign(x)}${digits[0]}.${fraction}e${exponentText(exponent, size)}`;
    },
  };
}

const exponentText = (e: number, size: number): string =>
  `${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(size, '0')}`;

/** Digits d and exponent e of |x| = d[0].d[1]d[2]... * 10^e. */
type Decimal = readonly [digits: string, exponent: number];

/** The fewest digits that no other number of this dtype has as its nearest. */
function shortest(x: number, single: boolean): Decimal {
  const v = Math.abs(x);
  if (v === 0) return ['0', 0];
  if (!single) return parts(v.toExponential());
  for (let count = 1; ; count++) {
    const [digits, exponent] = rounded(v, count);
    const same = Math.fround(Number(`${digits[0]}.${digits.slice(1)}e${exponent}`)) === v;
    if (same || count >= 9) return [digits, exponent];
  }
}

function parts(text: string): Decimal {
  const [digits, exponent] = text.split('e');
  return [digits.replace('.', ''), Number(exponent)];
}

/** The exact value cut to `count` digits, half to even. */
function rounded(x: number, count: number): Decimal {
  // oxlint-disable-next-line oxc/number-arg-out-of-range -- ES2018 allows 100 digits.
  const [digits, exponent] = parts(Math.abs(x).toExponential(60));
  if (count < 0) return ['0', exponent];
  const rest = digits.slice(count);
  const half = `5${'0'.repeat(rest.length - 1)}`;
  const odd = count > 0 && Number(digits[count - 1]) % 2 === 1;
  const up = rest > half || (rest === half && odd);
  if (!up) return [digits.slice(0, count) || '0', exponent];
  const next = String(BigInt(digits.slice(0, count) || '0') + 1n).padStart(count, '0');
  return next.length > count && count > 0
    ? [next.slice(0, count), exponent + 1]
    : count === 0
      ? ['1', exponent + 1]
      : [next, exponent];
}

const sign = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');
const trimZeros = (s: string): string => s.replace(/0+$/, '');

/** Whole and fractional part, the latter of at most `precision` digits without trailing zeros. */
function positional(x: number, single: boolean, precision: number): [string, string] {
  let [digits, exponent] = shortest(x, single);
  if (digits.length - 1 - exponent > precision) {
    [digits, exponent] = rounded(x, exponent + 1 + precision);
  }
  const all = exponent < 0 ? '0'.repeat(-exponent) + digits : digits.padEnd(exponent + 1, '0');
  const point = Math.max(exponent, 0) + 1;
  const fraction = trimZeros(all.slice(point, point + precision));
  return [sign(x) + all.slice(0, point), fraction];
}

/** First digit, fraction of at most `precision` digits without trailing zeros, exponent. */
function scientific(x: number, single: boolean, precision: number): [string, string, number] {
  let [digits, exponent] = shortest(x, single);
  if (digits.length - 1 > precision) [digits, exponent] = rounded(x, precision + 1);
  return [sign(x) + digits[0], trimZeros(digits.slice(1)), exponent];
}
