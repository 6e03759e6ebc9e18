import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FormatError, ValueError } from '../../base/index.ts';
import { linear } from '../../nn/index.ts';
import { tensor, zeros } from '../../tensor/index.ts';
import {
  encodeSafetensors,
  FileError,
  loadNpy,
  loadNpz,
  loadSafetensors,
  safetensorsInfo,
  saveNpy,
  saveNpz,
  saveSafetensors,
} from '../index.ts';
import * as browser from './files.browser.ts';
import { writeFile } from './files.node.ts';

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'gradus-format-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

function errorOf(call: () => unknown): FileError {
  try {
    call();
  } catch (error) {
    return error as FileError;
  }
  throw new Error('nothing was thrown');
}

test('a state is saved and loaded, by path and by URL', () => {
  const net = linear(3, 2);
  saveSafetensors(net.stateDict(), at('net.safetensors'), { metadata: { epoch: '3' } });
  const other = linear(3, 2);
  other.loadStateDict(loadSafetensors(pathToFileURL(at('net.safetensors'))));
  expect(other.weight.data()).toEqual(net.weight.data());
  const info = safetensorsInfo(at('net.safetensors'));
  expect(info.metadata).toEqual({ epoch: '3' });
  expect(info.tensors.weight).toEqual({ dtype: 'F32', shape: [2, 3], sizeBytes: 24 });
  expect(fs.readdirSync(folder)).toEqual(['net.safetensors']);
});

test('lazily, only what is asked for is read', () => {
  const path = at('a.safetensors');
  saveSafetensors({ x: tensor([1, 2]), flag: tensor([true]) }, path);
  const bytes = fs.readFileSync(path);
  bytes[bytes.length - 1] = 9; // the flag
  fs.writeFileSync(path, bytes);
  expect(() => loadSafetensors(path)).toThrow("tensor 'flag': element 0 is 9");
  const lazy = loadSafetensors(path, { lazy: true });
  expect(Object.keys(lazy)).toEqual(['x', 'flag']);
  expect(lazy.x.toArray()).toEqual([1, 2]);
  expect(() => lazy.flag).toThrow(FormatError);
});

test('a file replaced between the header and a tensor is noticed', () => {
  const path = at('a.safetensors');
  saveSafetensors({ x: tensor([1, 2]), y: tensor([3]) }, path);
  const lazy = loadSafetensors(path, { lazy: true });
  expect(lazy.y.toArray()).toEqual([3]);
  saveSafetensors({ x: tensor([5, 6]), y: tensor([7]) }, path);
  expect(() => lazy.x).toThrow('the file has changed since it was opened');
  fs.rmSync(path);
  expect(() => lazy.x).toThrow(FileError);
});

test('NPY and NPZ files', () => {
  saveNpy(tensor([[1, 2]]), at('a.npy'));
  expect(loadNpy(at('a.npy')).toArray()).toEqual([[1, 2]]);
  for (const compress of [false, true]) {
    saveNpz({ x: tensor([1, 2]), y: zeros([100, 100]) }, at('a.npz'), { compress });
    expect(loadNpz(at('a.npz')).x.toArray()).toEqual([1, 2]);
    expect(loadNpz(at('a.npz')).y.shape).toEqual([100, 100]);
  }
  expect(fs.statSync(at('a.npz')).size).toBeLessThan(2000);
});

test('each refusal of the system is told', () => {
  fs.writeFileSync(at('file'), 'text');
  const x = { x: tensor([1]) };
  const cases: [() => unknown, string, RegExp][] = [
    [() => loadSafetensors(at('none')), 'ENOENT', /there is no file .*none/],
    [() => loadNpz(folder), 'EISDIR', /is a folder, not a file/],
    [() => loadNpy('/dev/null'), 'EINVAL', /a device or a pipe/],
    [() => saveSafetensors(x, at('no/such/folder')), 'ENOENT', /there is no folder/],
    [() => saveSafetensors(x, at('file/below')), 'ENOTDIR', /is a file, not a folder/],
    [() => saveNpz(x, folder), 'EISDIR', /is a folder/],
    [() => saveNpz(x, '/dev/null'), 'EINVAL', /a device or a pipe/],
    [() => saveNpz(x, 'a\0b'), 'ERR_INVALID_ARG_VALUE', /cannot be written/],
  ];
  for (const [call, code, words] of cases) {
    const error = errorOf(call);
    expect(error).toBeInstanceOf(FileError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
  }
  expect(fs.readdirSync(folder)).toEqual(['file']);
  expect(fs.readFileSync(at('file'), 'utf8')).toBe('text');
  const load = loadSafetensors as (path: unknown) => unknown;
  expect(() => load(new Uint8Array(8))).toThrow('bytes go to decodeSafetensors');
  expect(() => load(new URL('https://example.org/a'))).toThrow(ValueError);
});

const failing = (code: string) => (): never => {
  throw Object.assign(new Error(`${code}: simulated`), { code });
};

test.each([
  ['openSync', 'EROFS', /the disk is read-only/],
  ['openSync', 'EACCES', /no permission to write/],
  ['writeSync', 'ENOSPC', /the disk is full; what was there before is as it was/],
  ['fsyncSync', 'EIO', /cannot be written/],
  ['closeSync', 'EDQUOT', /the disk is full/],
  ['renameSync', 'EPERM', /no permission/],
] as const)('%s fails with %s: the old file stays, no new one', (call, code, words) => {
  fs.writeFileSync(at('old'), 'old');
  for (const name of ['old', 'new']) {
    let written = 0;
    const calls = {
      ...fs,
      // A disk that takes a little, a few bytes at a time, and is then full.
      writeSync(fd: number, bytes: Uint8Array, from: number, length: number): number {
        if (call === 'writeSync' && written > 5) failing(code)();
        written += fs.writeSync(fd, bytes, from, Math.min(length, 3));
        return Math.min(length, 3);
      },
      ...(call === 'writeSync' ? {} : { [call]: failing(code) }),
    } as typeof fs;
    const error = errorOf(() => writeFile('saveNpz', at(name), [new Uint8Array(20)], calls));
    expect(error).toBeInstanceOf(FileError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
  }
  expect(fs.readdirSync(folder)).toEqual(['old']);
  expect(fs.readFileSync(at('old'), 'utf8')).toBe('old');
});

test('an error while the bytes are made leaves nothing behind', () => {
  function* chunks(): Generator<Uint8Array> {
    yield new Uint8Array(10);
    throw new RangeError('made up');
  }
  expect(() => writeFile('saveNpz', at('new'), chunks())).toThrow(RangeError);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a link stays a link, and a file keeps its mode', () => {
  fs.writeFileSync(at('real'), 'old', { mode: 0o600 });
  fs.symlinkSync(at('real'), at('link'));
  saveSafetensors({ x: tensor([1]) }, at('link'));
  expect(fs.lstatSync(at('link')).isSymbolicLink()).toBe(true);
  expect(loadSafetensors(at('real')).x.toArray()).toEqual([1]);
  expect(fs.statSync(at('real')).mode & 0o777).toBe(0o600);
});

test('bytes written in short pieces are all there', () => {
  const bytes = encodeSafetensors({ x: tensor([1, 2, 3]) });
  const calls = {
    ...fs,
    writeSync: (fd: number, data: Uint8Array, from: number, length: number): number =>
      fs.writeSync(fd, data, from, Math.min(length, 7)),
  } as typeof fs;
  writeFile('saveSafetensors', at('a'), [bytes], calls);
  expect(loadSafetensors(at('a')).x.toArray()).toEqual([1, 2, 3]);
});

test('without files the functions on bytes are named', () => {
  expect(() => browser.openFile('loadNpz', 'a')).toThrow('use decodeNpz');
  expect(() => browser.writeFile('saveNpz', 'a', [])).toThrow('use encodeNpz');
});
