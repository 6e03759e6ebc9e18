/** out[..., index, ...] += source, element by element in row-major order of the index. */
import { bytesOf } from '../../base/index.ts';
import type { GraphNode } from '../../ir/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import { Expression, registerOf } from '../expression.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Arg, BufferRef, Launch } from '../launch.ts';
import type { Place } from './place.ts';
import { tilesOf } from './plan.ts';
import { memOf } from './slots.ts';

/** An element costs so many times what loading it in a vector does. */
const SCALAR = 16;

interface Dim {
  size: number;
  /** Elements per turn: in the output, the index, the source, and the position in the index. */
  strides: number[];
}

export function scatterLaunch(
  node: GraphNode,
  dim: number,
  out: Place,
  index: Place,
  source: Place,
  info: TargetInfo,
  bufferOf: (p: Place) => BufferRef,
): Launch {
  const { name } = node.def;
  const places = [out, index, source];
  const dims = dimsOf(dim, out, index, source);
  const last = dims[dims.length - 1];
  const classes = dims.map((d) => d.strides.map((s) => (s === 0 ? 'z' : s === 1 ? 'u' : 'o')));
  const flags = last === undefined ? [] : classes[classes.length - 1];
  // A vector adds to one row at a time: lanes never meet.
  const isVector = out.dtype !== 'bool' && flags[0] === 'u' && flags[1] === 'z' && flags[2] !== 'o';
  const lanes = isVector ? info.vectorBytes / bytesOf(out.dtype) : 1;
  const bytes = [...places.map((p) => bytesOf(p.dtype)), 1];
  const args: Arg[] = places.map((p) => ({
    kind: 'pointer',
    buffer: bufferOf(p),
    bytes: p.offset * bytesOf(p.dtype),
  }));
  args.push({ kind: 'index', value: out.shape[dim] });
  args.push({ kind: 'index', value: out.strides[dim] * bytes[0] });
  for (const d of dims) {
    args.push({ kind: 'index', value: d.size });
    d.strides.forEach((s, i) => {
      args.push({ kind: 'index', value: s * bytes[i] });
    });
  }
  // Turns of the outermost loop that write apart may run on different threads.
  const [outermost] = dims;
  const work = dims.reduce((n, d) => n * d.size, SCALAR);
  const apart = outermost !== undefined && outermost.strides[0] !== 0 && info.ordersFaults;
  const tiles = apart && dims.length > 1 ? tilesOf(outermost.size, work, info) : null;
  if (tiles !== null) args.push({ kind: 'index', value: tiles.turns });
  const shape = `${classes.map((c) => c.join('')).join(' ')} x${lanes}${tiles === null ? '' : ' tiles'}`;
  return {
    key: `${info.isa}|scatterAdd ${places.map((p) => p.dtype).join(' ')} ${shape}`,
    args,
    faults: node,
    ...(tiles === null ? {} : { tiles: tiles.count }),
    build: () => emit(name, places, classes, lanes, tiles !== null),
  };
}

/** The index's dimensions, merged where every stride allows. */
function dimsOf(dim: number, out: Place, index: Place, source: Place): Dim[] {
  const dims: Dim[] = [];
  let position = 1;
  const positions = index.shape.map(() => 0);
  for (let d = index.shape.length - 1; d >= 0; d--) {
    // Only the first of the elements that share an index is told of a fault.
    positions[d] = index.strides[d] === 0 ? 0 : position;
    position *= index.shape[d];
  }
  index.shape.forEach((size, d) => {
    if (size === 1) return;
    const strides = [
      d === dim ? 0 : out.strides[d],
      index.strides[d],
      source.strides[d],
      positions[d],
    ];
    const before = dims[dims.length - 1];
    if (before !== undefined && before.strides.every((s, i) => s === strides[i] * size)) {
      before.size *= size;
      before.strides = strides;
    } else dims.push({ size, strides });
  });
  return dims;
}

function emit(
  name: string,
  places: readonly Place[],
  classes: readonly (readonly string[])[],
  lanes: number,
  tiled: boolean,
) {
  const b = new KernelBuilder(name);
  const bases = ['out', 'index', 'source'].map((n) => b.param(n, 'ptr'));
  const size = b.param('size', 'index');
  const stride = b.param('stride', 'index');
  const loops = classes.map((_, d) => ({
    size: b.param(`n${d}`, 'index'),
    strides: ['out', 'index', 'source', 'at'].map((n) => b.param(`${n}.${d}`, 'index')),
  }));
  const turns = tiled ? b.param('turns', 'index') : null;
  const [out, index, source] = places;
  const [outElem, sourceElem] = [memOf(out.dtype), memOf(source.dtype)];
  /** Adds `n` elements at once. */
  const add = (to: Reg, from: Reg, n: number, splat: boolean): void => {
    const dtype = out.dtype;
    const old = { dtype, reg: b.load(outElem, n, at(to)) };
    const one = b.load(sourceElem, splat ? 1 : n, at(from));
    b.store(outElem, at(to), new Expression(b, n, null).add(old, { dtype, reg: one }).reg);
  };
  /** The row that the index at `place` names. */
  const rowAt = (base: Reg, place: Reg, position: Reg): Reg => {
    const elem = registerOf(index.dtype);
    const i = b.load(memOf(index.dtype), 1, at(place));
    const n = b.convert(size, elem);
    const zero = b.const(elem, elem === 'i64' ? 0n : 0);
    const wrapped = b.select(b.compare('lt', i, zero), b.add(i, n), i);
    const outside = b.binary('or', b.compare('lt', wrapped, zero), b.compare('ge', wrapped, n));
    b.fault(outside, b.convert(position, 'i32'));
    const safe = b.convert(b.select(outside, zero, wrapped), 'index');
    return b.add(base, b.mul(safe, stride));
  };
  /** What the outermost loop runs over. */
  let range: { from: Reg | number; to: Reg } = { from: 0, to: loops[0]?.size ?? b.index(1) };
  /** Opens loop `d`; once the index varies no more, its row is looked up. */
  const nest = (d: number, now: readonly Reg[], row: Reg | null): void => {
    const varies = classes.slice(d).some((c) => c[1] !== 'z');
    const known = row ?? (varies ? null : rowAt(now[0], now[1], now[3]));
    const here = known === null ? now : [known, ...now.slice(1)];
    if (d === loops.length) return add(here[0], here[2], 1, false);
    const loop = loops[d];
    const step = (i: Reg): Reg[] => here.map((p, k) => b.add(p, b.mul(i, loop.strides[k])));
    if (lanes === 1 || d < loops.length - 1) {
      const { from, to } = d === 0 ? range : { from: 0, to: loop.size };
      const start = typeof from === 'number' ? here : step(from);
      b.loop(from, to, 1, start, (_, next) => {
        nest(d + 1, next, known === null ? null : next[0]);
        return next.map((pointer, k) => b.add(pointer, loop.strides[k]));
      });
      return;
    }
    const constant = classes[d][2] === 'z';
    const end = b.sub(loop.size, lanes - 1);
    const [from] = b.loop(0, end, lanes, [b.index(0)], (i) => {
      const next = step(i);
      add(next[0], next[2], lanes, constant);
      return [b.add(i, lanes)];
    });
    b.loop(from, loop.size, 1, [], (i) => {
      const next = step(i);
      add(next[0], next[2], 1, false);
      return [];
    });
  };
  const start = [...bases, b.index(0)];
  if (turns === null) nest(0, start, null);
  else {
    const [outermost] = loops;
    b.tiles((tile) => {
      const from = b.mul(tile, turns);
      const to = b.min(b.add(from, turns), outermost.size);
      range = { from, to };
      nest(0, start, null);
    });
  }
  return b.finish();
}
