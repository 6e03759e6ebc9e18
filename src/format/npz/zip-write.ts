/** Zip archives of members below 4 GiB, with a fixed date: equal members give equal bytes. */
import { deflate } from '#deflate';
import { ValueError } from '../../base/index.ts';
import { joinChunks } from '../bytes/elements.ts';
import { crc32 } from './crc32.ts';

const LIMIT_BYTES = 0xffffffff;
const MAX_MEMBERS = 0xfffe;
const VERSION = 20; // deflate
const UTF8_FLAG = 0x800;
const DATE = 0x21; // 1 January 1980
const UNIX = 3;
const FILE_MODE = 0o100644;

/** A member: its name, its size, and its bytes, asked for once. */
export interface Member {
  readonly name: string;
  readonly size: number;
  readonly chunks: () => readonly Uint8Array[];
}

/** The archive in pieces. Throws ValueError where it would need ZIP64. */
export function* zipChunks(
  op: string,
  members: readonly Member[],
  compress: boolean,
): Generator<Uint8Array, void> {
  const total = members.reduce((n, { size, name }) => n + size + 2 * (name.length * 3 + 76), 22);
  if (total > LIMIT_BYTES || members.length > MAX_MEMBERS) {
    throw new ValueError({
      op,
      problem: `${members.length} arrays of ${total} bytes are too many for an archive of 4 GiB`,
      remedy: 'use saveSafetensors, which has no such limit',
    });
  }
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, size, chunks } of members) {
    const parts = chunks();
    const crc = parts.reduce((seed, bytes) => crc32(bytes, seed), 0);
    const packed = compress ? [deflate(joinChunks(parts, size))] : parts;
    const packedSize = packed.reduce((n, bytes) => n + bytes.length, 0);
    const info = { name: new TextEncoder().encode(name), crc, size, packedSize, compress };
    const header = localHeader(info);
    yield header;
    yield* packed;
    directory.push(centralHeader(info, at));
    at += header.length + packedSize;
  }
  yield* directory;
  const directoryBytes = directory.reduce((n, bytes) => n + bytes.length, 0);
  yield endRecord(members.length, directoryBytes, at);
}

interface Info {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly size: number;
  readonly packedSize: number;
  readonly compress: boolean;
}

/** What local and central headers have in common, from version to the extra field's length. */
function putInfo(view: DataView, at: number, info: Info): void {
  const ascii = info.name.every((byte) => byte < 0x80);
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, ascii ? 0 : UTF8_FLAG, true);
  view.setUint16(at + 4, info.compress ? 8 : 0, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, info.crc, true);
  view.setUint32(at + 14, info.packedSize, true);
  view.setUint32(at + 18, info.size, true);
  view.setUint16(at + 22, info.name.length, true);
}

function localHeader(info: Info): Uint8Array {
  const bytes = new Uint8Array(30 + info.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x04034b50, true);
  putInfo(view, 4, info);
  bytes.set(info.name, 30);
  return bytes;
}

function centralHeader(info: Info, localAt: number): Uint8Array {
  const bytes = new Uint8Array(46 + info.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, (UNIX << 8) | VERSION, true);
  putInfo(view, 6, info);
  view.setUint32(38, FILE_MODE << 16, true);
  view.setUint32(42, localAt, true);
  bytes.set(info.name, 46);
  return bytes;
}

function endRecord(count: number, size: number, start: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, start, true);
  return new Uint8Array(view.buffer);
}
