/**
 * Copies a matrix operand into panels: `width` outer positions (rows of A, columns of B) side by
 * side for every step of the sum, panel after panel, so that a tile reads one stream. Positions
 * past the last repeat the last (or are zero): their sums are never stored.
 */
import { at, type KernelBuilder } from '../builder.ts';
import type { Address, Reg } from '../ir.ts';
import { edgeMasks, type Tile, UNROLL } from './tile.ts';

export interface Panels {
  readonly elem: Tile['elem'];
  readonly bytes: number;
  readonly lanes: number;
  readonly masks: boolean;
  readonly width: number;
  readonly source: Reg;
  /** Bytes between outer positions and between steps; a number if it is the element size. */
  readonly outerStride: Reg | number;
  readonly stepStride: Reg | number;
  /** How many outer positions and steps there are. */
  readonly outer: Reg;
  readonly steps: Reg;
  readonly unrolled: Reg;
  readonly to: Reg;
  /** Bytes from panel to panel. */
  readonly panelBytes: Reg;
  /**
   * Whether a vector may be written where a panel ends: steps narrower than one are then stored as a
   * whole one, and the next step overwrites what that has too much.
   */
  readonly overrun?: boolean;
}

/** Outer positions copied at a time when they are not neighbours in memory. */
const GROUP = 8;

export function packPanels(b: KernelBuilder, p: Panels): void {
  b.loop(0, p.outer, p.width, [p.to], (first, [to]) => {
    const narrow = p.overrun === true && p.width < p.lanes;
    const vectors = p.width % p.lanes === 0 || narrow;
    const unit = p.masks ? vectors : p.width >= p.lanes;
    const dense = unit && p.outerStride === p.bytes;
    const left = b.sub(p.outer, first);
    const turned = vectors && p.stepStride === p.bytes && p.lanes > 1;
    if (dense && p.masks) copyMasked(b, p, first, left, to);
    else if (turned) turn(b, p, first, left, to);
    else if (dense) {
      b.if(
        b.compare('ge', left, b.index(p.width)),
        () => copyDense(b, p, first, to),
        () => interleave(b, p, first, to),
      );
    } else interleave(b, p, first, to);
    return [b.add(to, p.panelBytes)];
  });
}

/** Runs `copy` for every step; it gets the sources' pointers, the target's and a step's offsets. */
function everyStep(
  b: KernelBuilder,
  p: Panels,
  sources: readonly Reg[],
  to: Reg,
  copy: (sources: readonly Reg[], sourceOffset: number, to: Reg, offset: number) => void,
): void {
  const line = p.width * p.bytes;
  const stride = p.stepStride;
  const turn = (steps: number) => (_: Reg, carried: readonly Reg[]) => {
    const target = carried[carried.length - 1];
    let from = carried.slice(0, -1);
    for (let u = 0; u < steps; u++) {
      copy(from, typeof stride === 'number' ? u * stride : 0, target, u * line);
      if (typeof stride !== 'number') from = from.map((s) => b.add(s, stride));
    }
    if (typeof stride === 'number') from = from.map((s) => b.add(s, steps * stride));
    return [...from, b.add(target, steps * line)];
  };
  const middle = b.loop(0, p.unrolled, UNROLL, [...sources, to], turn(UNROLL));
  b.loop(p.unrolled, p.steps, 1, middle, turn(1));
}

function copyDense(b: KernelBuilder, p: Panels, first: Reg, to: Reg): [] {
  const whole = Math.floor(p.width / p.lanes);
  const source = b.add(p.source, b.mul(first, p.bytes));
  everyStep(b, p, [source], to, ([from], sourceOffset, target, offset) => {
    for (let j = 0; j < whole; j++) {
      const o = j * p.lanes * p.bytes;
      b.store(p.elem, at(target, offset + o), b.load(p.elem, p.lanes, at(from, sourceOffset + o)));
    }
    for (let i = whole * p.lanes; i < p.width; i++) {
      const o = i * p.bytes;
      b.store(p.elem, at(target, offset + o), b.load(p.elem, 1, at(from, sourceOffset + o)));
    }
  });
  return [];
}

function copyMasked(b: KernelBuilder, p: Panels, first: Reg, left: Reg, to: Reg): void {
  const source = b.add(p.source, b.mul(first, p.bytes));
  const inside = p.width < p.lanes ? b.min(left, p.width) : left;
  const masks = edgeMasks(b, inside, Math.ceil(p.width / p.lanes), p.lanes);
  everyStep(b, p, [source], to, ([from], sourceOffset, target, offset) => {
    for (const [j, mask] of masks.entries()) {
      const o = j * p.lanes * p.bytes;
      const value = b.load(p.elem, p.lanes, at(from, sourceOffset + o), { mask });
      b.store(p.elem, at(target, offset + o), value);
    }
  });
}

/**
 * Steps lie side by side: squares of lanes x lanes elements are turned in registers, the last steps
 * go one by one. Positions past the last are those of the last; squares outside are left out.
 */
function turn(b: KernelBuilder, p: Panels, first: Reg, left: Reg, to: Reg): void {
  const { lanes, bytes } = p;
  const stride = typeof p.outerStride === 'number' ? b.index(p.outerStride) : p.outerStride;
  const three = b.mul(stride, 3);
  const line = p.width * bytes;
  const last = b.sub(p.outer, 1);
  const range = Array.from({ length: lanes }, (_, i) => i);
  b.loop(0, b.min(left, p.width), lanes, [to], (column, [target]) => {
    const begin = b.add(first, column);
    const rowAt = (i: number): Reg => b.add(p.source, b.mul(b.min(b.add(begin, i), last), stride));
    const squares = (addressOf: (from: Reg, i: number) => Address): readonly Reg[] =>
      b.loop(0, b.sub(p.steps, lanes - 1), lanes, [b.index(0), target], (_, [step, out]) => {
        const from = b.mul(step, bytes);
        const rows = range.map((i) => b.load(p.elem, lanes, addressOf(from, i)));
        for (const [s, row] of b.transpose(rows).entries()) b.store(p.elem, at(out, s * line), row);
        return [b.add(step, lanes), b.add(out, lanes * line)];
      });
    const source = b.add(p.source, b.mul(begin, stride));
    const [done, rest] = b.if(
      b.compare('ge', left, b.add(column, lanes)),
      () =>
        squares((from, i) => {
          // Two strides reach four rows from one base.
          const start = b.add(source, from);
          const base = i < 4 ? start : b.add(start, b.mul(stride, i - (i % 4)));
          if (i % 4 === 0) return at(base);
          return i % 4 === 3 ? at(base, 0, three, 1) : at(base, 0, stride, i % 4 === 1 ? 1 : 2);
        }),
      () => squares((from, i) => at(rowAt(i), 0, from, 1)),
    );
    b.loop(done, p.steps, 1, [rest], (step, [out]) => {
      const offset = b.mul(step, bytes);
      for (const i of range.slice(0, p.width)) {
        b.store(p.elem, at(out, i * bytes), b.load(p.elem, 1, at(rowAt(i), 0, offset, 1)));
      }
      return [b.add(out, line)];
    });
    return [b.add(target, lanes * bytes)];
  });
}

function interleave(b: KernelBuilder, p: Panels, first: Reg, to: Reg): [] {
  const group = largestDivisor(p.width, GROUP);
  const last = b.sub(p.outer, 1);
  const copyGroup = (start: Reg): [] => {
    const begin = b.add(first, start);
    const sources = Array.from({ length: group }, (_, i) =>
      b.add(p.source, b.mul(b.min(b.add(begin, i), last), p.outerStride)),
    );
    everyStep(b, p, sources, b.add(to, b.mul(start, p.bytes)), (from, sourceOffset, t, offset) => {
      for (const [i, source] of from.entries()) {
        const value = b.load(p.elem, 1, at(source, sourceOffset));
        b.store(p.elem, at(t, offset + i * p.bytes), value);
      }
    });
    return [];
  };
  if (group === p.width) return copyGroup(b.index(0));
  b.loop(0, p.width, group, [], copyGroup);
  return [];
}

function largestDivisor(n: number, most: number): number {
  let d = Math.min(n, most);
  while (n % d !== 0) d--;
  return d;
}
