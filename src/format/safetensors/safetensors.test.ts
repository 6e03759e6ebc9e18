import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DtypeError, FormatError, ValueError } from '../../base/index.ts';
import { type Tensor, tensor, zeros } from '../../tensor/index.ts';
import { decodeSafetensors, encodeSafetensors } from '../index.ts';
import { duplicateKey } from './duplicate-key.ts';

interface Official {
  readonly file: string;
  readonly half: string;
  readonly metadata: Record<string, string>;
  readonly tensors: Record<string, { shape: number[]; dtype: string; values: string[] }>;
}
const official = JSON.parse(
  readFileSync(new URL('./fixtures/official.json', import.meta.url), 'utf8'),
) as Official;
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** A file of this header, without padding, and `dataBytes` zeros. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const f32 = (from: number, to: number, shape: readonly number[] = [(to - from) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
});

describe('what the safetensors library wrote', () => {
  test.each([false, true])('is read, lazy: %s', (lazy) => {
    const { tensors, metadata } = decodeSafetensors(fromBase64(official.file), { lazy });
    expect(metadata).toEqual(official.metadata);
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(official.tensors).sort());
    for (const [name, { shape, dtype, values }] of Object.entries(official.tensors)) {
      const t = tensors[name];
      expect(t.shape).toEqual(shape);
      expect(t.dtype).toBe(dtype);
      const text = (x: number | bigint) =>
        dtype === 'bool' ? (x === 1 ? 'True' : 'False') : String(x);
      const expected = dtype.startsWith('float') ? values.map((v) => String(Number(v))) : values;
      expect(Array.from(t.data(), text)).toEqual(expected);
      expect(tensors[name]).toBe(t);
    }
  });

  test('another dtype is refused by name, lazily only when it is asked for', () => {
    const bytes = fromBase64(official.half);
    expect(() => decodeSafetensors(bytes)).toThrow(DtypeError);
    expect(() => decodeSafetensors(bytes)).toThrow("tensor 'b' is F16");
    const { tensors } = decodeSafetensors(bytes, { lazy: true });
    expect(tensors.a.toArray()).toEqual([1, 1]);
    expect(() => tensors.b).toThrow(DtypeError);
  });
});

describe('round trip', () => {
  const tensors: Record<string, Tensor> = {
    '1': tensor(2.5),
    b: tensor([true, false, true]),
    'layers.0.weight': tensor([[1, -0, Number.NaN]]),
    '': tensor([2n ** 63n - 1n, -1n]),
    d: tensor([0.1, Number.NEGATIVE_INFINITY], { dtype: 'float64' }),
    empty: zeros([0, 5], { dtype: 'int32' }),
    'ключ "quoted"': tensor([1, 2, 3], { dtype: 'int32' }),
    view: tensor([[1, 2, 3]])
      .transpose(0, 1)
      .expand([3, 2]),
  };
  Object.defineProperty(tensors, '__proto__', { value: tensor([7]), enumerable: true });

  test.each([false, true])('keeps names, shapes, dtypes and bits, lazy: %s', (lazy) => {
    const metadata = { ['__proto__']: 'x', epoch: '3' };
    const bytes = encodeSafetensors(tensors, { metadata });
    const back = decodeSafetensors(bytes, { lazy });
    expect(Object.keys(back.tensors)).toEqual(Object.keys(tensors));
    for (const [name, t] of Object.entries(tensors)) {
      const own = Object.getOwnPropertyDescriptor(back.tensors, name);
      const got = (own?.value ?? own?.get?.()) as Tensor;
      expect([got.dtype, got.shape]).toEqual([t.dtype, t.shape]);
      expect(Buffer.from(got.data().buffer)).toEqual(Buffer.from(t.data().buffer));
    }
    expect(Object.entries(back.metadata)).toEqual(Object.entries(metadata));
    expect(encodeSafetensors(back.tensors, { metadata })).toEqual(bytes);
  });

  test('data begin at a multiple of 8, and each tensor at a multiple of its elements', () => {
    for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh']) {
      const bytes = encodeSafetensors({ flag: tensor([true]), [name]: tensor([1n]) });
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      expect(length % 8).toBe(0);
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
      expect(header[name].data_offsets).toEqual([0, 8]);
      expect(header.flag.data_offsets).toEqual([8, 9]);
    }
  });

  test('nothing, a Map, an ArrayBuffer, and bytes at odd places', () => {
    expect(decodeSafetensors(encodeSafetensors({})).tensors).toEqual({});
    const bytes = encodeSafetensors(new Map([['x', tensor([1, 2])]]));
    expect(decodeSafetensors(bytes.buffer).tensors.x.toArray()).toEqual([1, 2]);
    const odd = new Uint8Array(bytes.length + 3);
    odd.set(bytes, 3);
    expect(decodeSafetensors(odd.subarray(3)).tensors.x.toArray()).toEqual([1, 2]);
  });

  test('a lazy tensor may be replaced', () => {
    const { tensors: back } = decodeSafetensors(encodeSafetensors({ x: tensor([1]) }), {
      lazy: true,
    });
    back.x = tensor([2]);
    expect(back.x.toArray()).toEqual([2]);
  });
});

describe('damaged files', () => {
  const huge = new Uint8Array(16).fill(0xff);
  const two32 = 2 ** 32;
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'it has 0 bytes'],
    ['short', new Uint8Array(7), 'it has 7 bytes'],
    ['absurd length', huge, 'is absurd'],
    ['length past the end', file('{}').subarray(0, 9), 'runs past the end of the file at 9'],
    ['no JSON', file('hello'), "does not begin with '{'"],
    ['empty header', new Uint8Array(8), "does not begin with '{'"],
    ['broken JSON', file('{"a":'), 'is not JSON'],
    ['not UTF-8', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d), 'not UTF-8'],
    ['key twice', file('{"a":1,"\\u0061":2}'), "has 'a' twice"],
    ['inner key twice', file('{"a":{"dtype":"F32","dtype":"F32"}}'), "has 'dtype' twice"],
    ['metadata', file({ __metadata__: [] }), '__metadata__ is [], not an object'],
    ['metadata numbers', file({ __metadata__: { a: 1 } }), "'a' is 1, not a string"],
    ['no object', file({ a: null }), "tensor 'a' is told of by null"],
    ['dtype', file({ a: { ...f32(0, 4), dtype: 'F31' } }, 4), "no dtype 'F31'"],
    ['inherited dtype', file({ a: { ...f32(0, 4), dtype: 'toString' } }, 4), 'no dtype'],
    ['shape', file({ a: { ...f32(0, 4), shape: [-1] } }, 4), 'its shape [-1]'],
    ['fraction', file({ a: { ...f32(0, 4), shape: [0.5] } }, 4), 'its shape [0.5]'],
    ['no offsets', file({ a: { dtype: 'F32', shape: [] } }, 4), 'its data_offsets undefined'],
    ['three offsets', file({ a: { ...f32(0, 4), data_offsets: [0, 2, 4] } }, 4), 'no two places'],
    ['reversed', file({ a: f32(4, 0, []) }, 4), 'it ends at 0, before its begin at 4'],
    ['out of range', file({ a: f32(0, 8) }, 4), 'out of range: the file holds 4'],
    ['byte count', file({ a: f32(0, 4, [2]) }, 4), 'takes 8 bytes'],
    ['absurd shape', file({ a: f32(0, 4, [two32, two32]) }, 4), 'absurdly large'],
    ['absurd empty', file({ a: f32(0, 0, [0, two32, two32]) }), 'absurdly large'],
    ['dimensions', file({ a: f32(0, 4, new Array<number>(65).fill(1)) }, 4), '65 dimensions'],
    ['overlap', file({ a: f32(0, 8), b: f32(4, 12) }, 12), "'a' and 'b' overlap by 4 bytes"],
    ['the same place', file({ a: f32(0, 4), b: f32(0, 4) }, 4), 'overlap by 4 bytes'],
    ['hole', file({ a: f32(0, 4), b: f32(8, 12) }, 12), "4 bytes before tensor 'b'"],
    ['rest', file({ a: f32(0, 4) }, 5), '1 bytes after the last tensor'],
    ['bool', bool(2), "tensor 'a': element 0 is 2"],
    ['zip', Uint8Array.from(Buffer.from('PK\x03\x04 and so on, for long')), 'a zip archive'],
    ['page', Uint8Array.from(Buffer.from('<!DOCTYPE html><html>')), 'an HTML or XML page'],
  ])('%s', (_, bytes, words) => {
    const read = () => decodeSafetensors(bytes, { name: 'net.safetensors' });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(words);
    expect(read).toThrow(/decodeSafetensors: net\.safetensors: /);
  });

  function bool(value: number): Uint8Array {
    const bytes = encodeSafetensors({ a: tensor([true]) });
    bytes[bytes.length - 1] = value;
    return bytes;
  }

  test('a header as deep as the stack', () => {
    expect(() => decodeSafetensors(file(`{"a":${'['.repeat(200_000)}`))).toThrow(FormatError);
    const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(() => decodeSafetensors(file(deep))).toThrow(FormatError);
  });

  test('duplicateKey knows strings from keys', () => {
    expect(duplicateKey('{"a":"a","b":["a","a"],"c":{"a":"\\"a\\":"}}')).toBeUndefined();
    expect(duplicateKey('{"a" : {"b":1, "b" : 2}}')).toBe('b');
    expect(duplicateKey('[{"a":1},{"a":1}]')).toBeUndefined();
  });
});

test('bad arguments', () => {
  const encode = encodeSafetensors as (tensors: unknown, options?: unknown) => Uint8Array;
  expect(() => encode(tensor([1]))).toThrow(ValueError);
  expect(() => encode({ a: [1, 2] })).toThrow("'a' is [1, 2], not a tensor");
  expect(() => encode({ __metadata__: tensor(1) })).toThrow("'__metadata__' is no name");
  expect(() => encode({}, { metadata: { epoch: 3 } })).toThrow("metadata 'epoch' is 3");
  expect(() => encode({}, { metaData: {} })).toThrow("did you mean 'metadata'?");
  const decode = decodeSafetensors as (bytes: unknown) => unknown;
  expect(() => decode('a.safetensors')).toThrow('a path goes to loadSafetensors');
});
