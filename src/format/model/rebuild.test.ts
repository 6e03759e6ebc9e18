import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FormatError, GradusError, nn, type Tensor, zeros } from '../../index.ts';
import { layerElements, layerNames, type Module } from '../../nn/index.ts';
import { decodeSafetensors } from '../safetensors/decode.ts';
import { saveSafetensors } from '../safetensors/files.ts';
import { loadModel } from './load-model.ts';
import { saveModel } from './save-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradus-rebuild-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'net.safetensors');

saveModel(nn.relu(), path);
const { metadata: usual } = decodeSafetensors(new Uint8Array(readFileSync(path)));

/** A file with that description and those tensors. */
function write(model: string, tensors: Record<string, Tensor> = {}, words = {}): void {
  const metadata = { ...usual, 'gradus.model': model, ...words };
  saveSafetensors(tensors, path, { metadata });
}

const layer = (type: string, ...config: unknown[]): string =>
  JSON.stringify({ type, config, children: [] });
const sequence = (children: readonly string[]): string =>
  `{"type":"Sequential","config":[],"children":[${children.map((c, i) => `["${i}",${c}]`)}]}`;

describe('never more memory than the tensors account for', () => {
  test.each([
    [layer('Linear', 30_000, 30_000)],
    [layer('Linear', 30_000, 30_000, {}, { groups: 1e9 })],
    [layer('Linear', 1e12, 1)],
    [layer('Conv2d', 30_000, 30_000, 1, {}, { groups: 1e9 })],
    [layer('Conv2d', 8, 8, 30_000)],
    [layer('Conv2d', 1e10, 1e10, 1, { groups: 1e10 })],
    [layer('BatchNorm2d', 1e10, {})],
    [layer('LayerNorm', [1e5, 1e5])],
    [layer('LSTM', 1e5, 1e5)],
    [layer('LSTMOutput', 1, 1, { numLayers: 1e9 })],
    [layer('Embedding', 1e12, 1)],
    [sequence(Array.from({ length: 2000 }, () => layer('Linear', 1000, 900)))],
  ])('%.60s', (text) => {
    write(text, { '0.weight': zeros([2, 3]) as Tensor });
    const before = performance.now();
    expect(() => loadModel(path)).toThrow(/elements, more than the file holds/);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  test('shared values count once, some times over', () => {
    write(
      sequence([layer('Linear', 1000, 1500), layer('Linear', 1000, 1500)]),
      { '0.weight': zeros([1500, 1000]) as Tensor, '0.bias': zeros([1500]) as Tensor },
      { 'gradus.shared': '{"1.weight":"0.weight","1.bias":"0.bias"}' },
    );
    expect(loadModel(path).parameters()).toHaveLength(2);
  });

  test('what has no parameters may have large settings', () => {
    const net = nn.sequential(nn.maxPool2d(2048), nn.avgPool2d([4096, 4096]), nn.leakyRelu(1e9));
    saveModel(net, path);
    expect(String(loadModel(path))).toBe(String(net));
  });

  test('layerElements is what each layer has, or a little more', () => {
    const layers: Module[] = [
      nn.linear(3, 5),
      nn.linear(3, 5, { bias: false }),
      nn.conv2d(4, 6, [3, 2], { groups: 2 }),
      nn.conv2d(4, 6, 3),
      nn.batchNorm2d(7),
      nn.layerNorm([2, 3]),
      nn.layerNorm(4),
      nn.embedding(5, 6),
      nn.lstm(3, 5),
      nn.lstmOutput(3, 4, { numLayers: 3, bidirectional: true }),
      nn.lstm(30, 2, { bias: false }),
      nn.relu(),
      nn.maxPool2d(9),
    ];
    for (const each of layers) {
      const cells = [...each.parameters(), ...each.buffers()];
      const count = cells.reduce((n, t) => n + t.numel, 0);
      const most = layerElements(each.constructor.name, each.config());
      expect(most).toBeGreaterThanOrEqual(count);
      expect(most).toBeLessThanOrEqual(count * 1.5);
    }
  });
});

test('modules that share modules that share modules, sixty times', () => {
  let text = sequence([layer('ReLU')]);
  for (let i = 60; i > 0; i--) {
    const first = Array.from({ length: i }, () => '0').join('.');
    const same = JSON.stringify({ type: 'Sequential', config: [], children: [], same: first });
    text = sequence([text, same]);
  }
  write(text);
  expect(() => loadModel(path)).toThrow(/more than 100000 modules/);
  let net: Module = nn.relu();
  for (let i = 0; i < 60; i++) net = nn.sequential(net, net);
  expect(() => saveModel(net, path)).toThrow(/more than 100000 modules/);
});

test('a config nested as deep as the stack, with and without a model', () => {
  write(`{"type":"ReLU","config":[${'['.repeat(50_000)}${']'.repeat(50_000)}],"children":[]}`);
  expect(() => loadModel(path)).toThrow(/a config that is nested too deep/);
  expect(() => loadModel(path, nn.relu())).toThrow(FormatError);
});

test('any settings of any layer make a layer or an error that names the file', () => {
  const settings = [null, true, -1, 0, 2, 0.5, 1e300, 'a', '2', [], [2], [2, 2], [[2]], {}];
  const objects = [{ stride: 0 }, { bias: 3 }, { eps: 'x' }, { groups: '1' }, { momentum: [] }];
  const values = [...settings, ...objects];
  let refused = 0;
  for (const type of layerNames()) {
    const lists = [[], ...values.flatMap((a) => [[a], [2, a], [2, 2, a], [2, 2, 2, a], [a, a]])];
    for (const config of lists) {
      write(layer(type, ...config));
      try {
        loadModel(path);
      } catch (error) {
        if (!(error instanceof GradusError)) throw new Error(layer(type, config), { cause: error });
        expect(error).toBeInstanceOf(FormatError);
        expect(error.message).toContain(path);
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(500);
}, 60_000);

test('a class name of any text is told, a little of it', () => {
  write(layer('a\nb'.repeat(1000)));
  expect(() => loadModel(path)).toThrow(/a module of the class "a\\nb[^\n]{20,60}\n/);
});

test('a file that is cut off', () => {
  saveModel(nn.linear(3, 2), path);
  const bytes = readFileSync(path);
  for (const size of [0, 7, 20, bytes.length - 1]) {
    writeFileSync(path, bytes.subarray(0, size));
    expect(() => loadModel(path)).toThrow(FormatError);
    expect(() => loadModel(path)).toThrow(/loadModel: .*net\.safetensors/);
  }
});
