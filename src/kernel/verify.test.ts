import { describe, expect, test } from 'vitest';
import { at, KernelBuilder } from './builder.ts';
import type { Elem, Inst, Kernel, Reg } from './ir.ts';
import { verifyKernel } from './verify.ts';

const reg = (id: number, elem: Elem, lanes = 1): Reg => ({ id, type: { elem, lanes } });

const kernelOf = (...body: Inst[]): Kernel => ({
  name: 'bad',
  params: [
    { name: 'x', elem: 'ptr' },
    { name: 'n', elem: 'index' },
  ],
  body,
  registers: 20,
});

const x = reg(0, 'index');
const n = reg(1, 'index');
const head: Inst[] = [
  { op: 'param', dst: x, slot: 0 },
  { op: 'param', dst: n, slot: 1 },
];
const f = reg(2, 'f32', 4);
const loadF: Inst = { op: 'load', dst: f, mem: 'f32', addr: at(x), splat: false };
const i = reg(3, 'i32');
const constI: Inst = { op: 'const', dst: i, value: 1 };
const i4 = reg(4, 'i32', 4);
const splatI: Inst = { op: 'splat', dst: i4, a: i };

const fails = (message: RegExp, ...insts: Inst[]): void =>
  expect(() => verifyKernel(kernelOf(...head, ...insts))).toThrow(message);

test('a good kernel passes', () => {
  const b = new KernelBuilder('good');
  const p = b.param('p', 'ptr');
  const count = b.param('n', 'index');
  const cond = b.compare('gt', count, b.index(3));
  const [a] = b.loop(0, count, 1, [b.const('f32', 0)], (k, [acc]) =>
    b.if(
      cond,
      () => [b.add(acc, b.load('f32', 1, at(p, 0, k, 4)))],
      () => [acc],
    ),
  );
  b.store('f32', at(p), a);
  expect(() => verifyKernel(b.finish())).not.toThrow();
});

describe('assignment and scope', () => {
  test('reads before assignment, twice assigned, out of range', () => {
    fails(/%5 is read where it is not assigned, in: %6:i32 = neg %5/, {
      op: 'unary',
      fn: 'neg',
      dst: reg(6, 'i32'),
      a: reg(5, 'i32'),
    });
    fails(/%3 is assigned twice/, constI, constI);
    fails(/%20 is not below registers/, { op: 'const', dst: reg(20, 'i32'), value: 1 });
  });

  test('what a loop or a branch assigns stays inside', () => {
    const carried = { reg: reg(7, 'i32'), init: i, next: reg(7, 'i32'), result: reg(8, 'i32') };
    const loop: Inst = {
      op: 'loop',
      index: reg(6, 'index'),
      from: n,
      to: n,
      step: 1,
      carried: [carried],
      body: [{ op: 'unary', fn: 'neg', dst: reg(9, 'i32'), a: reg(7, 'i32') }],
    };
    const use = (id: number): Inst => ({
      op: 'unary',
      fn: 'neg',
      dst: reg(10, 'i32'),
      a: reg(id, 'i32'),
    });
    expect(() => verifyKernel(kernelOf(...head, constI, loop, use(8)))).not.toThrow();
    fails(/%9 is read/, constI, loop, use(9));
    fails(/%7 is read/, constI, loop, use(7));
    fails(/step must be positive, in: for %6:index/, constI, { ...loop, step: 0 });
    const result = { ...carried, result: reg(8, 'f32') };
    fails(/%8 is f32 where i32/, constI, { ...loop, carried: [result] });
  });

  test('a register keeps its type', () => {
    fails(/%2 is f32x2 where f32x4/, loadF, {
      op: 'unary',
      fn: 'neg',
      dst: reg(6, 'f32', 2),
      a: reg(2, 'f32', 2),
    });
  });
});

describe('types', () => {
  const cases: [string, RegExp, Inst[]][] = [
    [
      'mixed elems',
      /%4 is i32x4 where f32x4/,
      [{ op: 'binary', fn: 'add', dst: reg(6, 'f32', 4), a: f, b: i4 }],
    ],
    [
      'mixed lanes',
      /%3 is i32 where i32x4/,
      [{ op: 'binary', fn: 'add', dst: reg(6, 'i32', 4), a: i4, b: i }],
    ],
    [
      'sqrt of ints',
      /sqrt is for floats/,
      [{ op: 'unary', fn: 'sqrt', dst: reg(6, 'i32', 4), a: i4 }],
    ],
    ['not of floats', /not is for bits/, [{ op: 'unary', fn: 'not', dst: reg(6, 'f32', 4), a: f }]],
    [
      'rem of floats',
      /rem is not defined on f32/,
      [{ op: 'binary', fn: 'rem', dst: reg(6, 'f32', 4), a: f, b: f }],
    ],
    [
      'div of index',
      /div is not defined on index/,
      [{ op: 'binary', fn: 'div', dst: reg(6, 'index'), a: n, b: n }],
    ],
    [
      'vector shift count',
      /shift count is i32x4|%4|the shift count/,
      [{ op: 'binary', fn: 'shl', dst: reg(6, 'i32', 4), a: i4, b: i4 }],
    ],
    [
      'fma of ints',
      /fma is for floats/,
      [{ op: 'fma', dst: reg(6, 'i32', 4), a: i4, b: i4, c: i4 }],
    ],
    [
      'compare gives a mask',
      /%6 is f32x4 where maskx4/,
      [{ op: 'compare', fn: 'lt', dst: reg(6, 'f32', 4), a: f, b: f }],
    ],
    [
      'select by a number',
      /the mask is f32x4/,
      [{ op: 'select', dst: reg(6, 'f32', 4), mask: f, a: f, b: f }],
    ],
    ['bitcast to another size', /keeps the size/, [{ op: 'bitcast', dst: reg(6, 'f64', 4), a: f }]],
    ['convert to other lanes', /lanes differ/, [{ op: 'convert', dst: reg(6, 'i32', 2), a: f }]],
    ['vector index', /%6 is a vector of index/, [{ op: 'splat', dst: reg(6, 'index', 4), a: n }]],
    ['lane out of range', /no such lane/, [{ op: 'extract', dst: reg(6, 'f32'), a: f, lane: 4 }]],
    [
      'memory of another elem',
      /memory of i32 holds no f32/,
      [{ op: 'store', mem: 'i32', addr: at(x), value: f }],
    ],
    [
      'one element streamed',
      /only whole vectors of numbers are streamed/,
      [{ op: 'store', mem: 'i32', addr: at(x), value: i, stream: true }],
    ],
    ['float address', /%2 is f32x4 where index/, [{ op: 'prefetch', addr: at(f) }]],
    ['condition', /the condition is i32/, [{ op: 'fault', cond: i, position: i }]],
    ['slot', /no argument slot 2/, [{ op: 'param', dst: reg(6, 'index'), slot: 2 }]],
    ['i64 constant', /bigint/, [{ op: 'const', dst: reg(6, 'i64'), value: 1 }]],
    ['fraction', /not a whole number/, [{ op: 'const', dst: reg(6, 'i32'), value: 0.5 }]],
  ];
  for (const [name, message, insts] of cases) {
    test(`rejects: ${name}`, () => fails(message, loadF, constI, splatI, ...insts));
  }

  test('a constant shift count fits', () => {
    const count: Inst = { op: 'const', dst: reg(6, 'i32'), value: 32 };
    fails(/below 32/, constI, count, {
      op: 'binary',
      fn: 'sar',
      dst: reg(7, 'i32'),
      a: i,
      b: reg(6, 'i32'),
    });
  });
});
