/** What cannot be encoded is refused, with the instruction and its operands in the message. */
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../base/index.ts';
import {
  Assembler,
  al,
  cl,
  eax,
  ecx,
  esp,
  gp8,
  gp16,
  k,
  masked,
  mem,
  type Operand,
  rax,
  rcx,
  rounding,
  rsp,
  sae,
  xmm,
  ymm,
  zmm,
} from './index.ts';

type Case = readonly [mnemonic: string, operands: readonly Operand[], message: string];

const at = mem(rax);
const sized = (bits: 8 | 16 | 32 | 64 | 128 | 256 | 512) => mem(rax, { bits });

const CASES: readonly Case[] = [
  ['vaddqs', [], 'there is no such instruction'],
  ['add', [rax, eax], 'no form takes operands of these kinds and sizes'],
  ['add', [at, at], 'no form takes'],
  ['add', [rax], 'no form takes'],
  ['add', [5, rax], 'no form takes'],
  ['add', [rax, sized(32)], 'rax, DWORD PTR [rax]'],
  ['add', [at, 5], 'the size of the memory operand is not known'],
  ['add', [rax, 2 ** 31], 'does not fit'],
  ['add', [rax, 0.5], '0.5 is no integer'],
  ['add', [eax, 2 ** 32], 'does not fit in 32 bits'],
  ['add', [al, 256], 'does not fit in 8 bits'],
  ['add', [al, -129], 'does not fit in 8 bits'],
  ['mov', [rax, 2n ** 64n], 'does not fit in 64 bits'],
  ['mov', [gp16(3), 65536], 'does not fit in 16 bits'],
  ['movzx', [eax, at], 'the size of the memory operand is not known'],
  ['movzx', [eax, ecx], 'no form takes'],
  ['push', [eax], 'no form takes'],
  ['shl', [rax, ecx], 'no form takes'],
  ['shl', [rax, al], 'only one register can stand there'],
  ['lock add', [rax, rcx], 'no form takes'],
  ['jmp', [eax], 'no form takes'],
  ['vaddps', [xmm(1), xmm(2), ymm(3)], 'no form takes'],
  ['vaddps', [zmm(1), zmm(2), sized(256)], 'no form takes'],
  ['vaddps', [zmm(1), zmm(2), mem(rax, { broadcast: 8 })], 'no form takes'],
  ['vaddps', [zmm(1), zmm(2), mem(rax, { broadcast: true, bits: 64 })], 'has 32 bits'],
  ['vaddps', [ymm(1), ymm(2), ymm(3), rounding.zero], 'needs 512 bits'],
  ['vaddps', [zmm(1), zmm(2), at, rounding.zero], 'needs registers only'],
  ['vaddps', [zmm(1), zmm(2), zmm(3), sae], '{sae} is not possible here'],
  ['vmaxps', [zmm(1), zmm(2), zmm(3), rounding.up], '{ru-sae} is not possible here'],
  ['vpaddd', [zmm(1), zmm(2), zmm(3), sae], 'is not possible here'],
  ['vpaddb', [zmm(1), zmm(2), mem(rax, { broadcast: true })], 'no form takes'],
  ['vaddps', [zmm(1), masked(zmm(2), k(1)), zmm(3)], 'no such write mask here'],
  ['vmovaps', [mem(rax, { mask: k(1) }), masked(zmm(2), k(1))], 'no such write mask'],
  ['vpand', [xmm(16), xmm(1), xmm(2)], 'xmm16 needs EVEX'],
  ['vblendvps', [xmm(1), xmm(2), xmm(3), xmm(17)], 'xmm17 needs EVEX'],
  ['vhaddps', [masked(ymm(1), k(1)), ymm(2), ymm(3)], 'no such write mask'],
  ['vpaddd', [ymm(1), ymm(2), mem(rax, { mask: k(1) })], 'no write mask here'],
  ['vpsadbw', [masked(zmm(1), k(1)), zmm(2), zmm(3)], 'no such write mask'],
  ['vcmpps', [masked(k(1), k(2), true), zmm(2), zmm(3), 1], 'no such write mask'],
  ['vcvtpd2ps', [xmm(1), at], 'the size of the memory operand is not known'],
  ['vcvtpd2ps', [xmm(1), mem(rax, { broadcast: true })], 'the size of the memory operand'],
  ['vgatherdps', [zmm(1), mem(rax, { index: zmm(2) })], 'a write mask is required'],
  ['vgatherdps', [masked(zmm(1), k(1)), mem(rax, { index: ymm(2) })], 'no form takes'],
  ['vgatherdps', [masked(zmm(1), k(1)), mem(rax, { index: zmm(1) })], 'different registers'],
  ['vgatherdps', [masked(zmm(1), k(1), true), mem(rax, { index: zmm(2) })], 'write mask'],
  ['vgatherdps', [xmm(1), mem(rax, { index: xmm(2) }), xmm(1)], 'different registers'],
  ['vpermps', [xmm(1), xmm(2), xmm(3)], 'no form takes'],
  ['kandw', [k(1), k(2), eax], 'no form takes'],
  ['sete', [eax], 'no form takes'],
];

describe('operands', () => {
  it.each(CASES)('%s refuses %#', (mnemonic, operands, message) => {
    const assembler = new Assembler();
    const emit = (): void => assembler.emit(mnemonic, ...operands);
    expect(emit).toThrow(ValueError);
    expect(emit).toThrow(message);
    expect(emit).toThrow(`x64 ${mnemonic}: `);
    expect(assembler.finish().bytes.length).toBe(0);
  });

  it('need AVX-512 where only AVX2 may be used', () => {
    const assembler = new Assembler({ isa: 'avx2' });
    expect(() => assembler.emit('vaddps', zmm(1), zmm(2), zmm(3))).toThrow('needs AVX-512');
    expect(() => assembler.emit('vaddps', xmm(1), xmm(2), xmm(20))).toThrow('needs AVX-512');
    expect(() => assembler.emit('kmovw', k(1), eax)).toThrow('needs AVX-512');
    assembler.emit('vaddps', ymm(1), ymm(2), ymm(3));
  });

  it('name what the instruction takes', () => {
    const emit = (): void => new Assembler().emit('vpsllvw', xmm(1), xmm(2), eax);
    expect(emit).toThrow('xmm1, xmm2, eax');
    expect(emit).toThrow('it takes v,v,v/m');
  });
});

describe('memory', () => {
  it('is refused where no address can be encoded', () => {
    expect(() => mem(null)).toThrow('an address needs a base, an index or a label');
    expect(() => mem(rax, { index: rsp })).toThrow('rsp is no index');
    expect(() => mem(esp as never)).toThrow('esp is no base');
    expect(() => mem(rax, { index: cl as never })).toThrow('cl is no index');
    expect(() => mem(rax, { index: rcx, scale: 3 as never })).toThrow('scale is 3');
    expect(() => mem(rax, { disp: 2 ** 31 })).toThrow('disp is 2147483648');
    expect(() => mem(rax, { disp: 1.5 })).toThrow('disp is 1.5');
    expect(() => mem(rax, { bits: 24 as never })).toThrow('24 bits');
    expect(() => mem(rax, { bits: 1024 as never })).toThrow('1024 bits');
    expect(() => mem(rax, { broadcast: 3 as never })).toThrow('a broadcast is to');
    expect(() => mem(new Assembler().label(), { index: rax })).toThrow('takes no index');
    expect(() => mem(rax, { mask: k(0) })).toThrow('k0 is no write mask');
  });
});

describe('registers', () => {
  it('exist up to their number, once', () => {
    expect(() => gp8(16)).toThrow('there is no register 16');
    expect(() => xmm(32)).toThrow(ValueError);
    expect(() => k(8)).toThrow(ValueError);
    expect(() => masked(zmm(1), k(0))).toThrow('k0 is no write mask');
    expect(zmm(3)).toBe(zmm(3));
    expect(masked(zmm(3), k(1), true)).toBe(masked(zmm(3), k(1), true));
  });
});
