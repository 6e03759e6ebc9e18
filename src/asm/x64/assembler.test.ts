/** Labels, padding, constants and listings; random programs against GNU as where it is installed. */
import { describe, expect, it } from 'vitest';
import { philox4x32, ValueError } from '../../base/index.ts';
import { assembleProgram, gnuAsVersion } from './gnu-as.test-util.ts';
import {
  Assembler,
  eax,
  formatListing,
  k,
  type MachineCode,
  masked,
  mem,
  r9,
  rax,
  rbx,
  rcx,
  rsi,
  xmm,
  ymm,
  zmm,
} from './index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function pad(assembler: Assembler, bytes: number): void {
  for (let i = 0; i < bytes; i++) assembler.emit('nop');
}

/** A branch, so many bytes, then its target; or the target first. */
function branchOver(mnemonic: string, gap: number, backward: boolean): string {
  const assembler = new Assembler();
  const target = assembler.label();
  if (backward) assembler.bind(target);
  else assembler.emit(mnemonic, target);
  pad(assembler, gap);
  if (backward) assembler.emit(mnemonic, target);
  else assembler.bind(target);
  const code = hex(assembler.finish().bytes).replaceAll('90', '');
  return code;
}

describe('branches', () => {
  it('are short where eight bits reach, forward', () => {
    expect(branchOver('jmp', 0, false)).toBe('eb00');
    expect(branchOver('jmp', 127, false)).toBe('eb7f');
    expect(branchOver('jmp', 128, false)).toBe('e980000000');
    expect(branchOver('jne', 127, false)).toBe('757f');
    expect(branchOver('jne', 128, false)).toBe('0f8580000000');
  });

  it('are short where eight bits reach, backward', () => {
    expect(branchOver('jmp', 126, true)).toBe('eb80');
    expect(branchOver('jmp', 127, true)).toBe('e97cffffff');
    expect(branchOver('jl', 126, true)).toBe('7c80');
    expect(branchOver('jl', 127, true)).toBe('0f8c7bffffff');
  });

  it('grow when others do', () => {
    const assembler = new Assembler();
    const [near, far] = [assembler.label(), assembler.label()];
    assembler.emit('jmp', near);
    pad(assembler, 125);
    // Its growing pushes `near` out of reach.
    assembler.emit('jmp', far);
    assembler.bind(near);
    pad(assembler, 200);
    assembler.bind(far);
    const { bytes } = assembler.finish();
    expect([bytes[0], bytes[5 + 125]]).toEqual([0xe9, 0xe9]);
    expect(bytes.length).toBe(5 + 125 + 5 + 200);
  });

  it('call with 32 bits', () => {
    expect(branchOver('call', 3, false)).toBe('e803000000');
  });

  it('need a bound label, bound once', () => {
    const assembler = new Assembler();
    const label = assembler.label('loop');
    assembler.emit('jmp', label);
    expect(() => assembler.finish()).toThrow('loop was never bound');
    assembler.bind(label);
    expect(() => assembler.bind(label)).toThrow('loop is bound already');
  });
});

describe('padding', () => {
  it('aligns with few nops', () => {
    for (let offset = 0; offset < 32; offset++) {
      const assembler = new Assembler({ listing: true });
      pad(assembler, offset);
      assembler.align(32);
      const start = assembler.here();
      assembler.emit('ret');
      const code = assembler.finish();
      expect(code.offsetOf(start) % 32).toBe(0);
      expect(code.alignment).toBe(32);
    }
  });

  it('is at most 4096 and a power of two', () => {
    expect(() => new Assembler().align(24)).toThrow(ValueError);
    expect(() => new Assembler().align(8192)).toThrow(ValueError);
  });
});

describe('constants', () => {
  const build = (): { code: MachineCode; offsets: number[] } => {
    const assembler = new Assembler();
    const one = assembler.constant(new Float32Array([1]));
    const lanes = assembler.constant(new Int32Array(16).map((_, i) => i));
    const double = assembler.constant(new Float64Array([0.5]));
    const wide = assembler.constant([1, 2, 3, 4], 32);
    expect(assembler.constant(new Float32Array([1]))).toBe(one);
    assembler.emit('vbroadcastss', zmm(1), mem(one));
    assembler.emit('vmovdqa32', zmm(20), mem(lanes));
    assembler.emit('vaddsd', xmm(1), xmm(2), mem(double));
    assembler.emit('vpcmpd', k(1), zmm(1), mem(lanes), 2);
    assembler.emit('vaddps', zmm(1), zmm(2), mem(one, { broadcast: true }));
    assembler.emit('mov', eax, mem(wide));
    const code = assembler.finish();
    return { code, offsets: [one, lanes, double, wide].map(code.offsetOf) };
  };

  it('are kept once, aligned, and hold their bytes', () => {
    const { code, offsets } = build();
    expect(offsets.map((offset, i) => offset % [4, 64, 8, 32][i])).toEqual([0, 0, 0, 0]);
    const view = new DataView(code.bytes.buffer);
    expect(view.getFloat32(offsets[0], true)).toBe(1);
    expect(view.getInt32(offsets[1] + 60, true)).toBe(15);
    expect(view.getFloat64(offsets[2], true)).toBe(0.5);
    expect([...code.bytes.subarray(offsets[3], offsets[3] + 4)]).toEqual([1, 2, 3, 4]);
    expect(code.alignment).toBe(64);
    expect(code.bytes.length).toBe(Math.max(...offsets) + 4);
  });

  it('are reached relative to rip, past an immediate too', () => {
    const { code, offsets } = build();
    const view = new DataView(code.bytes.buffer);
    // vbroadcastss is 6 bytes, of which the last four are the distance, and so on.
    const ends = [10, 20, 28, 39, 49, 55];
    const immediates = [0, 0, 0, 1, 0, 0];
    const targets = [0, 1, 2, 1, 0, 3].map((i) => offsets[i]);
    expect(code.codeBytes).toBe(ends.at(-1));
    const found = ends.map((end, i) => end + view.getInt32(end - immediates[i] - 4, true));
    expect(found).toEqual(targets);
  });

  it('have bytes, and an alignment of 4 to 64', () => {
    expect(() => new Assembler().constant([])).toThrow(ValueError);
    expect(() => new Assembler().constant([1], 128)).toThrow(ValueError);
  });
});

describe('moveConstant', () => {
  it('takes the shortest move', () => {
    const bytes = (value: number | bigint): string => {
      const assembler = new Assembler();
      assembler.moveConstant(r9, value);
      return hex(assembler.finish().bytes);
    };
    expect(bytes(0)).toBe('41b900000000');
    expect(bytes(0xffffffff)).toBe('41b9ffffffff');
    expect(bytes(-1)).toBe('49c7c1ffffffff');
    expect(bytes(2 ** 40)).toBe('49b90000000000010000');
    expect(bytes(-(2n ** 63n))).toBe('49b90000000000000080');
    expect(bytes(2n ** 64n - 1n)).toBe('49b9ffffffffffffffff');
  });
});

describe('listing', () => {
  it('tells offset, bytes and text', () => {
    const assembler = new Assembler({ listing: true });
    const loop = assembler.here('loop');
    assembler.emit('vfmadd231ps', zmm(3), zmm(1), mem(rsi, { disp: 64, broadcast: true }));
    assembler.emit('vmovups', mem(rbx, { index: rcx, scale: 4, mask: k(2) }), zmm(3));
    assembler.emit('vaddps', masked(zmm(1), k(1), true), zmm(2), zmm(3));
    assembler.emit('vaddps', ymm(1), ymm(2), mem(rax, { disp: 256 }));
    assembler.emit('jne', loop);
    expect(formatListing(assembler.finish().listing)).toBe(
      [
        'loop:',
        '     0  62 f2 75 58 b8 5e 10              vfmadd231ps zmm3, zmm1, DWORD PTR [rsi+0x40]{1to16}',
        '     7  62 f1 7c 4a 11 1c 8b              vmovups ZMMWORD PTR [rbx+rcx*4]{k2}, zmm3',
        '     e  62 f1 6c c9 58 cb                 vaddps zmm1{k1}{z}, zmm2, zmm3',
        '    14  62 f1 6c 28 58 48 08              {evex} vaddps ymm1, ymm2, YMMWORD PTR [rax+0x100]',
        '    1b  75 e3                             jne loop',
      ].join('\n'),
    );
  });

  it('is empty unless asked for', () => {
    const assembler = new Assembler();
    assembler.emit('ret');
    expect(assembler.finish().listing).toEqual([]);
  });
});

describe('AVX2', () => {
  it('keeps to VEX, whatever is shorter', () => {
    const assembler = new Assembler({ isa: 'avx2' });
    assembler.emit('vaddps', ymm(1), ymm(2), mem(rax, { disp: 256 }));
    expect(hex(assembler.finish().bytes)).toBe('c5ec588800010000');
  });
});

/** Code with labels, branches at all distances, constants, and padding if asked for. */
function randomProgram(seed: number, padded: boolean): MachineCode {
  const assembler = new Assembler({ listing: true });
  const draw = (n: number, i: number): number => philox4x32([i, 0, 0, 0], [seed, 7])[0] % n;
  const labels = Array.from({ length: 12 }, () => assembler.label());
  const constants = [4, 8, 16, 64].map((n) => assembler.constant(new Uint8Array(n).fill(n + seed)));
  for (let i = 0; i < 240; i++) {
    if (i % 20 === 10) assembler.bind(labels[Math.floor(i / 20)]);
    const label = labels[draw(labels.length, 3 * i)];
    const constant = mem(constants[draw(4, 3 * i + 1)], { disp: draw(3, 3 * i + 2) });
    switch (draw(8, 3 * i + 900)) {
      case 0:
        assembler.emit('jmp', label);
        break;
      case 1:
      case 2:
        assembler.emit(['jne', 'jb', 'jle'][i % 3], label);
        break;
      case 3:
        assembler.emit('lea', rax, mem(label, { disp: 5 }));
        break;
      case 4:
        assembler.emit('vmovups', zmm(i & 31), constant);
        break;
      case 5:
        if (padded && i % 3 === 0) assembler.align(16);
        else assembler.emit('add', mem(label, { bits: 32 }), i);
        break;
      default:
        assembler.emit('add', rbx, i);
    }
  }
  return assembler.finish();
}

/** The listing as a source for GNU as; constants, and the gap before them, as bytes. */
function sourceOf(code: MachineCode): string {
  const lines = code.listing.map(({ text, bytes, isLabel }) => {
    const raw = /^(padding|constant)/.test(text);
    return raw && !isLabel ? [...bytes].map((byte) => `.byte ${byte}`).join('\n') : text;
  });
  return `${lines.join('\n')}\n`;
}

describe('programs', () => {
  const installed = gnuAsVersion() !== undefined;

  // Padding is left out: given as bytes it could not follow the sizes of branches.
  it.skipIf(!installed)('are those of GNU as, if it is installed', () => {
    for (let seed = 0; seed < 4; seed++) {
      const code = randomProgram(seed, false);
      expect(hex(assembleProgram(sourceOf(code)))).toBe(hex(code.bytes));
    }
  });

  it('have every line of the listing once, in order', () => {
    const { listing, bytes } = randomProgram(3, true);
    expect(listing.reduce((sum, line) => sum + line.bytes.length, 0)).toBe(bytes.length);
  });
});
