/** The lines of a recorded function run eagerly on the tensors themselves, and everything put back. */
import {
  type Attrs,
  type Interpreter,
  interpreter,
  type OpDef,
  type Operand,
  type Value,
  withInterpreter,
} from '../ir/index.ts';
import type { Storage } from '../runtime/device.ts';
import {
  getRandomState,
  gradMode,
  LEAF,
  setGradMode,
  setRandomState,
  setUndoing,
  Tensor,
} from '../tensor/index.ts';
import { ownerTensor } from './bindings.ts';
import { compileEnabled, setCompileEnabled } from './enabled.ts';
import { type Flat, flatten } from './tree.ts';
import type { Trial } from './trial.ts';

/** What a tensor was before the lines ran. */
interface Kept {
  readonly storage: Storage;
  readonly offset: number;
  readonly shared: boolean;
  readonly version: number;
  readonly gradient: Tensor | null;
}

/** What the lines did, while it is there to look at. */
export interface Lines {
  readonly result: Flat;
  /** How many random calls they made. */
  readonly draws: number;
  /** Cells that they wrote, and the values before. */
  readonly cells: readonly { readonly cell: Tensor; readonly before: Tensor }[];
  /** Tensors whose gradient they changed. */
  readonly gradients: readonly Tensor[];
}

/**
 * Runs the lines of `fn`, whose recording is `trial`, and gives what `look` makes of it, or of the
 * error that they throw. Values of cells, gradients, random state and the plain state of optimisers
 * are put back.
 */
export function runLines<T>(
  fn: (...args: never[]) => unknown,
  inputs: readonly unknown[],
  trial: Trial,
  look: (lines: Lines | { readonly error: unknown }) => T,
): T {
  const keeper = new Keeper();
  const { sources, targets, gradientEnds } = trial.recorded;
  for (const t of trial.args) keeper.keep(t);
  for (const s of [...sources, ...targets, ...gradientEnds]) {
    if ('of' in s) keeper.keep(ownerTensor(s.of, trial.args));
    else if (s.kind === 'captured') keeper.keep(s.tensor);
    else if (s.kind === 'cell') keeper.keep(s.cell);
  }
  const [random, enabled, mode] = [getRandomState(), compileEnabled(), gradMode()];
  const undo: (() => void)[] = [];
  const undoBefore = setUndoing(undo);
  // A compiled function within is lines too.
  setCompileEnabled(false);
  try {
    let lines: Lines | { readonly error: unknown };
    try {
      const given = withInterpreter(keeper, () => fn(...(inputs as never[])));
      const result = flatten('the result', given, (i) => `[${i}]`);
      const draws = Number(getRandomState().counter - random.counter);
      lines = { result, draws, ...keeper.changes() };
    } catch (error) {
      lines = { error };
    }
    setGradMode(mode);
    return look(lines);
  } finally {
    setUndoing(undoBefore);
    for (const back of undo.reverse()) back();
    setCompileEnabled(enabled);
    setGradMode(mode);
    setRandomState(random);
    keeper.restore();
  }
}

/** The interpreter before it, which remembers cells and leaves as they were when it meets them. */
class Keeper implements Interpreter {
  private readonly under = interpreter();
  private readonly kept = new Map<Tensor, Kept>();

  /** Nothing is written into its memory from now on, and no `dispose` frees that. */
  keep(t: Tensor): void {
    if (this.kept.has(t)) return;
    const { storage, offset } = t;
    const { shared, version } = storage;
    const gradient = t.storedGradient();
    this.kept.set(t, { storage, offset, shared, version, gradient });
    storage.shared = true;
    if (gradient instanceof Tensor) this.keep(gradient);
  }

  private meet(x: Operand): void {
    if (x instanceof Tensor && (x.cell || x.node?.op === LEAF)) this.keep(x);
  }

  apply1(op: OpDef, a: Value, attrs: Attrs | null): Value {
    this.meet(a);
    return this.under.apply1(op, a, attrs);
  }

  apply2(op: OpDef, a: Operand, b: Operand, attrs: Attrs | null): Value {
    this.meet(a);
    this.meet(b);
    return this.under.apply2(op, a, b, attrs);
  }

  apply(op: OpDef, inputs: readonly Operand[], attrs: Attrs | null): readonly Value[] {
    for (const x of inputs) this.meet(x);
    return this.under.apply(op, inputs, attrs);
  }

  update(op: OpDef, inputs: readonly Operand[], attrs: Attrs | null, cells: readonly Value[]) {
    for (const x of [...inputs, ...cells]) this.meet(x as Operand);
    this.under.update(op, inputs, attrs, cells);
  }

  changes(): Pick<Lines, 'cells' | 'gradients'> {
    const all = [...this.kept];
    return {
      cells: all
        .filter(([t, { storage }]) => t.cell && t.storage !== storage)
        .map(([cell, { storage, offset }]) => ({
          cell,
          before: new Tensor(storage, offset, cell.spec, null),
        })),
      gradients: all.filter(([t, k]) => t.storedGradient() !== k.gradient).map(([t]) => t),
    };
  }

  restore(): void {
    for (const [t, { storage, offset, shared, version, gradient }] of [...this.kept].reverse()) {
      t.storage = storage;
      t.offset = offset;
      t.storeGradient(gradient);
      storage.shared = shared;
      storage.version = version;
    }
  }
}
