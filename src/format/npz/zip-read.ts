/**
 * Zip archives, as far as NPZ files are: stored or deflated, ZIP64 or not; nothing encrypted.
 *
 * Source: PKWARE, APPNOTE.TXT 6.3.10, section 4.3.
 */
import { inflate } from '#deflate';
import { given } from '../../base/index.ts';
import { type ByteSource, damaged, kindOf, readView } from '../bytes/byte-source.ts';
import { crc32 } from './crc32.ts';

const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
/** Flags of encryption and of patches: bits 0, 5, 6 and 13. */
const SECRET_FLAGS = 0x2061;
const MAX_COMMENT_BYTES = 0xffff;
/** Deflate cannot shrink data more than this many times. */
const MAX_DEFLATE_RATIO = 1032;

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly localAt: number;
  readonly nameBytes: Uint8Array;
}

/** The archive's directory, checked. Throws FormatError. */
export function readDirectory(source: ByteSource): ZipEntry[] {
  const { count, start, size } = findDirectory(source);
  const directory = readView(source, start, size);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > size || directory.getUint32(at, true) !== CENTRAL) {
      throw damaged(
        source,
        `the directory of the archive is damaged at member ${i + 1} of ${count}`,
      );
    }
    const [name, extra, comment] = [28, 30, 32].map((o) => directory.getUint16(at + o, true));
    const next = at + CENTRAL_BYTES + name + extra + comment;
    if (next > size) throw damaged(source, `member ${i + 1} runs past the end of the directory`);
    entries.push(readMember(source, directory, at, name, extra));
    at = next;
  }
  if (at !== size) throw damaged(source, `the directory has ${size - at} bytes too many`);
  checkMembers(source, entries, start);
  return entries;
}

interface Directory {
  readonly count: number;
  readonly start: number;
  readonly size: number;
}

function findDirectory(source: ByteSource): Directory {
  const from = Math.max(0, source.size - END_BYTES - MAX_COMMENT_BYTES);
  const tail = readView(source, from, source.size - from);
  let at = tail.byteLength - END_BYTES;
  const isEnd = (i: number): boolean =>
    tail.getUint32(i, true) === END &&
    i + END_BYTES + tail.getUint16(i + 20, true) === tail.byteLength;
  while (at >= 0 && !isEnd(at)) at--;
  if (at < 0) {
    const isZip = source.size >= 4 && readView(source, 0, 4).getUint32(0, true) === LOCAL;
    throw damaged(
      source,
      isZip ? 'the archive ends before its directory' : 'it is no zip archive, so no NPZ file',
      isZip ? 'the file is truncated: copy or download it again' : kindOf(source),
    );
  }
  const u16 = (o: number): number => tail.getUint16(at + o, true);
  if (u16(4) !== 0 || u16(6) !== 0 || u16(8) !== u16(10)) {
    throw damaged(source, 'it is a part of an archive of several files');
  }
  const plain: Directory = {
    count: u16(10),
    size: tail.getUint32(at + 12, true),
    start: tail.getUint32(at + 16, true),
  };
  const is64 = plain.count === 0xffff || plain.size === 0xffffffff || plain.start === 0xffffffff;
  const end = from + at;
  const found = is64 ? findDirectory64(source, end) : { ...plain, end };
  if (found.start + found.size !== found.end) {
    throw damaged(
      source,
      `the directory of ${found.size} bytes at ${found.start} does not end at ${found.end}, its place`,
    );
  }
  return found;
}

function findDirectory64(source: ByteSource, end: number): Directory & { readonly end: number } {
  const broken = () => damaged(source, 'the ZIP64 directory is damaged');
  const locatorAt = end - LOCATOR_BYTES;
  if (locatorAt < END64_BYTES) throw broken();
  const locator = readView(source, locatorAt, LOCATOR_BYTES);
  const at = locatorAt - END64_BYTES;
  if (locator.getUint32(0, true) !== END64_LOCATOR || big(locator, 8) !== at) throw broken();
  const record = readView(source, at, END64_BYTES);
  if (record.getUint32(0, true) !== END64 || big(record, 24) !== big(record, 32)) throw broken();
  return { count: big(record, 32), size: big(record, 40), start: big(record, 48), end: at };
}

const big = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

function readMember(
  source: ByteSource,
  view: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
): ZipEntry {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, view.byteLength - at);
  const nameBytes = bytes.slice(CENTRAL_BYTES, CENTRAL_BYTES + nameLength);
  const name = decodeName(nameBytes);
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if (flags & SECRET_FLAGS) throw damaged(source, `member ${given(name)} is encrypted`);
  if (method !== 0 && method !== 8) {
    throw damaged(
      source,
      `member ${given(name)} is compressed by method ${method}; known are 0 (stored) and 8 (deflate)`,
    );
  }
  const [size, packed, localAt] = sizes64(
    [24, 20, 42].map((o) => view.getUint32(at + o, true)),
    new DataView(view.buffer, view.byteOffset + at + CENTRAL_BYTES + nameLength, extraLength),
  );
  return { name, nameBytes, method, crc: view.getUint32(at + 16, true), packed, size, localAt };
}

/** Size, packed size and place; those of 2^32 - 1 stand in the extra field, in this order. */
function sizes64(plain: readonly number[], extra: DataView): readonly number[] {
  const values = [...plain];
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    let field = at + 4;
    const end = Math.min(field + extra.getUint16(at + 2, true), extra.byteLength);
    for (let i = 0; i < 3; i++) {
      if (values[i] !== 0xffffffff || field + 8 > end) continue;
      values[i] = big(extra, field);
      field += 8;
    }
    break;
  }
  return values;
}

/** UTF-8 if it is; archives of old do not say. */
function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** No name twice, no two members in one place, no size that deflate cannot give. */
function checkMembers(source: ByteSource, entries: readonly ZipEntry[], end: number): void {
  const names = new Set<string>();
  for (const { name, method, packed, size } of entries) {
    if (names.has(name)) throw damaged(source, `it has two members ${given(name)}`);
    names.add(name);
    const most = method === 0 ? packed : packed * MAX_DEFLATE_RATIO;
    if (size > most || (method === 0 && size !== packed)) {
      throw damaged(source, `member ${given(name)}: ${packed} bytes cannot unpack to ${size}`);
    }
  }
  const sorted = [...entries].sort((a, b) => b.localAt - a.localAt);
  let next = end;
  for (const { name, localAt, nameBytes, packed } of sorted) {
    if (localAt + LOCAL_BYTES + nameBytes.length + packed > next) {
      throw damaged(source, `member ${given(name)} overlaps what follows it`);
    }
    next = localAt;
  }
}

/** The unpacked bytes of a member. Throws FormatError unless they have its size and checksum. */
export function readZipEntry(source: ByteSource, entry: ZipEntry): Uint8Array {
  const { name, nameBytes, method, packed, size, crc, localAt } = entry;
  const what = `member ${given(name)}`;
  const local = readView(source, localAt, LOCAL_BYTES + nameBytes.length);
  const sameName = nameBytes.every((byte, i) => local.getUint8(LOCAL_BYTES + i) === byte);
  if (
    local.getUint32(0, true) !== LOCAL ||
    local.getUint16(8, true) !== method ||
    local.getUint16(26, true) !== nameBytes.length ||
    !sameName
  ) {
    throw damaged(source, `${what}: the directory leads to something else`);
  }
  const start = localAt + LOCAL_BYTES + nameBytes.length + local.getUint16(28, true);
  if (start + packed > source.size) throw damaged(source, `${what} runs past the end of the file`);
  let bytes = source.read(start, packed);
  if (method === 8) {
    try {
      bytes = inflate(bytes, size);
    } catch (error) {
      throw damaged(source, `${what} cannot be unpacked: ${(error as Error).message}`);
    }
  }
  if (bytes.length !== size) {
    throw damaged(source, `${what} unpacks to ${bytes.length} bytes, not to its ${size}`);
  }
  if (crc32(bytes) !== crc) {
    throw damaged(source, `${what}: the checksum is wrong`, 'copy or download the file again');
  }
  return bytes;
}
