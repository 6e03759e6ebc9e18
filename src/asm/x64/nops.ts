/** Padding that costs the processor as little as it can: few long instructions that do nothing. */
import type { CodeBuffer } from './code-buffer.ts';

const NOPS = [
  '90',
  '66 90',
  '0f 1f 00',
  '0f 1f 40 00',
  '0f 1f 44 00 00',
  '66 0f 1f 44 00 00',
  '0f 1f 80 00 00 00 00',
  '0f 1f 84 00 00 00 00 00',
  '66 0f 1f 84 00 00 00 00 00',
].map((text) => Uint8Array.from(text.split(' '), (byte) => Number.parseInt(byte, 16)));

export function appendNops(out: CodeBuffer, count: number): void {
  let rest = count;
  while (rest > 0) {
    const length = Math.min(rest, NOPS.length);
    out.append(NOPS[length - 1]);
    rest -= length;
  }
}
