/**
 * Kernels that do nothing but load one part of the machine: its multipliers, or the way to memory.
 * They are called as any kernel (see abi.ts), so what they reach is what kernels can reach.
 */
import {
  Assembler,
  type Gp64,
  mem,
  r8,
  r9,
  r10,
  r11,
  rax,
  rdi,
  rdx,
  rsi,
  type VectorRegister,
  vector,
} from '../../asm/x64/index.ts';
import { ARG_FIRST } from './abi.ts';

export type ProbeIsa = 'avx2' | 'avx512';
/**
 * - `fma`: slot 2: turns a tile, each of `FMA_CHAINS` multiply-adds of whole vectors.
 * - `read`: slot 2: address; 3: pieces less one, a power of two less one. Tile t reads piece t of
 *   them, counted round and round.
 * - `copy`, `stream`: slot 4: the address that pieces go to; `stream` goes past the caches.
 */
export type ProbeKind = 'fma' | 'read' | 'copy' | 'stream';

/** Independent chains: two units with a latency of four or five need ten; AVX2 has 16 registers. */
export const FMA_CHAINS = 12;
/** Bytes that one tile reads: long enough for prefetchers, short enough to be dealt evenly. */
export const PIECE_BYTES = 65536;
const PIECE_SHIFT = 16;
/** Vectors a turn of a loop over memory moves. */
const UNROLL = 8;

/** Bytes of one vector. */
export const probeBytes = (isa: ProbeIsa): number => (isa === 'avx512' ? 64 : 32);

/** The code of a probe; it runs at any address. */
export function probeCode(kind: ProbeKind, isa: ProbeIsa): Uint8Array {
  const asm = new Assembler({ isa });
  const v = (id: number): VectorRegister => vector(probeBytes(isa), id);
  if (kind === 'fma') multiply(asm, v);
  else move(asm, v, kind, probeBytes(isa));
  if (kind === 'stream') asm.emit('sfence');
  asm.emit('vzeroupper');
  asm.emit('ret');
  return asm.finish().bytes;
}

const slot = (asm: Assembler, to: Gp64, n: number): void =>
  asm.emit('cvttsd2si', to, mem(rdi, { disp: 8 * (ARG_FIRST + n), bits: 64 }));

/** Runs `body` for tiles rsi to rdx. */
function eachTile(asm: Assembler, body: () => void): void {
  const tile = asm.here();
  body();
  asm.emit('inc', rsi);
  asm.emit('cmp', rsi, rdx);
  asm.emit('jb', tile);
}

function multiply(asm: Assembler, v: (id: number) => VectorRegister): void {
  slot(asm, r8, 0);
  // Zeros: no sum ever leaves the numbers that are computed at full speed.
  for (let i = 0; i <= FMA_CHAINS; i++) {
    asm.emit('vxorps', v(i), v(i), v(i));
  }
  eachTile(asm, () => {
    asm.emit('mov', rax, r8);
    asm.align(32);
    const turn = asm.here();
    for (let i = 0; i < FMA_CHAINS; i++) {
      asm.emit('vfmadd231ps', v(i), v(FMA_CHAINS), v(FMA_CHAINS));
    }
    asm.emit('dec', rax);
    asm.emit('jg', turn);
  });
}

function move(
  asm: Assembler,
  v: (id: number) => VectorRegister,
  kind: Exclude<ProbeKind, 'fma'>,
  bytes: number,
): void {
  slot(asm, r8, 0);
  slot(asm, r9, 1);
  if (kind !== 'read') {
    slot(asm, r10, 2);
    asm.emit('sub', r10, r8);
  }
  eachTile(asm, () => {
    asm.emit('mov', rax, rsi);
    asm.emit('and', rax, r9);
    asm.emit('shl', rax, PIECE_SHIFT);
    asm.emit('add', rax, r8);
    asm.emit('lea', r11, mem(rax, { disp: PIECE_BYTES }));
    asm.align(32);
    const turn = asm.here();
    for (let i = 0; i < UNROLL; i++) {
      asm.emit('vmovups', v(i), mem(rax, { disp: i * bytes }));
    }
    if (kind !== 'read') {
      const store = kind === 'copy' ? 'vmovups' : 'vmovntps';
      for (let i = 0; i < UNROLL; i++) {
        asm.emit(store, mem(rax, { index: r10, disp: i * bytes }), v(i));
      }
    }
    asm.emit('add', rax, UNROLL * bytes);
    asm.emit('cmp', rax, r11);
    asm.emit('jb', turn);
  });
}
