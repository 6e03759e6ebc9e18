import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';

/**
 * Philox4x32-10: four random 32-bit words from a 128-bit counter and a 64-bit key, all i32 bit
 * patterns, low word first; vectors and scalars mix. Ten rounds of two 32 x 32 -> 64-bit products
 * and exclusive ors, the key growing by Weyl constants. Integers only: bit-equal everywhere.
 *
 * Source: Salmon, Moraes, Dror, Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC'11.
 */
export function philox(
  b: KernelBuilder,
  counter: readonly Reg[],
  key: readonly Reg[],
): readonly [Reg, Reg, Reg, Reg] {
  const lanes = Math.max(...counter.map((r) => r.type.lanes), ...key.map((r) => r.type.lanes));
  const wide = (r: Reg): Reg => b.splat(r, lanes);
  const constant = (value: number): Reg => wide(b.const('i32', value | 0));
  const m0 = constant(0xd2511f53);
  const m1 = constant(0xcd9e8d57);
  let [c0, c1, c2, c3] = counter.map(wide);
  // The key grows on its own lanes: scalar keys stay scalar work.
  let [k0, k1] = key;
  const weyl = (k: Reg, by: number): Reg =>
    b.binary('add', k, b.splat(b.const('i32', by | 0), k.type.lanes));
  for (let round = 0; round < 10; round++) {
    if (round > 0) {
      k0 = weyl(k0, 0x9e3779b9);
      k1 = weyl(k1, 0xbb67ae85);
    }
    const high0 = b.binary('mulhu', c0, m0);
    const high1 = b.binary('mulhu', c2, m1);
    const low0 = b.binary('mul', c0, m0);
    const low1 = b.binary('mul', c2, m1);
    c0 = b.binary('xor', b.binary('xor', high1, c1), wide(k0));
    c2 = b.binary('xor', b.binary('xor', high0, c3), wide(k1));
    c1 = low1;
    c3 = low0;
  }
  return [c0, c1, c2, c3];
}
