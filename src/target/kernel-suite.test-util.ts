/** What every target must do: each instruction and all control, compared with the interpreter. */
import { describe, expect, test } from 'vitest';
import { at, KernelBuilder } from '../kernel/builder.ts';
import { interpretKernel } from '../kernel/interpret.ts';
import {
  type BinaryOp,
  type Elem,
  type Kernel,
  type MemElem,
  type Predicate,
  type Reg,
  type TargetInfo,
  type UnaryOp,
} from '../kernel/ir.ts';
import { verifyKernel } from '../kernel/verify.ts';

type Num = 'f32' | 'f64' | 'i32' | 'i64';
type Data = Num | 'mask';

/** Where the memory of a test has its fault word, argument block and outputs. */
export const FAULT = 8;
export const ARGS = 64;
const OUT = 4096;
const MEMORY_BYTES = 65536;

/** A target under test. */
export interface Engine {
  /** The ISA classes in which it can compute here. */
  readonly infos: readonly TargetInfo[];
  /** Lanes of vectors that hold such elements; 1 among them. */
  lanesOf(...elems: readonly Elem[]): number[];
  /** Runs all tiles in one call; pointers and addresses in memory count from its beginning. */
  run(kernel: Kernel, info: TargetInfo, memory: Uint8Array, tiles: number): void;
  text(kernel: Kernel, info: TargetInfo): string;
}
const SENTINEL = 0x5a;

const BYTES = { f32: 4, i32: 4, f64: 8, i64: 8, mask: 1, index: 4 } as const;
const memOf = (elem: Elem): MemElem => (elem === 'mask' ? 'u8' : elem);

const FLOATS = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 1e10, -1e10, 1e-40, 1e19];
FLOATS.push(-1e19, 8388607.5, 16777217, 0.1, NaN, Infinity, -Infinity);
const INTS = [0, 1, -1, 2, -2, 7, -7, 3, 255, 65536, 123456789, 2 ** 31 - 1, -(2 ** 31)];
const VALUES: Record<Data, readonly (number | bigint)[]> = {
  f32: [...FLOATS, 3e38, 2147483520, 2147483648],
  f64: [...FLOATS, 1.7e308, 2147483647.5, -2147483649, 9.2e18, 2 ** 53 - 1, 5e-324],
  i32: INTS,
  i64: [
    ...INTS.map(BigInt),
    2n ** 53n + 1n,
    (1n << 62n) + (1n << 38n) + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ],
  mask: [0, 1, 1, 0, 0, 0, 1, 1],
};

function write(view: DataView, at: number, elem: Elem, value: number | bigint): void {
  if (elem === 'f32') view.setFloat32(at, Number(value), true);
  else if (elem === 'f64') view.setFloat64(at, Number(value), true);
  else if (elem === 'i64') view.setBigInt64(at, BigInt(value), true);
  else if (elem === 'mask') view.setUint8(at, Number(value));
  else if (elem === 'index')
    view.setBigInt64(at, BigInt(value), true); // a whole slot
  else view.setInt32(at, Number(value), true);
}

function read(view: DataView, at: number, elem: Elem): number | bigint {
  if (elem === 'f32') return view.getFloat32(at, true);
  if (elem === 'f64') return view.getFloat64(at, true);
  if (elem === 'i64') return view.getBigInt64(at, true);
  return elem === 'mask' ? view.getUint8(at) : view.getInt32(at, true);
}

export function kernelSuite(engine: Engine): void {
  const [usual] = engine.infos;
  /** Runs a kernel on the engine and by the interpreter; both memories must end up equal. */
  function runBoth(
    kernel: Kernel,
    outputs: readonly (readonly [address: number, elem: Elem, count: number])[],
    fill: (view: DataView) => void,
    info: TargetInfo = usual,
    tiles = 1,
  ): DataView {
    verifyKernel(kernel);
    const memory = new Uint8Array(MEMORY_BYTES);
    const view = new DataView(memory.buffer);
    memory.fill(SENTINEL, OUT);
    fill(view);
    const wanted = new DataView(memory.buffer.slice(0));
    interpretKernel(kernel, info, wanted, ARGS, FAULT, 0, { first: 0, end: tiles, thread: 0 });
    engine.run(kernel, info, memory, tiles);
    for (const [address, elem, count] of outputs) {
      for (let i = 0; i < count; i++) {
        const where = address + i * BYTES[elem];
        const got = read(view, where, elem);
        const want = read(wanted, where, elem);
        if (!Object.is(got, want)) {
          throw new Error(
            `${kernel.name}[${i}]: ${got}, interpreter ${want}\n${engine.text(kernel, info)}`,
          );
        }
        // A NaN may have any bits; all else is now made equal to compare the rest of memory.
        if (Number.isNaN(got)) write(view, where, elem, NaN);
        if (Number.isNaN(want)) write(wanted, where, elem, NaN);
      }
    }
    if (Buffer.compare(Buffer.from(view.buffer), Buffer.from(wanted.buffer)) !== 0) {
      throw new Error(
        `${kernel.name}: memory differs outside the outputs\n${engine.text(kernel, info)}`,
      );
    }
    return view;
  }

  type Make = (b: KernelBuilder, operands: readonly Reg[], index: Reg) => Reg;

  /**
   * out[i] = make(a[i], b[i], ...) over every combination of edge values, `lanes` at a time.
   */
  function sweep(
    name: string,
    lanes: number,
    operands: readonly Data[],
    make: Make,
    info?: TargetInfo,
  ): DataView {
    let rows: (number | bigint)[][] = [[]];
    for (const elem of operands) rows = rows.flatMap((row) => VALUES[elem].map((v) => [...row, v]));
    // A sample of the largest products, with a stride prime to their sizes.
    const sampling = rows.length > 1200 ? 13 : 1;
    rows = rows.filter((_, i) => i % sampling === 0).slice(0, 1500);
    while (rows.length % lanes !== 0) rows.push(rows[0]);
    const count = rows.length;

    const b = new KernelBuilder(name);
    const pointers = operands.map((_, i) => b.param(`in${i}`, 'ptr'));
    const out = b.param('out', 'ptr');
    const n = b.param('n', 'index');
    let elem: Elem = 'f32';
    b.loop(0, n, lanes, [], (i) => {
      const loaded = operands.map((type, k) => {
        const bytes = BYTES[type];
        return b.load(memOf(type), lanes, at(pointers[k], 0, i, bytes));
      });
      const result = make(b, loaded, i);
      elem = result.type.elem;
      const bytes = BYTES[elem];
      b.store(memOf(elem), at(out, 0, i, bytes), result);
      return [];
    });
    const stride = 8 * count + 64;
    const inputsAt = OUT + stride;
    return runBoth(
      b.finish(),
      [[OUT, elem, count]],
      (view) => {
        operands.forEach((type, k) => {
          const start = inputsAt + k * stride;
          write(view, ARGS + 8 * k, 'index', start);
          rows.forEach((row, i) => {
            write(view, start + i * BYTES[type], type, row[k]);
          });
        });
        write(view, ARGS + 8 * operands.length, 'index', OUT);
        write(view, ARGS + 8 * operands.length + 8, 'index', count);
      },
      info,
    );
  }

  const NUMBERS: readonly Num[] = ['f32', 'f64', 'i32', 'i64'];
  const isFloat = (elem: Elem): boolean => elem === 'f32' || elem === 'f64';
  const { lanesOf } = engine;
  const vectorLanes = [...new Set([...lanesOf('f32'), ...lanesOf('f64')])].filter((n) => n > 1);

  const UNARY: UnaryOp[] = ['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest', 'not'];
  const BINARY: BinaryOp[] = [
    'add',
    'sub',
    'mul',
    'div',
    'rem',
    'min',
    'max',
    'and',
    'or',
    'xor',
    'mulhu',
  ];
  const PREDICATES: Predicate[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];

  function allowsUnary(fn: UnaryOp, elem: Data): boolean {
    if (fn === 'not') return !isFloat(elem);
    return elem !== 'mask' && (isFloat(elem) || fn === 'neg' || fn === 'abs');
  }

  function allowsBinary(fn: BinaryOp, elem: Data): boolean {
    const bits = fn === 'and' || fn === 'or' || fn === 'xor';
    if (elem === 'mask') return bits;
    if (isFloat(elem)) return !bits && fn !== 'rem' && fn !== 'mulhu';
    return fn !== 'mulhu' || elem === 'i32';
  }

  describe('every instruction does what the interpreter does', () => {
    for (const elem of [...NUMBERS, 'mask'] as const) {
      for (const lanes of lanesOf(elem)) {
        test(`unary, binary, select of ${lanes} ${elem}`, () => {
          for (const fn of UNARY.filter((f) => allowsUnary(f, elem))) {
            sweep(`${fn}.${elem}x${lanes}`, lanes, [elem], (b, [x]) => b.unary(fn, x));
          }
          for (const fn of BINARY.filter((f) => allowsBinary(f, elem))) {
            sweep(`${fn}.${elem}x${lanes}`, lanes, [elem, elem], (b, [x, y]) => b.binary(fn, x, y));
          }
          sweep(`select.${elem}x${lanes}`, lanes, [elem, 'mask', elem], (b, [x, m, y]) =>
            b.select(m, x, y),
          );
        });
      }
    }

    for (const elem of NUMBERS) {
      for (const lanes of lanesOf(elem)) {
        test(`compare, horizontal, extract, splat, bitcast of ${lanes} ${elem}`, () => {
          for (const fn of PREDICATES) {
            sweep(`${fn}.${elem}x${lanes}`, lanes, [elem, elem], (b, [x, y]) =>
              b.compare(fn, x, y),
            );
          }
          const other = { f32: 'i32', i32: 'f32', f64: 'i64', i64: 'f64' } as const;
          sweep(`bitcast.${elem}x${lanes}`, lanes, [elem], (b, [x]) =>
            b.bitcast(isFloat(elem) ? b.unary('abs', x) : x, other[elem]),
          );
          if (lanes === 1) return;
          for (const fn of ['add', 'mul', 'min', 'max'] as const) {
            sweep(`horizontal.${fn}.${elem}x${lanes}`, lanes, [elem, elem], (b, [x, y]) =>
              b.binary('sub', x, b.splat(b.horizontal(fn, y), lanes)),
            );
          }
          for (const half of ['low', 'high'] as const) {
            sweep(`zip.${half}.${elem}x${lanes}`, lanes, [elem, elem], (b, [x, y]) =>
              b.zip(half, x, y),
            );
          }
          for (const part of ['even', 'odd'] as const) {
            sweep(`unzip.${part}.${elem}x${lanes}`, lanes, [elem, elem], (b, [x, y]) =>
              b.unzip(part, x, y),
            );
          }
          for (let lane = 0; lane < lanes; lane++) {
            sweep(`extract${lane}.${elem}x${lanes}`, lanes, [elem], (b, [x]) =>
              b.splat(b.extract(x, lane), lanes),
            );
          }
        });
      }
    }

    for (const from of [...NUMBERS, 'mask'] as const) {
      for (const to of [...NUMBERS, 'mask'] as const) {
        if (from === to) continue;
        test(`convert ${from} to ${to}`, () => {
          for (const lanes of lanesOf(from, to)) {
            sweep(`convert.${from}.${to}x${lanes}`, lanes, [from], (b, [x]) => b.convert(x, to));
          }
        });
      }
    }

    for (const elem of ['f32', 'f64'] as const) {
      test(`min and max of ${elem} with a constant`, () => {
        for (const lanes of lanesOf(elem)) {
          for (const fn of ['min', 'max'] as const) {
            for (const x of [0, -0, 6, Number.NaN, Number.NEGATIVE_INFINITY]) {
              const name = `${fn}.${Object.is(x, -0) ? '-0' : x}.${elem}x${lanes}`;
              sweep(name, lanes, [elem], (b, [y]) =>
                b.binary(fn, y, b.splat(b.const(elem, x), lanes)),
              );
              sweep(`${name}, swapped`, lanes, [elem], (b, [y]) =>
                b.binary(fn, b.splat(b.const(elem, x), lanes), y),
              );
            }
          }
        }
      });
    }

    for (const elem of ['i32', 'i64'] as const) {
      test(`shifts of ${elem} by a register`, () => {
        for (const lanes of lanesOf(elem)) {
          for (const fn of ['shl', 'shr', 'sar'] as const) {
            sweep(`${fn}.${elem}x${lanes}`, lanes, [elem], (b, [x], i) => {
              const low = b.binary('and', b.convert(i, 'i32'), b.const('i32', 31));
              return b.binary(fn, x, low);
            });
          }
        }
      });

      test(`shifts and lanes of ${elem}`, () => {
        for (const lanes of lanesOf(elem)) {
          for (const fn of ['shl', 'shr', 'sar'] as const) {
            for (const count of [0, 1, 13, elem === 'i32' ? 31 : 63]) {
              sweep(`${fn}${count}.${elem}x${lanes}`, lanes, [elem], (b, [x]) =>
                b.binary(fn, x, b.const('i32', count)),
              );
            }
          }
          if (lanes > 1) {
            sweep(`lanes.${elem}x${lanes}`, lanes, [elem], (b, [x]) =>
              b.add(x, b.lanes(elem, lanes)),
            );
          }
          for (const divisor of [0, -1, 1, 7]) {
            for (const fn of ['div', 'rem'] as const) {
              sweep(`${fn}${divisor}.${elem}x${lanes}`, lanes, [elem], (b, [x]) =>
                b.binary(
                  fn,
                  x,
                  b.splat(b.const(elem, elem === 'i64' ? BigInt(divisor) : divisor), lanes),
                ),
              );
            }
          }
        }
      });
    }

    test('masks: extract, splat, splat loads', () => {
      for (const lanes of vectorLanes) {
        sweep(`mask.extract.x${lanes}`, lanes, ['mask'], (b, [m]) =>
          b.binary('xor', m, b.splat(b.extract(m, 1), lanes)),
        );
        for (const elem of [...NUMBERS, 'mask'] as const) {
          if (!lanesOf(elem).includes(lanes)) continue;
          sweep(`load.splat.${elem}x${lanes}`, lanes, [], (b, _, i) => {
            // Any address will do: that of the outputs, before they are written.
            const start = b.param('start', 'ptr');
            return b.load(memOf(elem), lanes, at(start, BYTES[elem], i, 1), { splat: true });
          });
        }
      }
    });

    for (const info of engine.infos) {
      test(`fma, ${info.isa}`, () => {
        for (const elem of ['f32', 'f64'] as const) {
          for (const lanes of lanesOf(elem)) {
            sweep(
              `fma.${elem}x${lanes}`,
              lanes,
              [elem, elem, elem],
              (b, [x, y, z]) => b.fma(x, y, z),
              info,
            );
            sweep(
              `fma.inexact.${elem}x${lanes}`,
              lanes,
              [elem, elem],
              (b, [x, y]) => {
                const tenth = b.splat(b.const(elem, 0.1), lanes);
                return b.fma(b.add(x, tenth), b.mul(y, tenth), b.mul(b.unary('neg', x), y));
              },
              info,
            );
          }
        }
      });
    }
  });

  describe.runIf(usual.masks)('masks of lanes', () => {
    /** The first byte that no process may touch. */
    const NOWHERE = 4096;
    const INPUT = OUT + 2048;

    for (const elem of NUMBERS) {
      for (const lanes of lanesOf(elem).filter((n) => n > 1)) {
        const [mem, bytes] = [memOf(elem), BYTES[elem]];

        test(`${lanes} ${elem} are streamed and read again`, () => {
          const b = new KernelBuilder(`streamed.${elem}x${lanes}`);
          const [input, out] = [b.param('in', 'ptr'), b.param('out', 'ptr')];
          const n = b.param('n', 'index');
          const step = lanes * bytes;
          b.loop(0, n, 1, [], (i) => {
            const value = b.load(mem, lanes, at(input, bytes, i, bytes as 4 | 8));
            b.stream(mem, at(out, step, b.mul(i, step), 1), value);
            return [];
          });
          b.store(mem, at(out), b.load(mem, lanes, at(out, 2 * step)));
          runBoth(b.finish(), [[OUT, elem, 6 * lanes]], (view) => {
            write(view, ARGS, 'index', INPUT);
            write(view, ARGS + 8, 'index', OUT);
            write(view, ARGS + 16, 'index', 5);
            for (let i = 0; i < lanes + 6; i++) {
              write(view, INPUT + i * bytes, elem, VALUES[elem][(i + 1) % 8]);
            }
          });
        });
      }
    }

    for (const elem of [...NUMBERS, 'mask'] as const) {
      for (const lanes of lanesOf(elem).filter((n) => n > 1)) {
        const [mem, bytes] = [memOf(elem), BYTES[elem]];

        test(`loads and stores of ${lanes} ${elem} touch only their lanes`, () => {
          for (const count of [-1, 0, 1, 2, lanes - 1, lanes, lanes + 9]) {
            const b = new KernelBuilder(`masked.${elem}x${lanes}, ${count}`);
            const [input, out] = [b.param('in', 'ptr'), b.param('out', 'ptr')];
            const n = b.param('n', 'index');
            const below = b.edge(n, lanes);
            // Not the first lanes alone; lane 0 too.
            const some = b.load('u8', lanes, at(input, 1024));
            const all = b.load(mem, lanes, at(input));
            const stores = [
              [b.load(mem, lanes, at(input), { mask: below }), undefined],
              [b.load(mem, lanes, at(input, bytes), { mask: some }), undefined],
              [all, below],
              [all, some],
              [b.load(mem, lanes, at(input), { mask: below }), some],
            ] as const;
            stores.forEach(([value, mask], i) => {
              b.store(mem, at(out, 128 * i), value, mask);
            });
            if (elem !== 'mask') {
              const one = b.load(mem, lanes, at(input, bytes), { splat: true, mask: below });
              b.store(mem, at(out, 128 * stores.length), one);
            }
            const outs = stores.map((_, i) => [OUT + 128 * i, elem, lanes] as const);
            runBoth(b.finish(), [...outs, [OUT + 128 * stores.length, elem, lanes]], (view) => {
              write(view, ARGS, 'index', INPUT);
              write(view, ARGS + 8, 'index', OUT);
              write(view, ARGS + 16, 'index', count);
              for (let i = 0; i < 2 * lanes; i++) {
                write(view, INPUT + i * bytes, elem, VALUES[elem][(i + 1) % 8]);
                view.setUint8(INPUT + 1024 + i, (i * 5 + 1) & 2);
              }
            });
          }
        });

        test(`${lanes} ${elem} that no mask allows may lie nowhere`, () => {
          const b = new KernelBuilder(`nowhere.${elem}x${lanes}`);
          const out = b.param('out', 'ptr');
          const where = b.param('where', 'index');
          const none = b.edge(b.param('none', 'index'), lanes);
          const value = b.load(mem, lanes, at(where), { mask: none });
          b.store(mem, at(out), value);
          b.store(mem, at(where), value, none);
          if (elem !== 'mask') {
            b.store(mem, at(out), b.load(mem, lanes, at(where), { splat: true, mask: none }));
          }
          runBoth(b.finish(), [[OUT, elem, lanes]], (view) => {
            write(view, ARGS, 'index', OUT);
            write(view, ARGS + 8, 'index', NOWHERE);
            write(view, ARGS + 16, 'index', 0);
          });
        });
      }
    }
  });

  /** Writes the values of `make` as consecutive i32; arguments are the pointer, then `args`. */
  function outputs(
    make: (b: KernelBuilder, out: Reg, args: Reg[]) => void,
    count: number,
    args: readonly number[] = [],
  ): number[] {
    const b = new KernelBuilder('structure');
    const out = b.param('out', 'ptr');
    const params = args.map((_, i) => b.param(`n${i}`, 'index'));
    make(b, out, params);
    const view = runBoth(b.finish(), [[OUT, 'i32', count]], (v) => {
      [OUT, ...args].forEach((x, i) => {
        write(v, ARGS + 8 * i, 'index', x);
      });
    });
    return Array.from({ length: count }, (_, i) => view.getInt32(OUT + 4 * i, true));
  }

  describe('control', () => {
    const UNTOUCHED = 0x5a5a5a5a;
    const i32 = (b: KernelBuilder, x: number): Reg => b.const('i32', x);
    const give = (b: KernelBuilder, out: Reg, regs: readonly Reg[]): void =>
      regs.forEach((reg, k) => {
        b.store('i32', at(out, 4 * k), reg);
      });

    for (const turns of [0, 1, 2, 5]) {
      test(`carried values that swap, ${turns} turns`, () => {
        const got = outputs(
          (b, out, [n]) => {
            const init = [i32(b, 1), i32(b, 2), i32(b, 3)];
            give(
              b,
              out,
              b.loop(0, n, 1, init, (_, [x, y, z]) => [y, z, x]),
            );
          },
          3,
          [turns],
        );
        expect(got).toEqual([0, 1, 2].map((k) => ((k + turns) % 3) + 1));
      });

      test(`carried vectors that swap, ${turns} turns`, () => {
        for (const lanes of lanesOf('f32')) {
          const b = new KernelBuilder(`rotate.x${lanes}`);
          const [out, n] = [b.param('out', 'ptr'), b.param('n', 'index')];
          const init = [1, 2, 3, 4].map((x) => b.splat(b.const('f32', x), lanes));
          // Two circles.
          const end = b.loop(0, n, 1, init, (_, [x, y, z, w]) => [y, x, w, z]);
          const rounds = b.loop(0, n, 1, end, (_, [x, y, z, w]) => [y, z, w, x]);
          for (const [i, x] of rounds.entries()) b.store('f32', at(out, 64 * i), x);
          runBoth(
            b.finish(),
            [0, 1, 2, 3].map((i) => [OUT + 64 * i, 'f32', lanes] as const),
            (view) => {
              write(view, ARGS, 'index', OUT);
              write(view, ARGS + 8, 'index', turns);
            },
          );
        }
      });

      test(`fibonacci, ${turns} turns`, () => {
        const got = outputs(
          (b, out, [n]) => {
            const [x, y] = b.loop(0, n, 1, [i32(b, 0), i32(b, 1)], (_, [p, q]) => [q, b.add(p, q)]);
            give(b, out, [x, y]);
          },
          2,
          [turns],
        );
        const fib = [0, 1, 1, 2, 3, 5, 8];
        expect(got).toEqual([fib[turns], fib[turns + 1]]);
      });

      test(`nested loops that carry one sum, ${turns} turns`, () => {
        const [got] = outputs(
          (b, out, [n, m]) => {
            const sum = b.loop(0, n, 1, [i32(b, 0)], (i, [outer]) =>
              b.loop(i, m, 2, [outer], (j, [inner]) => [
                b.add(inner, b.convert(b.add(b.mul(i, 10), j), 'i32')),
              ]),
            );
            give(b, out, sum);
          },
          1,
          [turns, 4],
        );
        let want = 0;
        for (let i = 0; i < turns; i++) for (let j = i; j < 4; j += 2) want += 10 * i + j;
        expect(got).toBe(want);
      });
    }

    test('an initial value, a carried value and a next value that live on', () => {
      const got = outputs(
        (b, out, [n]) => {
          const first = b.convert(n, 'i32');
          const [x, last] = b.loop(0, n, 1, [first, first], (_, [p, q]) => {
            const next = b.add(p, 3);
            return [next, b.add(b.mul(next, p), q)];
          });
          give(b, out, [x, last, first, b.add(first, x)]);
        },
        4,
        [3],
      );
      expect(got).toEqual([12, 3 + 18 + 54 + 108, 3, 15]);
    });

    test('an index that is carried, and a bound used inside', () => {
      const got = outputs(
        (b, out, [n]) => {
          const [prev, sum] = b.loop(0, n, 1, [b.index(-1), b.index(0)], (i, [p, s]) => [
            i,
            b.add(s, b.mul(p, n)),
          ]);
          give(b, out, [b.convert(prev, 'i32'), b.convert(sum, 'i32')]);
        },
        2,
        [4],
      );
      expect(got).toEqual([3, 4 * (-1 + 0 + 1 + 2)]);
    });

    test('constant bounds, no turns', () => {
      const got = outputs((b, out) => {
        give(
          b,
          out,
          b.loop(5, 5, 1, [i32(b, 9)], (_, [x]) => [b.add(x, 1)]),
        );
      }, 1);
      expect(got).toEqual([9]);
    });

    for (const taken of [0, 1]) {
      test(`a branch with results, nested, swapping: ${taken}`, () => {
        const got = outputs(
          (b, out, [n, x, y]) => {
            const cond = b.convert(n, 'mask');
            const [p, q] = [b.convert(x, 'i32'), b.convert(y, 'i32')];
            const sums = b.loop(0, 3, 1, [p, q], (i, [s, t]) =>
              b.if(
                cond,
                () => [t, s],
                () =>
                  b.if(
                    b.compare('gt', i, b.index(0)),
                    () => [b.add(s, t), t],
                    () => [s, b.sub(t, s)],
                  ),
              ),
            );
            b.if(cond, () => {
              give(b, at(out, 8).base, [i32(b, 1)]);
              return [];
            });
            b.store('i32', at(out, 4), sums[0]);
            b.store('i32', at(out, 8), sums[1]);
          },
          3,
          [taken, 5, 7],
        );
        expect(got).toEqual(taken ? [1, 7, 5] : [UNTOUCHED, 9, 2]);
      });
    }

    test('a load stays before the store that follows it', () => {
      const got = outputs((b, out) => {
        b.store('i32', at(out), i32(b, 1));
        const before = b.load('i32', 1, at(out));
        b.store('i32', at(out), i32(b, 2));
        const after = b.load('i32', 1, at(out));
        b.store('i32', at(out, 4), b.add(b.mul(before, 10), after));
      }, 2);
      expect(got).toEqual([2, 12]);
    });

    test('a load stays before the loop and the branch that write', () => {
      const got = outputs(
        (b, out, [n]) => {
          b.store('i32', at(out), i32(b, 1));
          const before = b.load('i32', 1, at(out));
          b.loop(0, n, 1, [], () => {
            b.store('i32', at(out), i32(b, 2));
            return [];
          });
          b.store('i32', at(out, 4), before);
          const again = b.load('i32', 1, at(out));
          b.if(b.convert(n, 'mask'), () => {
            b.store('i32', at(out), i32(b, 3));
            return [];
          });
          b.store('i32', at(out, 8), again);
        },
        3,
        [1],
      );
      expect(got).toEqual([3, 1, 2]);
    });

    test('the first fault wins', () => {
      const b = new KernelBuilder('fault');
      const n = b.param('n', 'index');
      b.loop(0, n, 1, [], (i) => {
        b.fault(b.compare('gt', i, b.index(3)), b.convert(i, 'i32'));
        return [];
      });
      const kernel = b.finish();
      for (const [turns, word] of [
        [4, 0],
        [9, 5],
      ]) {
        const view = runBoth(kernel, [], (v) => write(v, ARGS, 'index', turns));
        expect(view.getInt32(FAULT, true)).toBe(word);
      }
    });

    test('index arithmetic, negative offsets', () => {
      const got = outputs(
        (b, out, [n, m]) => {
          const values = (['add', 'sub', 'mul', 'min', 'max'] as const).map((fn) =>
            b.convert(b.binary(fn, n, m), 'i32'),
          );
          values.forEach((reg, k) => {
            b.store('i32', at(b.add(out, 400), 4 * k - 400), reg);
          });
        },
        5,
        [-3, 5],
      );
      expect(got).toEqual([2, -8, -15, -3, 5]);
    });

    test('tiles: each one of the call runs once', () => {
      const b = new KernelBuilder('tiles');
      const out = b.param('out', 'ptr');
      const scale = b.param('scale', 'index');
      b.tiles((tile) => {
        const value = b.add(b.add(b.mul(tile, scale), b.thread()), 1);
        b.store('i32', at(out, 0, tile, 4), b.convert(value, 'i32'));
      });
      const fill = (view: DataView): void => {
        write(view, ARGS, 'index', OUT);
        write(view, ARGS + 8, 'index', 7);
      };
      const view = runBoth(b.finish(), [[OUT, 'i32', 5]], fill, usual, 5);
      const got = [0, 1, 2, 3, 4].map((i) => view.getInt32(OUT + 4 * i, true));
      expect(got).toEqual([1, 8, 15, 22, 29]);
    });

    test('random programs agree', () => {
      let state = 12345;
      const random = (below: number): number => {
        state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
        return (state >>> 8) % below;
      };
      for (let round = 0; round < 300; round++) {
        outputs(
          (b, out, params) => {
            const pool = params.map((p) => b.convert(p, 'i32'));
            const pick = (from: readonly Reg[]): Reg => from[random(from.length)];
            const step = (from: readonly Reg[], depth: number): Reg[] => {
              const known = [...from];
              for (let k = random(4) + 1; k > 0; k--) {
                const kind = random(depth > 2 ? 4 : 7);
                const inits = [pick(known), pick(known), pick(known)];
                if (kind < 3) {
                  const fn = (['add', 'sub', 'mul', 'xor', 'min', 'div'] as const)[random(6)];
                  known.push(b.binary(fn, pick(known), pick(known)));
                } else if (kind === 3) {
                  const slot = at(out, 4 * random(8));
                  if (random(2) === 0) b.store('i32', slot, pick(known));
                  else known.push(b.load('i32', 1, slot));
                } else if (kind < 6) {
                  known.push(
                    ...b.loop(random(2), random(2) === 0 ? params[1] : 3, 1, inits, (i, regs) => {
                      const inner = step([...known, ...regs, b.convert(i, 'i32')], depth + 1);
                      return regs.map(() => pick(inner.slice(-6)));
                    }),
                  );
                } else {
                  const cond = b.compare('lt', pick(known), pick(known));
                  const branch = (): Reg[] => {
                    const inner = step(known, depth + 1);
                    return [pick(inner), pick(inner)];
                  };
                  known.push(...b.if(cond, branch, branch));
                }
              }
              return known;
            };
            step(pool, 0)
              .slice(-8)
              .forEach((reg, k) => {
                b.store('i32', at(out, 32 + 4 * k), reg);
              });
          },
          16,
          [random(5), random(4), random(100)],
        );
      }
    });
  });
}
