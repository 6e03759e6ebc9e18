/** Seeded damage to files, for the fuzzers of the readers. */

/** Numbers below `n` from a seed (mulberry32). */
export type Dice = (n: number) => number;

export function dice(seed: number): Dice {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

const INTERESTING = [0, 1, 7, 8, 0x7f, 0x80, 0xff, 0x20, 0x22, 0x27, 0x28, 0x2c, 0x30, 0x39, 0x7b];

/** One of the samples, damaged in one to four ways. */
export function mutate(samples: readonly Uint8Array[], roll: Dice): Uint8Array {
  let bytes: Uint8Array = samples[roll(samples.length)].slice();
  for (let n = 1 + roll(4); n > 0; n--) bytes = damage(bytes, samples[roll(samples.length)], roll);
  return bytes;
}

function damage(bytes: Uint8Array, other: Uint8Array, roll: Dice): Uint8Array {
  if (bytes.length === 0) return other.slice();
  // Headers are short and where the trouble is.
  const place = (): number => roll(roll(2) === 0 ? bytes.length : Math.min(bytes.length, 200));
  const at = place();
  const end = Math.min(bytes.length, at + 1 + roll(roll(2) === 0 ? 8 : 64));
  switch (roll(9)) {
    case 0: // a bit flipped
      bytes[at] ^= 1 << roll(8);
      return bytes;
    case 1: // a byte replaced
      bytes[at] = roll(2) === 0 ? roll(256) : INTERESTING[roll(INTERESTING.length)];
      return bytes;
    case 2: // a number replaced
      bytes.fill(INTERESTING[roll(INTERESTING.length)], at, Math.min(at + 8, bytes.length));
      return bytes;
    case 3: // a digit replaced by another
      for (let i = at; i < bytes.length; i++) {
        if (bytes[i] < 0x30 || bytes[i] > 0x39) continue;
        bytes[i] = 0x30 + roll(10);
        break;
      }
      return bytes;
    case 4: // cut off
      return bytes.slice(0, at);
    case 5: // a piece taken out
      return join(bytes.subarray(0, at), bytes.subarray(end));
    case 6: // a piece twice
      return join(bytes.subarray(0, end), bytes.subarray(at));
    case 7: // the head of one, the tail of another
      return join(bytes.subarray(0, at), other.subarray(roll(other.length + 1)));
    default: // a piece of another in place of one's own
      bytes.set(other.subarray(0, bytes.length - at).subarray(roll(other.length)), at);
      return bytes;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
