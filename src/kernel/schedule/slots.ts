/**
 * A planned kernel's argument slots and its key. Slots: output pointers in order, operand pointers
 * in the graph's order, run-time scalars, then sizes and strides. A pure elementwise kernel
 * therefore has its output in slot 0 and its operands from slot 1 on.
 */
import { bytesOf, type DType } from '../../base/index.ts';
import { registerOf } from '../expression.ts';
import type { MemElem } from '../ir.ts';
import type { Arg, BufferRef } from '../launch.ts';
import type { Expr, Root, Stream } from './expr.ts';
import { type Plan, strideOf } from './plan.ts';

/** What memory holds for a dtype. */
export const memOf = (dtype: DType): MemElem => {
  const elem = registerOf(dtype);
  return elem === 'mask' ? 'u8' : (elem as MemElem);
};

type ScalarElem = 'f32' | 'f64' | 'i32' | 'i64';

/** The argument slots of a planned kernel; the emitter and the launch walk the same list. */
export type Slot =
  | { readonly kind: 'pointer'; readonly stream: Stream }
  | { readonly kind: 'scalar'; readonly input: number; readonly elem: ScalarElem }
  | { readonly kind: 'size'; readonly loop: number }
  /** Turns of the outermost loop in one tile. */
  | { readonly kind: 'turns' }
  /** Elements of all rows, where the last may be shorter. */
  | { readonly kind: 'total' }
  /** Bytes from one turn of the loop to the next; elements for positions. */
  | { readonly kind: 'stride'; readonly stream: Stream; readonly loop: number }
  | { readonly kind: 'gatherSize'; readonly expr: Expr }
  | { readonly kind: 'gatherStride'; readonly expr: Expr };

/**
 * The first slots of a batch: how many parts it has, and how many of them a tile runs. The slots of
 * each part follow, one part after the other.
 */
export const BATCH_SLOTS = ['parts', 'partsOfTile'] as const;

export function slotsOf(plan: Plan): Slot[] {
  const { kernel, streams, exprs, loops, classes } = plan;
  const slots: Slot[] = [];
  const outputs = new Set(kernel.stores.map((s) => s.stream));
  const memory = streams.filter((s) => s.memory !== null);
  for (const stream of outputs) slots.push({ kind: 'pointer', stream });
  for (const stream of memory) if (!outputs.has(stream)) slots.push({ kind: 'pointer', stream });
  for (const e of exprs) {
    if (e.kind === 'scalar') {
      slots.push({ kind: 'scalar', input: e.input, elem: registerOf(e.dtype) as ScalarElem });
    }
  }
  for (let loop = 0; loop < loops.length; loop++) slots.push({ kind: 'size', loop });
  if (plan.tiles !== null) slots.push({ kind: 'turns' });
  if (kernel.total !== undefined) slots.push({ kind: 'total' });
  for (const stream of streams) {
    classes.get(stream)?.forEach((c, loop) => {
      if (c === 'other') slots.push({ kind: 'stride', stream, loop });
    });
  }
  for (const expr of exprs) {
    if (expr.kind === 'gather') {
      slots.push({ kind: 'gatherSize', expr }, { kind: 'gatherStride', expr });
    }
  }
  return slots;
}

/** Bytes of an element; a position counts elements. */
export const bytesOfStream = (s: Stream): number =>
  s.memory === null ? 1 : bytesOf(s.memory.dtype);

/** The arguments of one launch. */
export function argsOfPlan(plan: Plan, bufferOf: (root: Root) => BufferRef): Arg[] {
  return slotsOf(plan).map((slot): Arg => {
    switch (slot.kind) {
      case 'pointer': {
        const { root, offset } = slot.stream.memory as NonNullable<Stream['memory']>;
        return {
          kind: 'pointer',
          buffer: bufferOf(root),
          bytes: offset * bytesOfStream(slot.stream),
        };
      }
      case 'scalar':
        return { kind: 'scalar', input: slot.input, elem: slot.elem };
      case 'size':
        return { kind: 'index', value: plan.loops[slot.loop].size };
      case 'turns':
        return { kind: 'index', value: plan.tiles?.turns ?? 0 };
      case 'total':
        return { kind: 'index', value: plan.kernel.total ?? 0 };
      case 'stride': {
        const elements = strideOf(slot.stream, plan.loops[slot.loop]);
        return { kind: 'index', value: elements * bytesOfStream(slot.stream) };
      }
      case 'gatherSize':
        return { kind: 'index', value: (slot.expr as Gather).size };
      case 'gatherStride': {
        const { stride, stream } = slot.expr as Gather;
        return { kind: 'index', value: stride * bytesOfStream(stream) };
      }
    }
  });
}

export type Gather = Extract<Expr, { kind: 'gather' }>;

/** Expressions as text; streams are named by the caller, scalars only by their slots. */
export function textOf(
  exprs: readonly Expr[],
  nameOf: (s: Stream) => string,
): { readonly lines: string; ref(e: Expr | number): string } {
  const number = new Map(exprs.map((e, i) => [e, i]));
  const ref = (e: Expr | number): string => (typeof e === 'number' ? `${e}` : `%${number.get(e)}`);
  const text = (e: Expr): string => {
    switch (e.kind) {
      case 'constant':
        return `${Object.is(e.value, -0) ? '-0' : e.value}`;
      case 'scalar':
        return 'scalar';
      case 'load':
        return `load ${nameOf(e.stream)}`;
      case 'position':
        return `position ${nameOf(e.stream)}`;
      case 'gather':
        return `gather ${nameOf(e.stream)} ${ref(e.index)} ${ref(e.position)}`;
      case 'reduced': {
        const { combine, operand, position } = e.reduction;
        return `${combine} ${ref(operand)}${position === null ? '' : ` ${ref(position)}`}`;
      }
      case 'op': {
        const args = [...e.args, ...(e.position === null ? [] : [e.position])];
        return `${e.fn} ${args.map(ref).join(' ')}`;
      }
    }
  };
  return { lines: exprs.map((e) => `${text(e)}:${e.dtype}`).join(';'), ref };
}

/** What decides the code: equal texts, equal kernels. */
export function keyOf(plan: Plan, isa: string): string {
  const stream = new Map(plan.streams.map((s, i) => [s, i]));
  const { lines, ref } = textOf(plan.exprs, (s) => `${stream.get(s)}`);
  const stores = plan.kernel.stores.map(
    (s) => `${s.place}${s.phase ?? ''} ${stream.get(s.stream)} ${ref(s.value)}`,
  );
  return [
    isa,
    lines,
    stores.join(';'),
    plan.streams
      .map(
        (s) =>
          `${s.memory?.dtype ?? 'at'} ${plan.classes
            .get(s)
            ?.map((c) => c[0])
            .join('')}`,
      )
      .join(';'),
    `${plan.loops.map((l) => (l.inner ? 'i' : 'k')).join('')} v${plan.vector} ` +
      `x${plan.lanes}*${plan.units}/${plan.storeUnits}+${plan.chunked} b${plan.block}${plan.tiles === null ? '' : ' tiles'}` +
      `${plan.kernel.total === undefined ? '' : ' total'}${plan.masked ? ' masked' : ''}` +
      (plan.bypassed.size === 0
        ? ''
        : ` past ${[...plan.bypassed].map((s) => stream.get(s)).join(' ')}`),
  ].join('|');
}
