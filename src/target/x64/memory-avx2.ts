/**
 * Loads and stores of lanes on AVX2. VMASKMOV touches what its mask allows; bools are bytes, which
 * it cannot move, so behind a mask each goes on its own unless all are wanted.
 */
import type { Address } from '../../kernel/index.ts';
import { dq, ps } from './lanes.ts';
import { type MemUse, type MInst, memUse, type RegUse, type VReg } from './machine.ts';
import { bitsOf, bytesOf, instOf, isFloat, type Of, type Selector } from './selector.ts';

export function load(s: Selector, inst: Of<'load'>): void {
  const { dst, mem, addr, mask, splat } = inst;
  const { elem, lanes: n } = dst.type;
  if (mem === 'u8') return loadTruth(s, inst);
  const d = s.operand(dst);
  if (splat) {
    const spread = isFloat(elem)
      ? `vbroadcast${bytesOf(elem) === 8 ? 'sd' : 'ss'}`
      : `vpbroadcast${dq(elem)}`;
    if (mask === undefined) return s.emit(spread, [d, s.address(addr, 8 * bytesOf(elem))]);
    const all = s.use(s.temp('vec', 32), 256);
    s.emit(spread, [all, oneOrZero(s, addr, s.operand(mask), 8 * bytesOf(elem))]);
    return s.emit('vandps', [d, all, s.operand(mask)]);
  }
  if (n * bytesOf(elem) !== 32) throw s.fail(`a vector of ${n} ${elem} lanes`);
  const from = s.address(addr, bitsOf(dst.type));
  if (mask === undefined) return s.emit(isFloat(elem) ? `vmovu${ps(elem)}` : 'vmovdqu', [d, from]);
  const name = isFloat(elem) ? `vmaskmov${ps(elem)}` : `vpmaskmov${dq(elem)}`;
  s.emit(name, [d, s.operand(mask), from]);
}

/** The address if any lane is wanted, else that of a zero. */
function oneOrZero(s: Selector, addr: Address, mask: RegUse, bits: number): MemUse {
  const [there, nowhere, either] = [s.temp('gp', 8), s.temp('gp', 8), s.temp('gp', 8)];
  s.emit('lea', [s.use(there, 64), s.address(addr, 64)]);
  s.emit('lea', [s.use(nowhere, 64), s.pooledElement('i64', 0n)]);
  s.emit('vptest', [mask, mask], { foldable: -1 });
  s.emit('cmove', [s.use(either, 64), s.use(nowhere, 64)], { tied: there });
  return memUse(either, 0, bits);
}

export function store(s: Selector, inst: Of<'store'>): void {
  const { mem, addr, value, mask } = inst;
  const { elem } = value.type;
  if (mem === 'u8') return storeTruth(s, inst);
  const to = s.address(addr, bitsOf(value.type));
  const v = s.operand(value);
  if (inst.stream) return s.stream(to, v);
  if (mask === undefined) return s.emit(isFloat(elem) ? `vmovu${ps(elem)}` : 'vmovdqu', [to, v]);
  const name = isFloat(elem) ? `vmaskmov${ps(elem)}` : `vpmaskmov${dq(elem)}`;
  s.emit(name, [to, s.operand(mask), v], { foldable: -1 });
}

// ---- bools

/** A bit for each lane, in a general register. */
export function bitsOfMask(s: Selector, mask: RegUse, lanes: number): VReg {
  const bits = s.temp('gp', 8);
  s.emit(lanes > 4 ? 'vmovmskps' : 'vmovmskpd', [s.use(bits, 32), mask], { foldable: -1 });
  return bits;
}

function loadTruth(s: Selector, { dst, addr, mask, splat }: Of<'load'>): void {
  const { lanes: n } = dst.type;
  if (splat) {
    if (mask !== undefined) throw s.fail('a masked load of one truth value');
    const [byte, wide] = [s.temp('gp', 8), s.temp('gp', 8)];
    s.emit('cmp', [s.address(addr, 8), 0]);
    s.emit('setne', [s.use(byte, 8)]);
    s.emit('movzx', [s.use(wide, 32), s.use(byte, 8)], { foldable: -1 });
    return spreadTruth(s, s.operand(dst), wide);
  }
  const [wide, zero] = [s.use(s.temp('vec', 32), 256), s.use(s.temp('vec', 32), 256)];
  const extend = n > 4 ? 'vpmovzxbd' : 'vpmovzxbq';
  if (mask === undefined) s.emit(extend, [wide, s.address(addr, 8 * n)]);
  else {
    const bytes = s.use(s.temp('vec', 16), 128);
    const guarded = s.use(maskedBytes(s, addr, s.operand(mask), n), 64);
    s.emit('vmovq', [bytes, guarded], { foldable: -1 });
    s.emit(extend, [wide, bytes], { foldable: -1 });
  }
  s.emit('vpxor', [zero, zero, zero], { foldable: -1 });
  s.emit(n > 4 ? 'vpcmpgtd' : 'vpcmpgtq', [s.operand(dst), wide, zero]);
}

/** A truth value (0 or 1) in all lanes. */
export function spreadTruth(s: Selector, d: RegUse, truth: VReg): void {
  const [all, low] = [s.temp('gp', 8), s.use(s.temp('vec', 16), 128)];
  s.emit('neg', [s.use(all, 32)], { tied: truth });
  s.emit('vmovd', [low, s.use(all, 32)], { foldable: -1 });
  s.emit('vpbroadcastd', [d, low], { foldable: -1 });
}

const allOf = (s: Selector, bits: VReg, n: number): MInst =>
  instOf('cmp', [s.use(bits, 32), 2 ** n - 1], { foldable: -1 });

/** So many bytes in a general register, 0 where their lane is not wanted. */
function maskedBytes(s: Selector, addr: Address, mask: RegUse, n: number): VReg {
  const [together, one, bytes] = [s.temp('gp', 8), s.temp('gp', 8), s.temp('gp', 8)];
  const bits = bitsOfMask(s, mask, n);
  const size = n > 4 ? 64 : 32;
  const then = s.apart(() => s.emit('mov', [s.use(together, size), s.address(addr, size)]));
  const otherwise = s.apart(() => {
    const nowhere = s.temp('gp', 8);
    s.emit('lea', [s.use(nowhere, 64), s.pooledElement('i64', 0n)]);
    let sum: VReg | null = null;
    for (let lane = n - 1; lane >= 0; lane--) {
      const [there, either, byte] = [s.temp('gp', 8), s.temp('gp', 8), s.temp('gp', 8)];
      s.emit('lea', [s.use(there, 64), at(s, addr, lane, 64)]);
      s.emit('test', [s.use(bits, 32), 1 << lane], { foldable: -1 });
      s.emit('cmove', [s.use(either, 64), s.use(nowhere, 64)], { tied: there });
      s.emit('movzx', [s.use(byte, 32), memUse(either, 0, 8)]);
      if (sum === null) {
        sum = byte;
        continue;
      }
      const [moved, next] = [s.temp('gp', 8), lane === 0 ? one : s.temp('gp', 8)];
      s.emit('shl', [s.use(moved, 64), 8], { tied: sum });
      s.emit('or', [s.use(next, 64), s.use(byte, 64)], { tied: moved });
      sum = next;
    }
  });
  s.push({
    kind: 'if',
    test: allOf(s, bits, n),
    unless: 'ne',
    then,
    thenCopies: [{ to: bytes, from: together }],
    else: otherwise,
    elseCopies: [{ to: bytes, from: one }],
  });
  return bytes;
}

const at = (s: Selector, addr: Address, more: number, bits: number): MemUse =>
  s.address({ ...addr, offset: addr.offset + more }, bits);

function storeTruth(s: Selector, { addr, value, mask }: Of<'store'>): void {
  const { lanes: n } = value.type;
  const size = n > 4 ? 64 : 32;
  const packed = packTruth(s, s.operand(value), n);
  const move = n > 4 ? 'vmovq' : 'vmovd';
  if (mask === undefined) return s.emit(move, [s.address(addr, size), packed], { foldable: -1 });
  const bytes = s.temp('gp', 8);
  s.emit(move, [s.use(bytes, size), packed], { foldable: -1 });
  const bits = bitsOfMask(s, s.operand(mask), n);
  const ifNode = { kind: 'if', thenCopies: [], elseCopies: [] } as const;
  const each = s.apart(() => {
    for (let lane = 0; lane < n; lane++) {
      const test = instOf('test', [s.use(bits, 32), 1 << lane], { foldable: -1 });
      const then = s.apart(() => {
        const byte = s.temp('gp', 8);
        s.emit('shr', [s.use(byte, 64), 8 * lane], { tied: bytes });
        s.emit('mov', [at(s, addr, lane, 8), s.use(byte, 8)], { reads: true });
      });
      s.push({ ...ifNode, test, unless: 'e', then, else: [] });
    }
  });
  const all = s.apart(() =>
    s.emit('mov', [s.address(addr, size), s.use(bytes, size)], { reads: true }),
  );
  s.push({ ...ifNode, test: allOf(s, bits, n), unless: 'ne', then: all, else: each });
}

/** Truth values as bytes 0 and 1 at the bottom of a register. */
function packTruth(s: Selector, v: RegUse, n: number): RegUse {
  const temp = () => s.use(s.temp('vec', 16), 128);
  const [upper, words, bytes, ones] = [temp(), temp(), temp(), temp()];
  let low = s.use(v.reg, 128);
  let high = upper;
  s.emit('vextracti128', [upper, v, 1], { foldable: -1 });
  if (n === 4) {
    // Half of each 8-byte lane says it all.
    const halves = temp();
    s.emit('vshufps', [halves, low, upper, 0b10_00_10_00], { foldable: -1 });
    low = halves;
    high = halves;
  }
  s.emit('vpackssdw', [words, low, high], { foldable: -1 });
  s.emit('vpacksswb', [bytes, words, words], { foldable: -1 });
  s.emit('vpand', [ones, bytes, s.lanesOf('i32', 0x01010101, 128)]);
  return ones;
}
