/** The bench's own parts: options, figures, the picture, and the bytes of ONNX models. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

// Plain modules without types of their own.
const load = (name: string) =>
  import(/* @vite-ignore */ fileURLToPath(new URL(`../../bench/${name}`, import.meta.url)));
const { readOptions } = await load('options.mjs');
const { heading, rowsOf, table } = await load('report.mjs');
const { picture } = await load('picture.mjs');
const { better } = await load('machine.mjs');
const { Message } = await load('peers/onnx/protobuf.mjs');

describe('options', () => {
  test('workloads by group and by name, peers in a list', () => {
    const { chosen, peers, rounds } = readOptions(['W4', 'W1-m8', '--peers', 'ort,torch,ort']);
    expect(chosen.map((w: { name: string }) => w.name)).toEqual(['W1-m8', 'W4']);
    expect([peers, rounds]).toEqual([['ort', 'torch'], 5]);
  });

  test.each([
    [['--peers'], /argument missing/],
    [['--peers', 'W1'], /no peer W1; there are torch, torch-compile, ort, tfjs, jax/],
    [['W99'], /no workload W99; there are W1, W2/],
    [['--rounds', '0'], /--rounds takes a whole number/],
    [['--svg', 'x.svg'], /add --peers torch/],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});

describe('figures', () => {
  const product = { name: 'W1-512', title: 'matmul', group: 'W1', flops: 2e9 };
  const adds = { name: 'W3', title: 'a < b', group: 'W3', ops: 2000 };
  const entries = [
    { workload: product, peer: 'gradus', times: [30, 20, 25], error: null },
    { workload: product, peer: 'torch', times: [10, 12], error: null },
    { workload: adds, peer: 'gradus', times: [4], error: null },
    { workload: adds, peer: 'torch', times: [], error: 'no' },
  ];
  const speed = { peakGflops: 200, cacheReadGBs: 90, memoryReadGBs: 20, memoryCopyGBs: null };
  const rows = rowsOf(entries, speed);

  test('a row has minimum, median, rate, share of the peak, and the ratio of minima', () => {
    expect(rows[0]).toMatchObject({ ms_min: 20, ms_median: 25, gflops: 100, peak_percent: 50 });
    expect(rows[0].ratios).toEqual({ torch: 2 });
    expect(rows[2]).toMatchObject({ us_per_op: 2 });
    expect(rows[2].ratios).toBeUndefined();
  });

  test('the table says what is not available', () => {
    const lines: string[] = table(rows, [{ id: 'torch' }]);
    const head = ['workload', 'gradus', 'GF/s', '% peak', 'µs/op', 'torch', 'ratio'];
    expect(lines[0].split(/ +(?!peak)/)).toEqual(head);
    expect(lines[2]).toContain('not available');
    expect(lines.at(-1)).toBe('W3, torch: not available: no');
  });

  test('the heading names machine and versions; what was measured twice counts once', () => {
    const run = { machine: {}, versions: { gradus: '1', torch: 'torch 2' }, threads: 2, rounds: 5 };
    expect(heading({ ...run, speed }).join()).toMatch(/2 threads.*200 GF\/s.*torch 2/s);
    const again = { ...speed, memoryReadGBs: 25, peakGflops: 100 };
    expect(better(speed, again)).toEqual({ ...speed, memoryReadGBs: 25 });
  });

  test('the picture has a bar for each ratio, to its side of the middle', () => {
    const svg: string = picture(rows, 'A & B', 'here');
    expect(svg.match(/<rect /g)).toHaveLength(1);
    expect(svg).toContain('class="slower"');
    expect(svg).toContain('A &#38; B');
    expect(svg).toContain('>0.50×<');
  });
});

test('protobuf: varints, two’s complement, lengths, floats', () => {
  const inner = new Message().int(1, 150).string(2, 'ab');
  const bytes = new Message().message(3, inner).int(1, -1).float(2, 0.5).finish();
  expect(bytes.toString('hex')).toBe(
    `1a07${'089601'}${'12026162'}${'08ffffffffffffffffff01'}${'150000003f'}`,
  );
});
