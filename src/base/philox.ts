/**
 * Philox4x32-10 on the host: four random 32-bit words from a 128-bit counter and a 64-bit key.
 * Source: Salmon, Moraes, Dror, Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC'11.
 */

export type Words4 = readonly [number, number, number, number];

/** The upper 32 bits of the product of two unsigned 32-bit words. */
function mulHigh(a: number, b: number): number {
  const [ah, al, bh, bl] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const low = al * bl;
  const middle = ah * bl + (low >>> 16);
  const cross = al * bh + (middle % 0x10000);
  return ah * bh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000);
}

/** Words may be signed or unsigned; the result is unsigned. */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(c0 >>> 0, 0xd2511f53);
    const high1 = mulHigh(c2 >>> 0, 0xcd9e8d57);
    const low0 = Math.imul(c0, 0xd2511f53);
    const low1 = Math.imul(c2, 0xcd9e8d57);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}
