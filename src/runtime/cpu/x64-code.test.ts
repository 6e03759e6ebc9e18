import { expect, test } from 'vitest';
import { specOf } from '../../base/index.ts';
import { add, mul, record } from '../../ir/index.ts';
import type { Executable } from '../device.ts';
import { hostOf } from './native/host.test-util.ts';
import { X64Device } from './x64-device.ts';

const host = hostOf(1);
const native = host?.cpu.isa === 'avx512';
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
  // Those whose code is long gone have it again when they run.
  kept.forEach((executable, i) => {
    expect(resultOf(device, executable)).toEqual(expected(100 * i));
  });
  expect(host.code.bytesInUse - before).toBe(device.code.bytes);
  expect(device.code.bytes).toBeLessThan(2 ** 16 + 4096);
});

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
