/** Constants behind the code: each kept once, aligned, reached relative to rip. */
import { ValueError } from '../../base/index.ts';
import { Label } from './operands.ts';

interface Entry {
  readonly label: Label;
  readonly bytes: Uint8Array;
  alignment: number;
}

export type ConstantData = ArrayBufferView | readonly number[];

export class ConstantPool {
  readonly #entries = new Map<string, Entry>();

  /** Alignment that the start of the pool needs. */
  get alignment(): number {
    let most = 1;
    for (const entry of this.#entries.values()) most = Math.max(most, entry.alignment);
    return most;
  }

  /** The label of the bytes of `data` (a typed array, or an array of bytes). */
  label(data: ConstantData, alignment: number | undefined): Label {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
      : Uint8Array.from(data);
    const aligned = alignment ?? naturalAlignment(bytes.length);
    if (bytes.length === 0 || ![4, 8, 16, 32, 64].includes(aligned))
      throw new ValueError({
        op: 'x64 constant',
        problem: `${bytes.length} bytes aligned to ${aligned}: a constant has bytes, and is aligned to 4, 8, 16, 32 or 64`,
      });
    const key = bytes.join(' ');
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { label: new Label(`.C${this.#entries.size}`), bytes, alignment: aligned };
      this.#entries.set(key, entry);
    } else {
      entry.alignment = Math.max(entry.alignment, aligned);
    }
    return entry.label;
  }

  labels(): Label[] {
    return [...this.#entries.values()].map((entry) => entry.label);
  }

  /** Binds every label to its place from `start` on, most aligned first; returns the bytes. */
  place(start: number): Uint8Array {
    const entries = [...this.#entries.values()].sort((a, b) => b.alignment - a.alignment);
    let end = 0;
    for (const { label, bytes, alignment } of entries) {
      end = Math.ceil(end / alignment) * alignment;
      label.position = start + end;
      label.stretch = 0;
      end += bytes.length;
    }
    const pool = new Uint8Array(end);
    for (const { label, bytes } of entries) pool.set(bytes, label.position - start);
    return pool;
  }
}

/** The size of the constant, if a power of two, so that loads do not straddle cache lines. */
function naturalAlignment(bytes: number): number {
  let alignment = 4;
  while (alignment < 64 && alignment < bytes) alignment *= 2;
  return alignment;
}
