/** Damages bytes in the ways that files are damaged, and in worse ones. */
import { Generator } from '../tensor/index.ts';

/** `count` damaged copies of the seeds, the same for the same number. */
export function* mutants(
  seeds: readonly Uint8Array[],
  count: number,
  seed: number,
): Generator_<Uint8Array> {
  const random = new Generator(seed);
  const below = (n: number): number => random.integer(Math.max(1, n));
  for (let i = 0; i < count; i++) {
    let bytes = Uint8Array.from(seeds[below(seeds.length)]);
    for (let times = 1 + below(3); times > 0; times--) {
      const at = below(bytes.length);
      switch (below(6)) {
        case 0: // a bit
          bytes[at] ^= 1 << below(8);
          break;
        case 1: // a telling byte
          bytes[at] = [0, 0xff, 0x7f, 0x80, 34, 44, 10, 13][below(8)];
          break;
        case 2: // cut off
          bytes = bytes.slice(0, at);
          break;
        case 3: // a piece taken out
          bytes = Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(at + 1 + below(8)));
          break;
        case 4: // a piece twice
          bytes = Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(below(at)));
          break;
        default: // a piece of something else
          bytes.set(
            Array.from({ length: Math.min(4, bytes.length - at) }, () => below(256)),
            at,
          );
      }
    }
    yield bytes;
  }
}

type Generator_<T> = globalThis.Generator<T>;

/** The bytes in pieces of all sorts of sizes. */
export async function* inPieces(bytes: Uint8Array, seed = 0): AsyncGenerator<Uint8Array> {
  const random = new Generator(seed);
  for (let at = 0; at < bytes.length; ) {
    const end = at + random.integer(7);
    yield bytes.subarray(at, end);
    at = Math.min(end, bytes.length);
  }
}
