import { deflateSync, inflateSync } from 'fflate';

/** The bytes by raw DEFLATE (RFC 1951). */
export const deflate = (bytes: Uint8Array): Uint8Array => deflateSync(bytes);

/** What was deflated, at most `limit` bytes of it. Throws for damaged data and for more. */
export function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  // Into an array of its own fflate writes no more than fits; one byte more tells of an overflow.
  const out = inflateSync(bytes, { out: new Uint8Array(limit + 1) });
  if (out.length > limit) throw new Error(`more than ${limit} bytes`);
  return out;
}
