/**
 * What a recorded function does to cells and gradients. While it runs, a cell that it meets has
 * abstract storage; afterwards every cell is as it was.
 */
import { GraphError, type Spec, sameShape, specOf } from '../base/index.ts';
import type { GraphValue } from '../ir/index.ts';
import type { Storage } from '../runtime/device.ts';
import {
  type AbstractOwner,
  abstractStorage,
  abstractTensor,
  refuseSpent,
  SPENT,
  type Tensor,
} from '../tensor/index.ts';
import { type Guard, type Owner, ownerTensor, type Source } from './bindings.ts';

interface Entry {
  readonly storage: Storage;
  readonly offset: number;
  /** Its tape node, if it requires a gradient. */
  readonly node: Tensor['node'];
  /** Its storage at the start; another one now means that it was written. */
  readonly entered: Storage;
}

interface GradientEntry {
  now: Tensor | null;
  /** Whether the gradient that was there at the call was looked at. */
  read: boolean;
  written: boolean;
  spent: boolean;
}

export class Overlay {
  private readonly cells = new Map<Tensor, Entry>();
  private readonly gradients = new Map<Tensor, GradientEntry>();
  readonly guards: Guard[] = [];
  /** Makes an input of the graph. */
  private readonly input: (source: Source, t: Tensor) => GraphValue;
  private readonly ownerOf: (t: Tensor) => Owner;
  private readonly tracer: AbstractOwner;

  constructor(
    input: (source: Source, t: Tensor) => GraphValue,
    ownerOf: (t: Tensor) => Owner,
    tracer: AbstractOwner,
  ) {
    this.input = input;
    this.ownerOf = ownerOf;
    this.tracer = tracer;
  }

  /** Gives a cell abstract storage, once. */
  enter(cell: Tensor): void {
    if (this.cells.has(cell)) return;
    const { storage, offset, spec } = cell;
    const value = this.input({ kind: 'captured', tensor: cell }, cell);
    const entered = abstractStorage(value, spec, this.tracer);
    entered.version = storage.version;
    this.cells.set(cell, { storage, offset, node: cell.node, entered });
    cell.storage = entered;
    cell.offset = 0;
    this.guards.push(sameCell(cell));
  }

  /** Whether the function has met a cell. */
  has(cell: Tensor): boolean {
    return this.cells.has(cell);
  }

  /** The cells that were met, with the tape nodes that they had. */
  enteredNodes(): (readonly [Tensor, Tensor['node']])[] {
    return [...this.cells].map(([cell, { node }]) => [cell, node] as const);
  }

  isWritten(cell: Tensor): boolean {
    const entry = this.cells.get(cell);
    return entry !== undefined && cell.storage !== entry.entered;
  }

  /** Cells that were given a value, in the order in which they were met. */
  written(): Tensor[] {
    return [...this.cells.keys()].filter((c) => this.isWritten(c));
  }

  // ---- gradients

  gradient(t: Tensor, stored: Tensor | null): Tensor | null {
    let entry = this.gradients.get(t);
    if (entry === undefined) {
      entry = { now: this.found(t, stored), read: true, written: false, spent: false };
      this.gradients.set(t, entry);
    }
    return entry.now;
  }

  /** The gradient that is there when the program is called. */
  private found(t: Tensor, stored: Tensor | null): Tensor | null {
    const of = this.ownerOf(t);
    const there = (args: readonly Tensor[]): Tensor | null =>
      ownerTensor(of, args).storedGradient();
    if (stored === SPENT) return refuseSpent(t);
    if (stored === null) {
      this.guards.push({
        what: 'whether there was a gradient before the call',
        holds: (args) => there(args) === null,
      });
      return null;
    }
    const { dtype, shape } = stored;
    const spec = specOf(dtype, shape, undefined, stored.device);
    this.guards.push({
      what: 'whether there was a gradient before the call',
      holds: (args) => sameType(there(args), spec),
    });
    return abstractTensor(this.input({ kind: 'gradient', of }, stored), spec, this.tracer);
  }

  setGradient(t: Tensor, g: Tensor | null): void {
    const entry = this.gradients.get(t);
    if (entry === undefined) {
      this.ownerOf(t); // throws for what has no gradient of its own
      this.gradients.set(t, { now: g, read: false, written: true, spent: false });
    } else {
      entry.now = g;
      entry.written = true;
      entry.spent = false;
    }
  }

  spend(t: Tensor): void {
    const entry = this.gradients.get(t);
    if (entry !== undefined) entry.spent = true;
  }

  /** Gradients as the function leaves them; `spent` are those that nobody needs any more. */
  gradientEnds(keep: boolean): { of: Owner; grad: Tensor | null; spent: boolean }[] {
    return [...this.gradients]
      .filter(([, e]) => e.written)
      .map(([t, e]) => ({
        of: this.ownerOf(t),
        grad: e.now,
        spent: e.spent && !e.read && !keep,
      }));
  }

  // ---- putting back

  /** Every cell as it was. */
  restore(): void {
    for (const [cell, { storage, offset }] of this.cells) {
      cell.storage = storage;
      cell.offset = offset;
    }
  }

  /** Runs `f`, which reads `uses`, on cells as they were. */
  outside<T>(uses: readonly Tensor[], f: () => T): T {
    const stale = uses.find((c) => this.isWritten(c));
    if (stale !== undefined) {
      throw new GraphError({
        op: 'compile',
        problem: 'this needs the value that a cell has within the recorded function',
        operands: [stale],
        remedy: 'take the first step eagerly, before the compiled one',
      });
    }
    const now = [...this.cells.keys()].map((c) => [c, c.storage, c.offset] as const);
    this.restore();
    try {
      return f();
    } finally {
      for (const [cell, storage, offset] of now) {
        cell.storage = storage;
        cell.offset = offset;
      }
    }
  }
}

/** A cell keeps its type, and whether it wants a gradient. */
function sameCell(cell: Tensor): Guard {
  const { spec, requiresGrad } = cell;
  return {
    what: 'dtype, device or requiresGrad of a parameter or buffer',
    holds: () => cell.spec === spec && cell.requiresGrad === requiresGrad,
  };
}

const sameType = (t: Tensor | null, spec: Spec): boolean =>
  t !== null && t !== SPENT && t.dtype === spec.dtype && sameShape(t.shape, spec.shape);
