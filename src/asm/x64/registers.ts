/** Registers, interned: the same register is the same object, so operands cost no garbage. */
import { ValueError } from '../../base/index.ts';
import { KIND, SPECIAL } from './operand-kind.ts';

export type RegisterClass = 'gp8' | 'gp16' | 'gp32' | 'gp64' | 'xmm' | 'ymm' | 'zmm' | 'k';

const BITS: Readonly<Record<RegisterClass, number>> = {
  gp8: 8,
  gp16: 16,
  gp32: 32,
  gp64: 64,
  xmm: 128,
  ymm: 256,
  zmm: 512,
  k: 64,
};

/** A register, perhaps with a write mask: `zmm3`, `zmm3{k1}`, `zmm3{k1}{z}`. */
export class Register<C extends RegisterClass = RegisterClass> {
  readonly kind: number;
  /** Its kind, and whether there is more to it. */
  readonly signature: number;
  readonly class: C;
  /** Its number in encodings: 0 to 15, of vectors 0 to 31, of masks 0 to 7. */
  readonly id: number;
  readonly bits: number;
  readonly name: string;
  /** Number of the mask register that guards the write; 0 is none. */
  readonly writeMask: number;
  /** Lanes outside the mask become 0 instead of keeping their value. */
  readonly zeroing: boolean;

  constructor(cls: C, id: number, name: string, writeMask: number, zeroing: boolean) {
    this.kind = cls === 'k' ? KIND.mask : KIND[cls as Exclude<RegisterClass, 'k'>];
    this.signature = id >= 16 || writeMask > 0 ? this.kind | SPECIAL : this.kind;
    this.class = cls;
    this.id = id;
    this.bits = BITS[cls];
    this.name = name;
    this.writeMask = writeMask;
    this.zeroing = zeroing;
  }
}

export type Gp8 = Register<'gp8'>;
export type Gp16 = Register<'gp16'>;
export type Gp32 = Register<'gp32'>;
export type Gp64 = Register<'gp64'>;
export type Xmm = Register<'xmm'>;
export type Ymm = Register<'ymm'>;
export type Zmm = Register<'zmm'>;
export type MaskRegister = Register<'k'>;
export type VectorRegister = Xmm | Ymm | Zmm;

const words = (text: string): readonly string[] => text.split(' ');
const numbered = (prefix: string, count: number, suffix = ''): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}${suffix}`);
/** r8 to r15, with the suffix of their width. */
const upper = (suffix: string): readonly string[] => numbered('r', 16, suffix).slice(8);

const NAMES: Readonly<Record<RegisterClass, readonly string[]>> = {
  gp8: [...words('al cl dl bl spl bpl sil dil'), ...upper('b')],
  gp16: [...words('ax cx dx bx sp bp si di'), ...upper('w')],
  gp32: [...words('eax ecx edx ebx esp ebp esi edi'), ...upper('d')],
  gp64: [...words('rax rcx rdx rbx rsp rbp rsi rdi'), ...upper('')],
  xmm: numbered('xmm', 32),
  ymm: numbered('ymm', 32),
  zmm: numbered('zmm', 32),
  k: numbered('k', 8),
};

function family<C extends RegisterClass>(cls: C): (id: number) => Register<C> {
  const all = NAMES[cls].map((name, id) => new Register(cls, id, name, 0, false));
  return (id) => {
    const register = all[id];
    if (register === undefined)
      throw new ValueError({
        op: cls,
        problem: `there is no register ${id}; they run from 0 to ${all.length - 1}`,
      });
    return register;
  };
}

export const gp8 = family('gp8');
export const gp16 = family('gp16');
export const gp32 = family('gp32');
export const gp64 = family('gp64');
export const xmm = family('xmm');
export const ymm = family('ymm');
export const zmm = family('zmm');
export const k = family('k');

/** The vector register `id` of a width in bytes: 16, 32 or 64. */
export function vector(bytes: number, id: number): VectorRegister {
  return bytes === 64 ? zmm(id) : bytes === 32 ? ymm(id) : xmm(id);
}

export const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi] = [0, 1, 2, 3, 4, 5, 6, 7].map(gp64);
export const [r8, r9, r10, r11, r12, r13, r14, r15] = [8, 9, 10, 11, 12, 13, 14, 15].map(gp64);
export const [eax, ecx, edx, ebx, esp, ebp, esi, edi] = [0, 1, 2, 3, 4, 5, 6, 7].map(gp32);
export const [al, cl, dl, bl] = [0, 1, 2, 3].map(gp8);

const variants = new Map<string, Register>();

/**
 * The vector register (or, as the result of a masked comparison, mask register) with a write mask:
 * lanes outside keep their value, or become 0 if `zeroing`.
 */
export function masked<C extends 'xmm' | 'ymm' | 'zmm' | 'k'>(
  register: Register<C>,
  mask: MaskRegister,
  zeroing = false,
): Register<C> {
  checkWriteMask(mask);
  const name = `${NAMES[register.class][register.id]}{${mask.name}}${zeroing ? '{z}' : ''}`;
  let found = variants.get(name);
  if (found === undefined) {
    found = new Register(register.class, register.id, name, mask.id, zeroing);
    variants.set(name, found);
  }
  return found as Register<C>;
}

/** k0 as a write mask means "no mask", so it is refused. */
export function checkWriteMask(mask: MaskRegister): void {
  if (mask.class !== 'k' || mask.id === 0)
    throw new ValueError({ op: 'mask', problem: `${mask.name} is no write mask; use k1 to k7` });
}
