import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DtypeError, FormatError } from '../../base/index.ts';
import { type Tensor, tensor, zeros } from '../../tensor/index.ts';
import { decodeNpy, decodeNpz, encodeNpy, encodeNpz, loadNpy, loadNpz, saveNpz } from '../index.ts';
import { crc32 } from './crc32.ts';
import * as browser from './deflate.browser.ts';
import * as node from './deflate.node.ts';
import { halfToNumber } from './element-types.ts';
import { parseLiteral } from './python-literal.ts';

interface Told {
  readonly shape: number[];
  readonly values: string;
}
interface Fixtures {
  readonly good: Record<string, Told & { base64: string }>;
  readonly refused: Record<string, string>;
  readonly archives: Record<string, string>;
  readonly arrays: Record<string, Told>;
}
const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/numpy.json', import.meta.url), 'utf8'),
) as Fixtures;
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

const WORDS: Record<string, number> = {
  True: 1,
  False: 0,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

function expectArray(t: Tensor, { shape, values }: Told): void {
  expect(t.shape).toEqual(shape);
  const words = values === '' ? [] : values.split(' ');
  const expected = words.map((word) => (t.dtype === 'int64' ? BigInt(word) : number(word)));
  expect(Array.from<number | bigint>(t.data())).toEqual(expected);
}
const number = (word: string): number => WORDS[word] ?? Number(word);

/** What NumPy's element types become. */
const DTYPES: Record<string, string> = {
  f4: 'float32',
  f8: 'float64',
  i4: 'int32',
  i8: 'int64',
  i1: 'int32',
  u1: 'int32',
  i2: 'int32',
  u2: 'int32',
  u4: 'int64',
  f2: 'float32',
};

describe('what NumPy wrote', () => {
  test.each(Object.entries(fixtures.good))('%s', (name, { base64, ...told }) => {
    const t = decodeNpy(fromBase64(base64));
    expectArray(t, told);
    expect(t.dtype).toBe(DTYPES[name.slice(1)] ?? t.dtype);
  });

  test.each(Object.entries(fixtures.refused))('%s are refused', (_, base64) => {
    expect(() => decodeNpy(fromBase64(base64), { name: 'a.npy' })).toThrow(DtypeError);
    expect(() => decodeNpy(fromBase64(base64), { name: 'a.npy' })).toThrow(
      /decodeNpy: a\.npy: its elements are .*\n[^]*remedy: in NumPy save/,
    );
  });

  test.each(Object.entries(fixtures.archives))('NPZ, %s', (_, base64) => {
    const arrays = decodeNpz(fromBase64(base64));
    expect(Object.keys(arrays)).toEqual(Object.keys(fixtures.arrays));
    for (const [name, told] of Object.entries(fixtures.arrays)) expectArray(arrays[name], told);
  });

  test('what is written is what NumPy writes, byte for byte', () => {
    for (const name of ['<f4', '<f8', '<i4', '<i8', 'bool', 'scalar', 'empty']) {
      const bytes = fromBase64(fixtures.good[name].base64);
      expect(encodeNpy(decodeNpy(bytes))).toEqual(bytes);
    }
  });
});

const vectors = new URL('../../../../shared/data/numpy-vectors/', import.meta.url);
// A checkout without the shared folder has the fixtures above alone.
describe.skipIf(!existsSync(vectors))('the vectors of NumPy itself (shared/data)', () => {
  const names = existsSync(vectors) ? readdirSync(vectors) : [];
  test.each(names.filter((name) => /objarr\.np[yz]$/.test(name)))('%s is refused', (name) => {
    const load = name.endsWith('z') ? loadNpz : loadNpy;
    expect(() => load(new URL(name, vectors))).toThrow(DtypeError);
    expect(() => load(new URL(name, vectors))).toThrow(/Python objects, and they can run code/);
  });
  test.each(['python3.npy', 'win64python2.npy'])('%s is read', (name) => {
    const t = loadNpy(new URL(name, vectors));
    expect(t.dtype).toBe('float64');
    expect(t.toArray()).toEqual([1, 1]);
  });
});

describe('round trip', () => {
  const tensors = {
    x: tensor([[1, -0, Number.NaN]]),
    flags: tensor([true, false]),
    'a/b': tensor([2n ** 63n - 1n]),
    größe: tensor(0.1, { dtype: 'float64' }),
    empty: zeros([0, 3], { dtype: 'int32' }),
    column: tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]).transpose(0, 1),
  };
  test.each([false, true])('keeps names, shapes, dtypes and bits, compressed: %s', (compress) => {
    const bytes = encodeNpz(tensors, { compress });
    const back = decodeNpz(bytes);
    expect(Object.keys(back)).toEqual(Object.keys(tensors));
    for (const [name, t] of Object.entries(tensors)) {
      expect([back[name].dtype, back[name].shape]).toEqual([t.dtype, t.shape]);
      expect(Buffer.from(back[name].data().buffer)).toEqual(Buffer.from(t.data().buffer));
    }
    expect(encodeNpz(back, { compress })).toEqual(bytes);
  });

  test('an archive of nothing', () => expect(decodeNpz(encodeNpz({}))).toEqual({}));
});

/** An NPY file of this header. */
function npy(header: string, data = '', version = [1, 0]): Uint8Array {
  const length = header.length;
  const bytes = version[0] === 1 ? [length & 255, length >> 8] : [length & 255, length >> 8, 0, 0];
  return latin1(`\x93NUMPY${String.fromCharCode(...version, ...bytes)}${header}${data}`);
}
const dict = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe('damaged NPY files', () => {
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'does not begin as NPY files do'],
    ['foreign', latin1('PK\x03\x04 and so on'), 'a zip archive: NPZ files go to loadNpz'],
    ['version', npy(dict("'<f4'", '(1,)'), 'abcd', [4, 0]), 'NPY version 4.0 is unknown'],
    ['no length', latin1('\x93NUMPY\x01\x00\x07'), 'ends within its header'],
    ['cut header', latin1('\x93NUMPY\x01\x00\xff\x00{'), 'runs past the end'],
    ['absurd header', latin1('\x93NUMPY\x02\x00\xff\xff\xff\xff{'), 'is absurd'],
    ['no literal', npy('hello'), 'no Python literal: no value at character 0'],
    ['open dict', npy("{'descr': '<f4'"), "no ',' or '}' at character 15"],
    ['deep', npy(`${'('.repeat(60_000)}`), 'nested too deeply'],
    ['key twice', npy("{'descr': 1, 'descr': 2}"), "the key 'descr' twice"],
    ['rest', npy(`${dict("'<f4'", '(1,)')} 5`), 'more than one value'],
    ['keys', npy("{'descr': '<f4', 'shape': (1,)}"), 'not a dict of just'],
    ['order', npy(dict("'<f4'", '(1,)', '1')), 'fortran_order is 1'],
    ['number for shape', npy(dict("'<f4'", '(1)')), 'no tuple of sizes'],
    ['list for shape', npy(dict("'<f4'", '[1]')), 'no tuple of sizes'],
    ['negative', npy(dict("'<f4'", '(-1,)')), '-1 in the shape is not a size'],
    ['absurd', npy(dict("'<f4'", '(99999999999, 99999999999)')), 'absurdly large'],
    ['overflow', npy(dict("'<f4'", '(99999999999999999999,)')), 'is not a size'],
    ['dtype', npy(dict("'<f5'", '(1,)'), 'abcd'), "no dtype '<f5'"],
    ['dtype None', npy(dict('None', '(1,)'), 'abcd'), 'descr is null'],
    ['truncated', npy(dict("'<f4'", '(2,)'), 'abcd'), 'takes 8 bytes, but 4 follow'],
    ['too long', npy(dict("'<f4'", '(1,)'), 'abcdef'), 'takes 4 bytes, but 6 follow'],
    ['bool', npy(dict("'|b1'", '(2,)'), '\x01\x02'), 'element 1 is 2'],
    ['not UTF-8', npy(`${dict("'<f4'", '(0,)')}\xff`, '', [3, 0]), 'not UTF-8'],
  ])('%s', (_, bytes, words) => {
    expect(() => decodeNpy(bytes, { name: 'a.npy' })).toThrow(FormatError);
    expect(() => decodeNpy(bytes, { name: 'a.npy' })).toThrow(words);
    expect(() => decodeNpy(bytes, { name: 'a.npy' })).toThrow(/decodeNpy: a\.npy: /);
  });
});

/** An archive of two arrays, changed at a place counted from a signature. */
function changed(signature: string, at: number, ...values: number[]): Uint8Array {
  const bytes = encodeNpz({ a: tensor([1]), b: tensor([2]) });
  const from = Buffer.from(bytes).lastIndexOf(Buffer.from(signature, 'latin1'));
  bytes.set(values, from + at);
  return bytes;
}
const END = 'PK\x05\x06';
const CENTRAL = 'PK\x01\x02';
const LOCAL = 'PK\x03\x04';

describe('damaged NPZ files', () => {
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'no zip archive'],
    ['foreign', latin1('\x93NUMPY and more'), 'an NPY file: use loadNpy'],
    ['truncated', changed(END, 0).subarray(0, 300), 'ends before its directory'],
    ['rest', new Uint8Array([...changed(END, 0), 1]), 'ends before its directory'],
    ['parts', changed(END, 4, 1), 'several files'],
    ['directory', changed(END, 16, 1, 0), 'does not end at'],
    ['count', changed(END, 8, 3, 0, 3, 0), 'damaged at member 3 of 3'],
    ['fewer', changed(END, 8, 1, 0, 1, 0), 'bytes too many'],
    ['signature', changed(CENTRAL, 0, 0), 'damaged at member 2 of 2'],
    ['long name', changed(CENTRAL, 28, 255), 'runs past the end of the directory'],
    ['encrypted', changed(CENTRAL, 8, 1), "'b.npy' is encrypted"],
    ['method', changed(CENTRAL, 10, 12), 'compressed by method 12'],
    ['wrong method', changed(CENTRAL, 10, 8), 'leads to something else'],
    ['size', changed(CENTRAL, 24, 0), 'bytes cannot unpack to'],
    ['packed', changed(CENTRAL, 20, 133, 0, 0, 0, 133), 'overlaps what follows'],
    ['twice', changed(CENTRAL, 46, 'a'.charCodeAt(0)), "two members 'a.npy'"],
    ['checksum', changed(CENTRAL, 16, 1, 2, 3, 4), 'the checksum is wrong'],
    ['data', changed(LOCAL, 90, 1), 'the checksum is wrong'],
    ['local name', changed(LOCAL, 30, 1), 'leads to something else'],
    ['not .npy', changed(CENTRAL, 50, 'z'.charCodeAt(0)), "'b.npz' is no .npy file"],
    ['ZIP64', changed(END, 8, 255, 255, 255, 255), 'the ZIP64 directory is damaged'],
  ])('%s', (_, bytes, words) => {
    expect(() => decodeNpz(bytes, { name: 'a.npz' })).toThrow(FormatError);
    expect(() => decodeNpz(bytes, { name: 'a.npz' })).toThrow(words);
    expect(() => decodeNpz(bytes, { name: 'a.npz' })).toThrow(/decodeNpz: a\.npz: /);
  });

  test('an array is named', () => {
    const bytes = npz('x.npy', fromBase64(fixtures.refused.objects));
    expect(() => decodeNpz(bytes, { name: 'a.npz' })).toThrow(/a\.npz: x\.npy: its elements are/);
  });

  test('deflated data that is damaged, longer or shorter than told', () => {
    const array = encodeNpy(tensor([1, 2, 3]));
    const packed = node.deflate(array);
    const bad = packed.slice();
    bad[0] = 7; // a block type that does not exist
    expect(() => decodeNpz(npz('x.npy', array, bad))).toThrow('cannot be unpacked');
    expect(() => decodeNpz(npz('x.npy', array, packed.subarray(0, -4)))).toThrow(
      'cannot be unpacked',
    );
    const longer = node.deflate(new Uint8Array(10_000));
    expect(() => decodeNpz(npz('x.npy', array, longer))).toThrow('cannot be unpacked');
    const shorter = node.deflate(array.subarray(0, 20));
    expect(() => decodeNpz(npz('x.npy', array, shorter))).toThrow('unpacks to 20 bytes');
  });
});

/** An archive of one member with ZIP64 records, as writers of large ones make. */
function npz(name: string, data: Uint8Array, packed?: Uint8Array): Uint8Array {
  const body = packed ?? data;
  const common = (size: number) => {
    const b = Buffer.alloc(22);
    b.writeUInt16LE(packed === undefined ? 0 : 8, 2);
    b.writeUInt32LE(crc32(data), 8);
    b.writeUInt32LE(size < 0 ? 0xffffffff : body.length, 12);
    b.writeUInt32LE(size < 0 ? 0xffffffff : data.length, 16);
    b.writeUInt16LE(name.length, 20);
    return b;
  };
  const u64 = (...values: number[]) => {
    const b = Buffer.alloc(8 * values.length);
    values.forEach((value, i) => b.writeBigUInt64LE(BigInt(value), 8 * i));
    return b;
  };
  const local = Buffer.concat([
    latin1(`${LOCAL}\x2d\0`),
    common(1),
    Buffer.alloc(2),
    latin1(name),
    body,
  ]);
  const central = Buffer.concat([
    latin1(`${CENTRAL}\x2d\x03\x2d\0`),
    common(-1),
    Buffer.from([28, 0, ...new Array<number>(10).fill(0), 255, 255, 255, 255]),
    latin1(name),
    Buffer.from([1, 0, 24, 0]),
    u64(data.length, body.length, 0),
  ]);
  const record = Buffer.concat([
    latin1('PK\x06\x06'),
    u64(44),
    Buffer.from([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    u64(1, 1, central.length, local.length),
  ]);
  const locator = [latin1('PK\x06\x07\0\0\0\0'), u64(local.length + central.length)];
  return Buffer.concat([
    local,
    central,
    record,
    ...locator,
    Buffer.from([1, 0, 0, 0]),
    latin1(END),
    Buffer.from([0, 0, 0, 0, ...new Array<number>(12).fill(255), 0, 0]),
  ]);
}

test('archives with ZIP64 records are read', () => {
  const array = encodeNpy(tensor([1, 2, 3]));
  expect(decodeNpz(npz('x.npy', array)).x.toArray()).toEqual([1, 2, 3]);
  expect(decodeNpz(npz('x.npy', array, node.deflate(array))).x.toArray()).toEqual([1, 2, 3]);
});

describe('deflate, with and without Node', () => {
  const data = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) >> 7);
  test('unpack what the other packed', () => {
    for (const bytes of [data, new Uint8Array(0), new Uint8Array(100_000)]) {
      expect(Buffer.from(browser.inflate(node.deflate(bytes), bytes.length))).toEqual(
        Buffer.from(bytes),
      );
      expect(Buffer.from(node.inflate(browser.deflate(bytes), bytes.length))).toEqual(
        Buffer.from(bytes),
      );
    }
  });
  test.each([
    ['Node', node],
    ['browser', browser],
  ])('%s: damaged and overlong data throw', (_, { inflate }) => {
    const packed = node.deflate(data);
    expect(() => inflate(packed, data.length - 1)).toThrow(/larger|more/);
    expect(() => inflate(node.deflate(new Uint8Array(1e7)), 1000)).toThrow(/larger|more/);
    expect(() => inflate(packed.subarray(0, 100), data.length)).toThrow(/unexpected/);
    expect(() => inflate(Uint8Array.of(7), 10)).toThrow(/invalid/);
  });
});

test('crc32', () => {
  expect(crc32(latin1('123456789'))).toBe(0xcbf43926);
  expect(crc32(latin1('56789'), crc32(latin1('1234')))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * 7);
  for (let n = 0; n < 20; n++) {
    expect(crc32(bytes.subarray(n), crc32(bytes.subarray(0, n)))).toBe(crc32(bytes));
  }
});

test('halfToNumber gives each value of IEEE 754 binary16', () => {
  expect(halfToNumber(0x3555)).toBe(0.333251953125);
  expect(halfToNumber(0x7bff)).toBe(65504);
  expect(halfToNumber(0x0001)).toBe(2 ** -24);
  expect(Object.is(halfToNumber(0x8000), -0)).toBe(true);
});

test('parseLiteral', () => {
  expect(parseLiteral(' (2L, ) ')).toEqual({ kind: 'tuple', items: [2] });
  expect(parseLiteral('()')).toEqual({ kind: 'tuple', items: [] });
  expect(parseLiteral('(3)')).toBe(3);
  expect(parseLiteral(`[u'a', b"b'", None, -1]`)).toEqual({
    kind: 'list',
    items: ['a', "b'", null, -1],
  });
  for (const bad of [
    '',
    '(',
    '(,)',
    '(1 2)',
    "{'a' 1}",
    '{1: 2}',
    "'a",
    'Truth',
    '1.5',
    '--1',
    '01',
    '\xa01',
  ]) {
    expect(() => parseLiteral(bad)).toThrow(SyntaxError);
  }
});

test('bad arguments', () => {
  const save = saveNpz as (tensors: unknown, path: unknown, options?: unknown) => void;
  expect(() => save({ a: 1 }, 'a.npz')).toThrow("'a' is 1, not a tensor");
  expect(() => save({ 'a\0': tensor(1) }, 'a.npz')).toThrow('is no name for a member');
  expect(() => save({}, 'a.npz', { compressed: true })).toThrow("did you mean 'compress'?");
  expect(() => (encodeNpy as (t: unknown) => unknown)([1])).toThrow(DtypeError);
});
