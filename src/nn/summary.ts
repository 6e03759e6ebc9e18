import {
  checkOptions,
  checkShape,
  type DType,
  given,
  type Shape,
  ValueError,
} from '../base/index.ts';
import { noGrad, Tensor, zeros } from '../tensor/index.ts';
import { isBuffer } from './cells.ts';
import { evaluated } from './evaluated.ts';
import type { HookHandle, Module } from './module.ts';
import { heldBy, isModule, modulesBelow } from './walk.ts';

export interface SummaryOptions {
  /** Dtype of the input; 'int32' for modules that take numbers of words, say. Default 'float32'. */
  readonly dtype?: DType;
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly output: string;
  readonly parameters: number;
}

/**
 * A table of a module's layers as text: path, type, output shape and number of parameters, and the
 * numbers of trainable and frozen ones.
 *
 * With `inputShape`, the shape of one example without the batch (`[1, 28, 28]`), `forward` runs once
 * on a batch of one example of zeros, in evaluation, and output shapes are told; without it they are
 * left out. Of a module that runs several times, the last output is told. Parameters that are shared
 * count once, where they come first. Throws ValueError for what is no module, and what `forward`
 * throws.
 *
 * @example
 * console.log(nn.summary(nn.sequential(nn.linear(784, 10), nn.relu()), [784]));
 * // layer  type    output   parameters
 * // 0      Linear  [1, 10]       7,850
 * // 1      ReLU    [1, 10]           0
 * // 7,850 parameters: 7,850 trainable, 0 frozen
 */
export function summary(module: Module, inputShape?: Shape, options: SummaryOptions = {}): string {
  const op = 'nn.summary';
  if (!isModule(module)) {
    throw new ValueError({
      op,
      problem: `the first argument is a module, not ${given(module)}`,
      remedy: 'write nn.summary(net, [1, 28, 28])',
    });
  }
  checkOptions(op, options, ['dtype']);
  const outputs =
    inputShape === undefined
      ? null
      : outputsOf(module, checkShape(inputShape, op), options.dtype ?? 'float32');
  const counted = new Set<Tensor>();
  const rows: Row[] = [];
  for (const { name, value } of modulesBelow(module)) {
    const own = parametersOf(value).filter((t) => !counted.has(t));
    for (const t of own) counted.add(t);
    // The whole is a line of its own only if it is more than its parts.
    if (name === '' && own.length === 0 && value.children().length > 0) continue;
    rows.push({
      path: name === '' ? '(itself)' : name,
      type: value.constructor.name,
      output: outputs === null ? '' : (outputs.get(value) ?? '-'),
      parameters: sizeOf(own),
    });
  }
  const all = [...counted];
  const frozen = sizeOf(all.filter((t) => !t.requiresGrad));
  const total = sizeOf(all);
  const totals = `${show(total)} parameters: ${show(total - frozen)} trainable, ${show(frozen)} frozen`;
  return `${table(rows, outputs !== null)}\n${totals}`;
}

/** The parameters in the module's own fields. */
const parametersOf = (module: Module): Tensor[] =>
  heldBy(module).flatMap(({ value }) =>
    value instanceof Tensor && value.cell && !isBuffer(value) ? [value] : [],
  );

const sizeOf = (list: readonly Tensor[]): number => list.reduce((n, t) => n + t.numel, 0);

const show = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** What each module gave when the whole ran on zeros. */
function outputsOf(module: Module, shape: Shape, dtype: DType): Map<Module, string> {
  const outputs = new Map<Module, string>();
  const handles: HookHandle[] = [];
  try {
    for (const m of module.modules()) {
      handles.push(
        m.registerForwardHook((_, __, output) => {
          outputs.set(m, shapesOf(output));
        }),
      );
    }
    evaluated(module, () =>
      noGrad(() => {
        module.forward(zeros([1, ...shape], { dtype }));
      }),
    );
  } finally {
    for (const handle of handles) handle.remove();
  }
  return outputs;
}

/** `[1, 10]`; of several tensors, each. */
function shapesOf(output: unknown): string {
  if (output instanceof Tensor) return `[${output.shape.join(', ')}]`;
  if (Array.isArray(output)) return output.map(shapesOf).join(' ');
  return '-';
}

function table(rows: readonly Row[], shapes: boolean): string {
  const cells = rows.map((r) => [
    r.path,
    r.type,
    ...(shapes ? [r.output] : []),
    show(r.parameters),
  ]);
  const head = ['layer', 'type', ...(shapes ? ['output'] : []), 'parameters'];
  const widths = head.map((h, i) => Math.max(h.length, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((s, i) => (i === row.length - 1 ? s.padStart(widths[i]) : s.padEnd(widths[i])))
      .join('  ');
  return [head, ...cells].map(line).join('\n');
}
