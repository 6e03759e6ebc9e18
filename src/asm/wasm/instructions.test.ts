import { expect, test } from 'vitest';
import wabtInit from 'wabt';
import { encodeModule, FunctionBuilder, type Immediate, INSTRUCTIONS } from './index.ts';

const wabt = await wabtInit();
const FEATURES = {
  simd: true,
  relaxed_simd: true,
  bulk_memory: true,
  sat_float_to_int: true,
  threads: true,
};

/** Assembles bare instructions with wabt; `unreachable` lets any operand type check. */
function assemble(lines: readonly string[]): Uint8Array {
  const text = `(module (import "env" "memory" (memory 0)) (func (export "run") (param i32)
    (local i32 i32 f32 v128) ${lines.join('\n')}))`;
  const module = wabt.parseWat('test.wat', text, FEATURES);
  const bytes = module.toBinary({}).buffer;
  module.destroy();
  return bytes;
}

function encode(emit: (f: FunctionBuilder) => void): Uint8Array {
  const f = new FunctionBuilder('run', ['i32']);
  f.local('i32');
  f.local('i32');
  f.local('f32');
  f.local('v128');
  emit(f);
  return encodeModule([f]);
}

const BYTES = [1, 250, 3, 4, 5, 128, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LANES = [31, 0, 2, 3, 4, 5, 6, 7, 8, 9, 16, 11, 12, 13, 14, 30];
const show = (bytes: readonly number[]): string => bytes.join(' ');

/** Immediates to try with each kind, and how wabt writes them. */
const SAMPLES: Record<string, readonly [readonly Immediate[], string][]> = {
  none: [[[], '']],
  memory: [[[], '']],
  'two memories': [[[], '']],
  block: [
    [[], ''],
    [['i32'], '(result i32)'],
    [['v128'], '(result v128)'],
  ],
  label: [[[0], '0']],
  local: [
    [[0], '0'],
    [[4], '4'],
  ],
  function: [[[0], '0']],
  signature: [[[0], '(type 0)']],
  address: [
    [[0], 'offset=0'],
    [[300], 'offset=300'],
    [[2 ** 32 - 1], 'offset=4294967295'],
  ],
  'address and lane': [[[129, 0], 'offset=129 0']],
  lane: [
    [[0], '0'],
    [[1], '1'],
  ],
  shuffle: [[[LANES], show(LANES)]],
  v128: [[[BYTES], `i8x16 ${show(BYTES)}`]],
  i32: [0, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)].map((x) => [[x], `${x}`]),
  i64: [0n, 63n, 64n, -65n, 2n ** 40n, 2n ** 63n - 1n, -(2n ** 63n)].map((x) => [[x], `${x}`]),
  f32: [
    [[0.1], '0.1'],
    [[-0], '-0'],
    [[Infinity], 'inf'],
  ],
  f64: [
    [[0.1], '0.1'],
    [[-0], '-0'],
  ],
};

/** Alone, these do not make a valid sequence. */
const CLOSERS = new Set(['else', 'end']);

test('every instruction is encoded as wabt encodes it', () => {
  for (const { name, immediate } of INSTRUCTIONS.values()) {
    if (CLOSERS.has(name)) continue;
    for (const [immediates, written] of SAMPLES[immediate]) {
      const closing = immediate === 'block' ? ['unreachable', 'end'] : [];
      const ours = encode((f) => {
        f.emit('unreachable');
        f.emit(name, ...immediates);
        for (const close of closing) f.emit(close);
        f.emit('unreachable');
      });
      const lines = ['unreachable', `${name} ${written}`, ...closing, 'unreachable'];
      if (immediate === 'memory' || immediate === 'two memories') lines[1] = name;
      expect(ours, `${name} ${written}`).toEqual(assemble(lines));
    }
  }
});

test('if, else and end nest; locals are grouped by type', () => {
  const f = new FunctionBuilder('run', ['i32']);
  const vector = f.local('v128');
  const first = f.local('i32');
  const float = f.local('f32');
  const second = f.local('i32');
  f.get(0);
  f.emit('if', 'v128');
  f.get(vector);
  f.emit('else');
  f.get(vector);
  f.emit('end');
  f.emit('drop');
  for (const local of [first, second, float]) {
    f.get(local);
    f.set(local);
  }
  const lines = ['local.get 0', 'if (result v128)', 'local.get 4', 'else', 'local.get 4', 'end'];
  lines.push('drop');
  for (const local of [1, 2, 3]) lines.push(`local.get ${local}`, `local.set ${local}`);
  expect(encodeModule([f])).toEqual(assemble(lines));
  expect(f.text()).toMatchInlineSnapshot(`
    "func run (i32) ()
      local.get 0
      if v128
        local.get 4
      else
        local.get 4
      end
      drop
      local.get 1
      local.set 1
      local.get 2
      local.set 2
      local.get 3
      local.set 3"
  `);
});

test('a get after a set of the same local is a tee', () => {
  const bytes = encode((f) => {
    f.emit('i32.const', 7);
    f.set(1);
    f.get(1);
    f.set(0);
  });
  expect(bytes).toEqual(assemble(['i32.const 7', 'local.tee 1', 'local.set 0']));
});

test('a shared memory states its maximum', () => {
  const f = new FunctionBuilder('run', ['i32']);
  const text = `(module (import "env" "memory" (memory 1 65536 shared))
    (func (export "run") (param i32)))`;
  const module = wabt.parseWat('test.wat', text, FEATURES);
  const ours = encodeModule([f], { min: 1, max: 65536, shared: true });
  expect(ours).toEqual(module.toBinary({}).buffer);
});

test('a table comes after the memory, and its signatures before those of functions', () => {
  const f = new FunctionBuilder('run', ['i32'], ['f64']);
  f.emit('f64.const', 1);
  f.get(0);
  f.emit('call_indirect', 1);
  const g = new FunctionBuilder('other', ['i32', 'i32']);
  const text = `(module
    (type (func)) (type (func (param f64) (result f64))) (type (func (param i32) (result f64)))
    (type (func (param i32 i32)))
    (import "env" "memory" (memory 0))
    (import "env" "table" (table 3 funcref))
    (func (export "run") (type 2) f64.const 1 local.get 0 call_indirect (type 1))
    (func (export "other") (type 3)))`;
  const module = wabt.parseWat('test.wat', text, FEATURES);
  const signatures = [
    { params: [], results: [] },
    { params: ['f64'], results: ['f64'] },
  ] as const;
  const ours = encodeModule([f, g], { min: 0 }, { min: 3, signatures });
  expect(ours).toEqual(module.toBinary({}).buffer);
});

test('an unknown name throws', () => {
  expect(() => new FunctionBuilder('run', []).emit('f32x4.fma')).toThrow(/f32x4.fma/);
});
