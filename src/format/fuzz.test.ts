import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DtypeError, FormatError, GradusError } from '../base/index.ts';
import { nn } from '../index.ts';
import { type Tensor, tensor, zeros } from '../tensor/index.ts';
import {
  decodeNpy,
  decodeNpz,
  decodeSafetensors,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  loadModel,
  saveModel,
} from './index.ts';
import { dice, mutate } from './mutate.test-util.ts';

const COUNT = 700;
const tensors = {
  w: tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]),
  'a.flag': tensor([true, false, true]),
  n: tensor([5n, -7n]),
  empty: zeros([0, 3]),
};
type Decode = (bytes: Uint8Array) => Record<string, Tensor>;
type Encode = (tensors: Record<string, Tensor>) => Uint8Array;

/** Every outcome is tensors that survive a round trip, or an error made for it. */
function fuzz(samples: readonly Uint8Array[], decode: Decode, encode: Encode, maxRatio: number) {
  const roll = dice(20_260_101);
  const outcomes = { parsed: 0, refused: 0 };
  const messages = new Set<string>();
  for (let i = 0; i < COUNT; i++) {
    const bytes = mutate(samples, roll);
    const before = bytes.slice();
    try {
      const read = decode(bytes);
      const size = Object.values(read).reduce((n, t) => n + t.byteLength, 0);
      expect(size).toBeLessThanOrEqual(bytes.length * maxRatio);
      const written = encode(read);
      expect(encode(decode(written))).toEqual(written);
      outcomes.parsed++;
    } catch (error) {
      const expected = error instanceof FormatError || error instanceof DtypeError;
      if (!expected) throw new Error(`mutation ${i} of ${bytes.length} bytes`, { cause: error });
      messages.add(error.message.replace(/'[^']*'|\d+|\n[^]*/g, '#'));
      outcomes.refused++;
    }
    expect(Buffer.compare(bytes, before)).toBe(0);
  }
  return { ...outcomes, kinds: messages.size };
}

test('safetensors, eager and lazy', () => {
  const samples = [
    encodeSafetensors(tensors, { metadata: { epoch: '3' } }),
    encodeSafetensors({ x: tensor(1), y: tensor([1, 2, 3], { dtype: 'int32' }) }),
  ];
  const eager = fuzz(samples, (b) => decodeSafetensors(b).tensors, encodeSafetensors, 1);
  const lazy = fuzz(
    samples,
    (b) => ({ ...decodeSafetensors(b, { lazy: true }).tensors }),
    encodeSafetensors,
    1,
  );
  expect(lazy).toEqual(eager);
  expect(eager.parsed).toBeGreaterThan(20);
  expect(eager.kinds).toBeGreaterThan(15);
});

test('NPY', () => {
  const samples = Object.values(tensors).map(encodeNpy);
  const { parsed, kinds } = fuzz(
    samples,
    (b) => ({ x: decodeNpy(b) }),
    (t) => encodeNpy(t.x),
    4,
  );
  expect(parsed).toBeGreaterThan(20);
  expect(kinds).toBeGreaterThan(10);
});

test('NPZ, stored and deflated', () => {
  const samples = [encodeNpz(tensors), encodeNpz(tensors, { compress: true }), encodeNpz({})];
  const { kinds } = fuzz(samples, decodeNpz, encodeNpz, 1032 * 4);
  expect(kinds).toBeGreaterThan(10);
});

test('models: every mutant is a model or an error made for it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gradus-fuzz-'));
  try {
    const path = join(dir, 'model.safetensors');
    const line = nn.linear(4, 4);
    const nets = [
      nn.sequential(
        nn.conv2d(1, 2, 3),
        nn.batchNorm2d(2),
        nn.relu(),
        nn.flatten(),
        nn.dropout(0.1),
      ),
      nn.sequential(line, nn.layerNorm(4), line, nn.sequential(nn.gelu(), nn.softmax(1))),
    ];
    const samples = nets.map((net) => {
      saveModel(net, path);
      return new Uint8Array(readFileSync(path));
    });
    const roll = dice(20_261_125);
    const messages = new Set<string>();
    let loaded = 0;
    for (let i = 0; i < COUNT; i++) {
      writeFileSync(path, mutate(samples, roll));
      try {
        const net = loadModel(path);
        expect(net.numParameters()).toBeLessThan(10_000);
        loaded++;
      } catch (error) {
        if (!(error instanceof GradusError)) throw new Error(`mutation ${i}`, { cause: error });
        messages.add(error.message.replace(/'[^']*'|\d+|\n[^]*/g, '#'));
      }
    }
    expect(loaded).toBeGreaterThan(10);
    expect(messages.size).toBeGreaterThan(20);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
