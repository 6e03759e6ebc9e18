/**
 * Rows of the instruction tables to forms. A row is
 *
 *     mnemonic  operands  opcode  [encoding ...]
 *
 * and stands for its encodings at every width. Comments start with `#`; `_` in a mnemonic is a
 * space, `CC` a condition.
 *
 * Operands, separated by commas, alternatives by `/`, `-` for none:
 * - `v` a vector of the width; `h q e` one of a half, quarter, eighth of it (at least xmm);
 *   `x y z` xmm, ymm, zmm; `k` a mask register;
 * - `r` a general register of the operand size (16, 32 or 64), `r8 r16 r32 r64` of that size;
 *   `a`, `al`, `cl` only that register (`a` in the operand size);
 * - `m` memory as large as the register beside it, or as the row's width; `m8` to `m512` of that
 *   size; `mem` an address alone; `b32 b64` one element broadcast to the width;
 *   `gv32 gh64 ...` elements at an index vector of the width (`v`) or half of it (`h`);
 * - `i8 i16 i32 i64` an immediate, `s8 s32` a sign-extended one, `iz` as large as the operand (at
 *   most 32 bits, sign-extended), `one` the constant 1; `label` a branch target.
 *
 * Opcode: `[prefix.][map.]opcode[.second byte][/digit][+r]`.
 *
 * Encoding: none is legacy, perhaps with flags `w1 o16 lock` or operand sizes `32.64`; `vex` and
 * `evex` carry flags: `w0 w1` (else by operand size, or 0), widths, `l1`, `rev29` (opcode with
 * registers exchanged), `k` `kz` `mask` (write mask: merging, zeroing too, required), `sae` `er`,
 * `n32 n64` (bits that a disp8 counts in, where it is not the size of the memory operand).
 */
import { ENCODING, type Form } from './form.ts';
import { type OperandPattern, parseOperand, type Width } from './parse-operand.ts';

const PREFIXES: Readonly<Record<string, number>> = { np: 0, '66': 1, f3: 2, f2: 3 };
const MAPS: Readonly<Record<string, number>> = { '0f': 1, '0f38': 2, '0f3a': 3 };
const CONDITIONS =
  'o no b/c/nae ae/nb/nc e/z ne/nz be/na a/nbe s ns p/pe np/po l/nge ge/nl le/ng g/nle'
    .split(' ')
    .map((names) => names.split('/'));

/** The mnemonics a row defines, and what each adds to its opcode. */
export function mnemonicsOf(row: string): readonly (readonly [name: string, code: number])[] {
  const name = row.slice(0, row.indexOf(' ')).replace('_', ' ');
  if (!name.endsWith('CC')) return [[name, 0]];
  const stem = name.slice(0, -2);
  return CONDITIONS.flatMap((aliases, code) =>
    aliases.map((alias): [string, number] => [stem + alias, code]),
  );
}

/** Every form of a row, VEX before EVEX, narrow before wide. */
export function parseRow(row: string, mnemonic: string, added: number): Form[] {
  const [, operands, opcode, ...columns] = row.split(/\s+/);
  const names = operands === '-' ? [] : operands.split(',');
  const vector = columns.filter((column) => /^e?vex/.test(column));
  const encodings = vector.length > 0 ? vector : [`legacy.${columns.join('.')}`];
  const forms: Form[] = [];
  for (const encoding of encodings) {
    const [kind, ...flags] = encoding.split('.');
    const able = kind === 'evex' ? names : names.map((name) => name.replace(/\/b\d+/, ''));
    for (const width of widthsOf(names, kind, flags)) {
      const patterns = able.map((name) => parseOperand(name, width));
      forms.push(makeForm({ row, mnemonic, added, names, patterns, opcode, kind, flags, width }));
    }
  }
  return forms;
}

const has = (names: readonly string[], pattern: RegExp): boolean =>
  names.some((name) => pattern.test(name));

const PACKED = /^(v|[hqe]\b|g[vh])/;

/** What `v` or `r` stands for in turn; one width of 0 if the row has neither. */
function widthsOf(
  names: readonly string[],
  kind: string,
  flags: readonly string[],
): readonly Width[] {
  const stated = flags.filter((flag) => /^(16|32|64|128|256|512)$/.test(flag)).map(Number);
  if (has(names, PACKED)) {
    const all = kind === 'evex' ? [128, 256, 512] : [128, 256];
    return (stated.length > 0 ? stated : all).map((bits) => ({ vector: bits, gp: 0 }));
  }
  if (!has(names, /^(r|a|m)($|\/)/)) return [{ vector: fixedLength(names), gp: 0 }];
  const all = kind === 'legacy' && !has(names, /^x/) ? [16, 32, 64] : [32, 64];
  const vector = fixedLength(names);
  return (stated.length > 0 ? stated : all).map((gp) => ({ vector, gp }));
}

/** Width of a row without `v`: its widest register. */
function fixedLength(names: readonly string[]): number {
  return has(names, /^z/) ? 512 : has(names, /^y/) ? 256 : 128;
}

interface RowParts {
  readonly row: string;
  readonly mnemonic: string;
  readonly added: number;
  readonly names: readonly string[];
  readonly patterns: readonly OperandPattern[];
  readonly opcode: string;
  readonly kind: string;
  readonly flags: readonly string[];
  readonly width: Width;
}

function makeForm(parts: RowParts): Form {
  const { patterns, flags, width } = parts;
  const flag = (name: string): boolean => flags.includes(name);
  const encoding = ENCODING[parts.kind as keyof typeof ENCODING];
  const code = parseOpcode(parts.opcode);
  const memory = patterns.find((p) => p.memoryBits > 0);
  const broadcastBits = Math.max(0, ...patterns.map((p) => p.broadcastBits));
  const immediate = patterns.findIndex((p) => p.immediateBytes > 0 || p.range === 'one');
  const unit = flags.find((name) => /^n\d/.test(name));
  const memoryBits = memory?.memoryBits ?? 0;
  const reverse = flags.find((name) => name.startsWith('rev'))?.slice(3) ?? '';
  return {
    mnemonic: parts.mnemonic,
    row: parts.row,
    kinds: patterns.map((p) => p.kinds),
    fixed: patterns.map((p) => p.fixed),
    hasFixed: patterns.some((p) => p.fixed >= 0),
    encoding,
    ...code,
    opcode: code.opcode + parts.added,
    wide: flag('w1') || (width.gp === 64 && !flag('w0')),
    length: flag('l1') ? 1 : encoding === 0 ? 0 : Math.log2(width.vector / 128),
    packed: has(parts.names, PACKED),
    operandSize16: width.gp === 16 || flag('o16'),
    lock: flag('lock'),
    ...placesOf(patterns, code),
    immediate,
    immediateBytes: immediate < 0 ? 0 : patterns[immediate].immediateBytes,
    immediateRange: immediate < 0 ? 'any' : patterns[immediate].range,
    extendedBits: width.gp < 64 && immediate >= 0 && has(parts.names, /^s8/) ? width.gp : 0,
    label: patterns.findIndex((p) => p.isLabel),
    memoryBits,
    broadcastBits,
    lanes: broadcastBits === 0 ? 0 : memoryBits / broadcastBits,
    dispUnit: unit === undefined ? Math.max(1, memoryBits / 8) : Number(unit.slice(1)) / 8,
    mask: flag('mask') ? 'required' : flag('kz') ? 'zero' : flag('k') ? 'merge' : 'none',
    rounding: flag('er') ? 'er' : flag('sae') ? 'sae' : 'none',
    reverseOpcode: reverse === '' ? -1 : Number.parseInt(reverse.slice(-2), 16),
    reversePrefix: PREFIXES[reverse.slice(0, -2)] ?? code.prefix,
    avx512: encoding === ENCODING.evex || patterns.some((p) => p.isMask),
  };
}

function parseOpcode(text: string) {
  const [, bytes, digit, plus] = /^([0-9a-fnp.]+)(?:\/(\d))?(\+r)?$/.exec(text) ?? [];
  if (bytes === undefined) throw new Error(`bad opcode in the instruction tables: ${text}`);
  const parts = bytes.split('.');
  const prefix = parts.length > 1 && parts[0] in PREFIXES ? PREFIXES[parts.shift() ?? ''] : 0;
  const map = parts.length > 1 && parts[0] in MAPS ? MAPS[parts.shift() ?? ''] : 0;
  const [opcode, tail = -1] = parts.map((byte) => Number.parseInt(byte, 16));
  return {
    prefix,
    map,
    opcode,
    tail,
    digit: digit === undefined ? -1 : Number(digit),
    inOpcode: plus !== undefined,
  };
}

/**
 * Which operand goes to which field. The one that may be memory is `rm` (else the last); of the
 * others the first is `reg` (without a digit), then `vvvv`, then the register in an immediate.
 */
function placesOf(patterns: readonly OperandPattern[], code: { digit: number; inOpcode: boolean }) {
  const encoded = [...patterns.keys()].filter((i) => patterns[i].isEncoded);
  let rm = encoded.find((i) => patterns[i].isMemory);
  // Instructions with memory first and three operands (masked stores) have `vvvv` before `reg`.
  const store = rm === 0 && encoded.length === 3;
  rm ??= encoded.at(-1) ?? -1;
  const others = encoded.filter((i) => i !== rm);
  if (store) others.reverse();
  if (code.digit >= 0) others.unshift(-1);
  const [reg = -1, vvvv = -1, is4 = -1] = others;
  return { reg, rm, vvvv, is4 };
}
