/** Every way in which there is no native host ends in a sentence, not in a crash. */
import { expect, test } from 'vitest';
import { openPlatform } from '#koffi';
import { ValueError } from '../../../base/index.ts';
import { Counter, hostOf } from './host.test-util.ts';
import { openPlatform as openBrowser } from './koffi.browser.ts';
import type { Koffi, KoffiLibrary, NativeFunction, Platform } from './koffi.ts';
import { openNative } from './open-native.ts';
import { threadsFromFlag } from './thread-count.ts';

const here = openPlatform();
const native = hostOf(1) !== null;

/** This platform, with functions of the C library put in the place of its own. */
function platformWith(replace: Record<string, (real: NativeFunction) => NativeFunction>): Platform {
  const koffi = here.koffi as Koffi;
  const load = (path: string | null): KoffiLibrary => {
    const real = koffi.load(path);
    return {
      func: (name, result, args) => {
        const f = real.func(name, result, args);
        return replace[name] === undefined ? f : replace[name](f);
      },
      symbol: (name) => {
        if (replace[name] !== undefined) throw new Error(`no ${name}`);
        return real.symbol(name);
      },
    };
  };
  return { ...here, koffi: { ...koffi, load } };
}

const refuse = (): NativeFunction => () => -1;
const EXECUTABLE = 4;
const refuseExecutable =
  (real: NativeFunction): NativeFunction =>
  (...args) =>
    args[2] & EXECUTABLE ? -1 : real(...args);

test('a browser has none', () => {
  expect(openNative({ platform: openBrowser() })).toEqual({
    host: null,
    reason: 'there is no native code in browsers',
  });
});

test('without koffi there is a reason', () => {
  const platform = { ...here, koffi: null, reason: 'the optional package is not installed' };
  expect(openNative({ platform })).toEqual({ host: null, reason: platform.reason });
});

test.runIf(native)('a C library that is not glibc', () => {
  const { host, reason } = openNative({ platform: platformWith({ gnu_get_libc_version: refuse }) });
  expect(host).toBeNull();
  expect(reason).toContain('glibc');
});

test.runIf(native)('executable memory refused', () => {
  const { host, reason } = openNative({ platform: platformWith({ mmap: refuseExecutable }) });
  expect(host).toBeNull();
  expect(reason).toMatch(/mmap failed \(errno \d+\)/);
});

test.runIf(native)('without memfd_create a file is the code memory', () => {
  const noMemfd = (real: NativeFunction): NativeFunction => {
    return (...args) => (args[0] === 319 ? -1 : real(...args));
  };
  const { host, reason } = openNative({ platform: platformWith({ syscall: noMemfd }) });
  expect(reason).toBe('');
  if (host === null) return;
  const counter = new Counter(host, 4);
  counter.run(4);
  expect(counter.sum).toBe(10n);
});

test.runIf(native)('neither memfd_create nor a file', () => {
  const platform = platformWith({ syscall: refuse, open: refuse });
  expect(openNative({ platform }).reason).toContain('memfd_create failed');
});

test.runIf(native)('without membarrier freed code is still used again', () => {
  const noBarrier = (real: NativeFunction): NativeFunction => {
    return (...args) => (args[0] === 324 ? -1 : real(...args));
  };
  const { host } = openNative({ threads: 2, platform: platformWith({ syscall: noBarrier }) });
  if (host === null) throw new Error('no host');
  for (let i = 0; i < 200; i++) {
    const counter = new Counter(host, 4);
    counter.run(4);
    expect(counter.sum).toBe(10n);
    host.code.free(host.code.write(Uint8Array.of(0xc3)));
  }
});

test.runIf(native)('no more threads, no processor: fewer take part', () => {
  const { host } = openNative({
    threads: 7,
    platform: platformWith({ pthread_create: () => () => 11 }),
  });
  const one = openNative({ threads: 0 }).host;
  if (host === null || one === null) throw new Error('no host');
  expect(one.threads).toBe(1);
  const counter = new Counter(host, 100);
  counter.run(100);
  expect(counter.sum).toBe(5050n);
});

test.runIf(native)('an isolate without the shared variable has a pool of its own', () => {
  const platform = platformWith({ argp_program_bug_address: refuse });
  const { host } = openNative({ threads: 2, platform });
  if (host === null) throw new Error('no host');
  const counter = new Counter(host, 100);
  counter.run(100);
  expect(counter.sum).toBe(5050n);
});

test('the processor says what it is', () => {
  const { host } = openNative();
  if (host === null) return;
  const { cpu } = host;
  expect(cpu.vendor).toMatch(/^[\x20-\x7e]{12}$/);
  expect(['avx512', 'avx2']).toContain(cpu.isa);
  expect(cpu.l1).toBeGreaterThanOrEqual(16 * 1024);
  expect(cpu.l2).toBeGreaterThan(cpu.l1);
});

test('GRADUS_THREADS is a whole number from 1 on', () => {
  expect(threadsFromFlag(undefined)).toBeUndefined();
  expect(threadsFromFlag('')).toBeUndefined();
  expect(threadsFromFlag('3')).toBe(3);
  for (const text of ['0', '-1', '1.5', 'two', '1e9', 'NaN']) {
    expect(() => threadsFromFlag(text)).toThrow(ValueError);
    expect(() => threadsFromFlag(text)).toThrow(`GRADUS_THREADS: '${text}' is no number`);
  }
});
