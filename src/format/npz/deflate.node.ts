import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** The bytes by raw DEFLATE (RFC 1951). */
export const deflate = (bytes: Uint8Array): Uint8Array => deflateRawSync(bytes);

/** What was deflated, at most `limit` bytes of it. Throws for damaged data and for more. */
export const inflate = (bytes: Uint8Array, limit: number): Uint8Array =>
  inflateRawSync(bytes, {
    maxOutputLength: Math.max(limit, 1),
    chunkSize: Math.min(Math.max(limit, 64), 1 << 20),
  });
