import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { saveModel } from '../format/index.ts';
import { devices, nn, type Tensor } from '../index.ts';
import { describe as describeDevice, showDevices } from './devices.ts';
import { drawPictures } from './draw-digits.ts';
import { quickstart } from './quickstart.ts';

describe('drawing', () => {
  const picture = { pixels: [0, 1, 0.5, 0.25], width: 2, height: 2, caption: ['is 1'] };

  test('shades, two characters a pixel, side by side', () => {
    expect(drawPictures([picture, picture], false)).toBe('  ██    ██\n▒▒░░  ▒▒░░\nis 1  is 1');
  });

  test('in rows where the terminal is narrow', () => {
    const drawn = drawPictures([picture, picture, picture], false, 11);
    expect(drawn.split('\n\n').map((row) => row.split('\n').at(-1))).toEqual([
      'is 1  is 1',
      'is 1',
    ]);
  });

  test('half blocks in grey', () => {
    const [first] = drawPictures([picture], true).split('\n');
    expect(first).toBe('\x1b[38;5;232m\x1b[48;5;244m▀\x1b[38;5;255m\x1b[48;5;238m▀\x1b[0m');
  });
});

describe('devices', () => {
  const report = {
    name: 'cpu',
    engine: 'machine code',
    isa: 'avx512',
    threads: 2,
    heapBytes: 3 * 2 ** 20,
    speed: null,
    notice: null,
  };
  const speed = {
    peakGflops: 234.4,
    cacheReadGBs: 180.2,
    memoryReadGBs: 41.26,
    memoryCopyGBs: null,
    memoryStreamGBs: null,
  };

  test('what is known is shown, what was not measured is left out', () => {
    expect(describeDevice(report).split('\n')).toEqual([
      'cpu',
      '  engine        machine code',
      '  instructions  avx512, 2 threads',
      '  tensors       3 MB held',
    ]);
    const all = { ...report, threads: 1, speed, notice: 'no machine code: no koffi' };
    expect(describeDevice(all).split('\n').slice(2)).toEqual([
      '  instructions  avx512, 1 thread',
      '  tensors       3 MB held',
      '  peak          234 GF/s, float32 multiply-adds',
      '  last cache    180 GB/s read',
      '  memory        41.3 GB/s read',
      '  notice        no machine code: no koffi',
    ]);
    const moved = { ...speed, memoryCopyGBs: 30, memoryStreamGBs: 50 };
    expect(describeDevice({ ...report, speed: moved })).toContain(
      '41.3 GB/s read, 30.0 GB/s copied, 50.0 GB/s streamed',
    );
  });

  test('--json is one document of the devices here, measured', () => {
    let text = '';
    showDevices({ json: true, out: { write: (s: string): unknown => (text += s) } });
    const [cpu, ...others] = JSON.parse(text);
    expect(others).toEqual([]);
    expect(cpu).toMatchObject({ name: 'cpu', engine: devices()[0].engine });
    expect(cpu.threads).toBeGreaterThanOrEqual(1);
    expect(cpu.isa).toMatch(/./);
    if (cpu.speed !== null) expect(cpu.speed.peakGflops).toBeGreaterThan(0.01);
    // Machine code is the fastest there is; any other engine says why it is not that one.
    expect(cpu.notice === null).toBe(cpu.engine.startsWith('x86-64'));
  });
});

describe('quickstart', () => {
  test('one epoch learns, saves, reads back, and tells what it did', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gradus-quickstart-'));
    try {
      let text = '';
      const out = { write: (s: string): unknown => (text += s) };
      const save = join(dir, 'digits.safetensors');
      const accuracy = await quickstart({ data: 'digits', epochs: 1, seed: 1, save, out });
      expect(accuracy).toBeGreaterThan(0.5);
      expect(text).toMatch(/epoch 1\/1 .* loss \d\.\d{4} .*accuracy/);
      expect(text).toMatch(/held-out accuracy 0\.\d{4} \(\d+ of 3\d\d\)/);
      expect(text).toContain(`read back: ${accuracy.toFixed(4)}`);
      expect(text.match(/is {3}\d/g)).toHaveLength(6);
      expect(readdirSync(dir)).toEqual(['digits.safetensors']);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('info', () => {
  let runs = 0;
  /** What the command writes, and its exit code. */
  async function gradus(...args: string[]): Promise<{ text: string; code: number }> {
    let text = '';
    const add = (s: unknown): boolean => {
      text += `${s}\n`;
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(add);
    vi.spyOn(console, 'log').mockImplementation(add);
    vi.spyOn(console, 'error').mockImplementation(add);
    const [argv, before] = [process.argv, process.exitCode];
    try {
      process.argv = [...argv.slice(0, 2), ...args];
      runs++;
      await import(/* @vite-ignore */ `./main.ts?run=${runs}`);
      return { text, code: Number(process.exitCode ?? 0) };
    } finally {
      process.argv = argv;
      process.exitCode = before;
      vi.restoreAllMocks();
    }
  }
  const dir = mkdtempSync(join(tmpdir(), 'gradus-info-'));
  const path = join(dir, 'net.safetensors');
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    rmSync(path, { force: true });
  });

  test('layers, tensors, sizes and what was saved with them', async () => {
    const net = nn.sequential(nn.conv2d(1, 2, 3), nn.batchNorm2d(2), nn.flatten(), nn.linear(8, 3));
    net.at(0).requiresGrad(false);
    saveModel(net, path, { metadata: { data: 'dots' } });
    const { text, code } = await gradus('info', path);
    expect(code).toBe(0);
    expect(text).toMatch(/net\.safetensors: a model, \d+(\.\d)? (bytes|kB)/);
    expect(text).toMatch(/^0 +Conv2d\(1, 2, \[3, 3\]\) +weight \[2, 1, 3, 3\], bias \[2\]$/m);
    expect(text).toMatch(/^3 +Linear\(8, 3\) +weight \[3, 8\], bias \[3\]$/m);
    expect(text).toMatch(/values in \d+ tensors: .*F32/);
    expect(text).toMatch(/frozen: 0\.weight, 0\.bias\ndata: dots/);
    const shaped = await gradus('info', path, '--input', '1,1,4,4');
    expect(shaped.text).toMatch(/^0 +Conv2d +\[1, 2, 2, 2\] +20$/m);
    expect(JSON.parse((await gradus('info', path, '--json')).text).frozen).toHaveLength(2);
  });

  test('a picture of the graph', async () => {
    saveModel(nn.sequential(nn.embedding(5, 4), nn.linear(4, 2)), path);
    const args = ['info', path, '--input', '1,3', '--dtype', 'int32', '--graph'];
    const svg = join(dir, 'net.svg');
    for (const more of [[], [join(dir, 'other.svg')]]) {
      const { text, code } = await gradus(...args, ...more);
      expect(code).toBe(0);
      const file = more[0] ?? svg;
      expect(text).toContain(`is in ${file}`);
      expect(readFileSync(file, 'utf8')).toMatch(/^<svg[^]*embedding[^]*linear[^]*<\/svg>/);
    }
  });

  test('classes of the user', async () => {
    class Net extends nn.Module {
      body = nn.sequential(nn.linear(2, 2));
      forward(x: Tensor): Tensor {
        return this.body.forward(x) as Tensor;
      }
    }
    saveModel(new Net(), path);
    const { text } = await gradus('info', path);
    expect(text).toMatch(/^\(itself\) +Net\(\)$/m);
    expect(text).toMatch(/loadModel\(path, \{ classes: \{ Net \} \}\)/);
    expect(await gradus('info', path, '--input', '1,2')).toMatchObject({ code: 1 });
  });

  test('mistakes', async () => {
    const missing = await gradus('info', path);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.text).toMatch(/net\.safetensors/);
    for (const args of [
      [],
      ['--json'],
      [path, '--input', '3'],
      [path, '--size', '3'],
      [path, '--graph'],
    ]) {
      const { text, code } = await gradus('info', ...args);
      expect(text).toMatch(/see gradus --help/);
      expect(code).toBe(2);
    }
  });
});
