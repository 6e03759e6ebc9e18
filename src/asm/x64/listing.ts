/** Machine code for people: offset, bytes and text of each instruction. */
import { addressOf, type Layout } from './layout.ts';
import type { Label } from './operands.ts';

/** What the assembler remembers of an instruction, label or padding. */
export interface Note {
  readonly position: number;
  /** Stretches before it. */
  readonly stretch: number;
  readonly text: string;
  readonly isLabel: boolean;
}

export interface ListingLine {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly isLabel: boolean;
}

export function makeListing(
  notes: readonly Note[],
  layout: Layout,
  code: { readonly bytes: Uint8Array; readonly codeBytes: number },
  constants: readonly Label[],
): ListingLine[] {
  const items = notes.map(({ position, stretch, text, isLabel }) => {
    return { offset: position + layout.before[stretch], text, isLabel };
  });
  if (constants.length > 0) items.push({ offset: code.codeBytes, text: 'padding', isLabel: false });
  const placed = constants.map((label) => ({ label, offset: addressOf(label, layout) }));
  for (const { label, offset } of placed.sort((a, b) => a.offset - b.offset)) {
    items.push({ offset, text: `${label.name}:`, isLabel: true });
    items.push({ offset, text: 'constant', isLabel: false });
  }
  return items.map((item, i) => {
    const end = item.isLabel ? item.offset : (items[i + 1]?.offset ?? code.bytes.length);
    return { ...item, bytes: code.bytes.subarray(item.offset, end) };
  });
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** The listing as text: labels at the margin, then offset, bytes and instruction. */
export function formatListing(lines: readonly ListingLine[]): string {
  return lines
    .filter((line) => line.isLabel || line.bytes.length > 0)
    .map(({ offset, bytes, text, isLabel }) => {
      if (isLabel) return text;
      return `${offset.toString(16).padStart(6)}  ${hex(bytes).padEnd(32)}  ${text}`;
    })
    .join('\n');
}
