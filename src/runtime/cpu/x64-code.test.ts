import { expect, test } from 'vitest';
import { DeviceError, specOf } from '../../base/index.ts';
import { add, expand, matmul, mul, neg, record, reshape, sum, type Value } from '../../ir/index.ts';
import type { Executable } from '../device.ts';
import { hostOf } from './native/host.test-util.ts';
import { X64Device } from './x64-device.ts';

const host = hostOf(1);
const native = host !== null;
// A product makes a launch of its own.
const cumulated = (x: Value): Value =>
  reshape(matmul(reshape(x, [1, 20]), expand(x, [20, 20])), [20]);
const SPEC = specOf('float32', [20]);
const X = new Float32Array(20).map((_, i) => i);

/** x * n + n: the number is part of the code, so each is a kernel of its own. */
const graphOf = (n: number) => record('test', (x) => add(mul(x, n), n), [SPEC], 'cpu');

function resultOf(device: X64Device, executable: Executable): Float32Array {
  const x = { storage: device.allocate(80), offset: 0 };
  const out = { storage: device.allocate(80), offset: 0 };
  device.write(x, X);
  executable.run(out, x, null, Number.NaN, Number.NaN);
  return device.read(out, 'float32', 20) as Float32Array;
}

const expected = (n: number): Float32Array => X.map((x) => Math.fround(x * n) + n);

test.runIf(native)('10,000 kernels in one synchronous loop take bounded memory', () => {
  if (host === null) return;
  const device = new X64Device(host, host.cpu.isa ?? 'avx2');
  const before = host.code.bytesInUse;
  // Of constants nothing lies elsewhere: code holds its own.
  const data = host.memory.bytesInUse;
  device.code.limitBytes = 2 ** 16;
  const kept: Executable[] = [];
  let most = 0;
  for (let n = 0; n < 10_000; n++) {
    const executable = device.compile(graphOf(n), [SPEC]);
    if (n % 100 === 0) kept.push(executable);
    if (n % 500 === 0) expect(resultOf(device, executable)).toEqual(expected(n));
    most = Math.max(most, host.code.bytesInUse - before);
  }
  expect(most).toBeLessThan(2 ** 16 + 4096);
  expect(host.code.bytesMapped).toBeLessThan(2 ** 22);
  expect(host.memory.bytesInUse).toBe(data);
  // Those whose code is long gone have it again when they run.
  kept.forEach((executable, i) => {
    expect(resultOf(device, executable)).toEqual(expected(100 * i));
  });
  expect(host.code.bytesInUse - before).toBe(device.code.bytes);
  expect(device.code.bytes).toBeLessThan(2 ** 16 + 4096);
});

test.runIf(native)(
  'code that finds no memory is an error that names the bytes, and leaves no trace',
  () => {
    if (host === null) return;
    const device = new X64Device(host, host.cpu.isa ?? 'avx2');
    const before = device.compile(graphOf(-7), [SPEC]);
    const { bytesInUse } = host.code;
    const { write } = host.code;
    // Two launches, of which the second does not fit.
    const two = record('test', (x) => mul(sum(x, 0, true), neg(cumulated(x))), [SPEC], 'cpu');
    let bytes = 0;
    let calls = 0;
    host.code.write = (code) => {
      if (++calls === 1) return write.call(host.code, code);
      bytes = code.length;
      throw new Error('mmap failed (errno 12)');
    };
    try {
      expect(() => device.compile(two, [SPEC])).toThrow(DeviceError);
      calls = 0;
      expect(() => device.compile(two, [SPEC])).toThrow(`${bytes} more bytes of machine code`);
    } finally {
      host.code.write = write;
    }
    expect(calls).toBe(2);
    expect(host.code.bytesInUse).toBe(bytesInUse);
    expect(resultOf(device, before)).toEqual(expected(-7));
    expect(device.compile(two, [SPEC]).outputs).toHaveLength(1);
  },
);

test.runIf(native)('what runs keeps its code, and kernels that are shared stay', () => {
  if (host === null) return;
  const device = new X64Device(host, host.cpu.isa ?? 'avx2');
  device.code.limitBytes = 2 ** 14;
  const hot = device.compile(graphOf(-1), [SPEC]);
  const twin = device.compile(graphOf(-1), [SPEC]);
  let made = 0;
  const { kernel } = device.code;
  device.code.kernel = (key, make) =>
    kernel.call(device.code, key, () => {
      made++;
      return make();
    });
  for (let n = 0; n < 300; n++) {
    device.compile(graphOf(n), [SPEC]);
    if (n % 4 === 0) expect(resultOf(device, hot)).toEqual(expected(-1));
  }
  expect(made).toBe(300);
  expect(resultOf(device, twin)).toEqual(expected(-1));
  expect(made).toBe(300);
});
