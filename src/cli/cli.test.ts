import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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
