/**
 * Kinds of operands, as small numbers. An instruction form holds, for each operand, the set of kinds
 * it takes as one bit each; what was given has exactly one kind. Five kinds pack into one number,
 * the signature that finds the forms of a mnemonic.
 */
export const KIND = {
  none: 0,
  gp8: 1,
  gp16: 2,
  gp32: 3,
  gp64: 4,
  xmm: 5,
  ymm: 6,
  zmm: 7,
  mask: 8,
  immediate: 9,
  label: 10,
  /** Memory whose size the instruction implies; then 8 to 512 bits. */
  memory: 11,
  memory8: 12,
  memory16: 13,
  memory32: 14,
  memory64: 15,
  memory128: 16,
  memory256: 17,
  memory512: 18,
  /** One element for every lane: any number of lanes, then 2 to 32. */
  broadcast: 19,
  broadcast2: 20,
  broadcast4: 21,
  broadcast8: 22,
  broadcast16: 23,
  broadcast32: 24,
  /** Memory addressed by an index vector. */
  indexedX: 25,
  indexedY: 26,
  indexedZ: 27,
} as const;

export const KIND_BITS = 5;

/**
 * What the signature of an operand adds to its kind where its encoding takes more than its kind
 * tells: a register behind the sixteenth or with a write mask, a broadcast, an index vector.
 */
export const SPECIAL = 1 << KIND_BITS;

export const isVectorKind = (kind: number): boolean => kind >= KIND.xmm && kind <= KIND.zmm;

/** The kind of memory of `bits`, -1 if there is none; 0 is a size the instruction implies. */
export const memoryKind = (bits: number): number => MEMORY_KINDS[bits] ?? -1;

const MEMORY_KINDS: (number | undefined)[] = [KIND.memory];
for (let kind: number = KIND.memory8; kind <= KIND.memory512; kind++) {
  MEMORY_KINDS[8 << (kind - KIND.memory8)] = kind;
}

/** The kind of a broadcast to `lanes`; 0 is a number the instruction implies. */
export function broadcastKind(lanes: number): number {
  return lanes === 0 ? KIND.broadcast : kindOfPower(KIND.broadcast2, lanes / 2, KIND.broadcast32);
}

/** `first` for 1, the next for 2, and so on for powers of two. */
function kindOfPower(first: number, power: number, last: number): number {
  const kind = first + 31 - Math.clz32(power);
  return power >= 1 && 1 << (kind - first) === power && kind <= last ? kind : -1;
}
