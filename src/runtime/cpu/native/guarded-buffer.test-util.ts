/** Buffers beside pages that nobody may touch, so that one stray byte faults. */
import { PAGE, type System } from './system.ts';

export interface GuardedBuffer {
  readonly address: number;
  readonly u8: Uint8Array;
}

export interface GuardedPair {
  /** Its first byte follows an inaccessible page. */
  readonly atStart: GuardedBuffer;
  /** Its last byte is followed by an inaccessible page. */
  readonly atEnd: GuardedBuffer;
  free(): void;
}

/**
 * Two buffers of `bytes` bytes in pages of their own. A fault kills the process: touch what is
 * outside in a child process only.
 */
export function guardedBuffer(system: System, bytes: number): GuardedPair {
  const inner = Math.max(PAGE, Math.ceil(bytes / PAGE) * PAGE);
  const make = (atEnd: boolean): GuardedBuffer & { pages: number } => {
    const pages = system.allocatePages(inner + 2 * PAGE);
    system.forbidPages(pages, PAGE);
    system.forbidPages(pages + PAGE + inner, PAGE);
    const address = pages + PAGE + (atEnd ? inner - bytes : 0);
    const room = new Uint8Array(system.view(pages + PAGE, inner));
    const from = address - pages - PAGE;
    return { pages, address, u8: room.subarray(from, from + bytes) };
  };
  const atStart = make(false);
  const atEnd = make(true);
  const free = (): void => {
    for (const { pages } of [atStart, atEnd]) system.freePages(pages, inner + 2 * PAGE);
  };
  return { atStart, atEnd, free };
}
