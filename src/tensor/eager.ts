/**
 * The eager interpreter: a plan for each signature, one call to run it, a tape node if a gradient
 * is wanted. Everything that depends on shapes, dtypes and attributes alone is in the plan.
 */
import { bytesOf, isFloat, sameShape } from '../base/index.ts';
import {
  type Attrs,
  attrs as attrsOf,
  CAST,
  type Interpreter,
  type OpDef,
  type Operand,
  SAVE,
  setInterpreter,
  type Value,
} from '../ir/index.ts';
import type { Executable } from '../runtime/device.ts';
import { anomalyLine, checkAnomaly } from './anomaly.ts';
import { gradMode, setGradMode } from './grad-mode.ts';
import { Node, nextSequence } from './node.ts';
import { checkedSpec, specOfOperand, weakSpec } from './operands.ts';
import { cache, lookup, type Plan, planFor, SLOTS } from './plan.ts';
import { track } from './scope.ts';
import { recordNode } from './tape.ts';
import { Tensor } from './tensor.ts';

class Eager implements Interpreter {
  apply1(op: OpDef, x: Value, attrs: Attrs | null): Value {
    const a = x as Tensor;
    const sa = a?.spec ?? checkedSpec(op, x, 0);
    const slot =
      (op.id * 1031 + sa.id * 37 + (attrs === null ? 0 : attrs.attrId * 7)) & (SLOTS - 1);
    let plan = cache[slot];
    if (plan.op !== op || plan.a !== sa || plan.b !== null || plan.attrs !== attrs) {
      plan = lookup(op, sa, null, attrs, slot);
    }
    const recording = plan.differentiable && a.node !== null && gradMode();
    if (recording && plan.inline) return this.inline(op, [a], attrs)[0];
    let out: Tensor;
    if (plan.executable === null) {
      a.storage.shared = true;
      out = new Tensor(a.storage, a.offset + plan.viewOffset, plan.out, null);
    } else {
      const storage = plan.device.allocate(plan.bytes);
      track(storage);
      out = new Tensor(storage, 0, plan.out, null);
      plan.executable.run(out, a, null, Number.NaN, Number.NaN);
    }
    if (recording) {
      const s = plan.saves;
      out.node = new Node(
        op,
        nextSequence(),
        attrs,
        a.node,
        null,
        (s & SAVE.in0) !== 0 ? a : null,
        null,
        (s & SAVE.out0) !== 0 ? out : null,
        sa,
        null,
        a.storage.version,
        0,
        0,
      );
      anomalyLine(out.node);
    }
    checkAnomaly(op, out);
    return out;
  }

  apply2(op: OpDef, x: Operand, y: Operand, attrs: Attrs | null): Value {
    const a = typeof x === 'number' ? null : (x as Tensor);
    const b = typeof y === 'number' ? null : (y as Tensor);
    const sa = typeof x === 'number' ? weakSpec(op, x, b) : (a?.spec ?? checkedSpec(op, x, 0));
    const sb = typeof y === 'number' ? weakSpec(op, y, a) : (b?.spec ?? checkedSpec(op, y, 1));
    const slot =
      (op.id * 1031 + sa.id * 37 + sb.id * 101 + (attrs === null ? 0 : attrs.attrId * 7)) &
      (SLOTS - 1);
    let plan = cache[slot];
    if (plan.op !== op || plan.a !== sa || plan.b !== sb || plan.attrs !== attrs) {
      plan = lookup(op, sa, sb, attrs, slot);
    }
    const na = a === null ? null : a.node;
    const nb = b === null ? null : b.node;
    const recording = plan.differentiable && (na !== null || nb !== null) && gradMode();
    if (recording && plan.inline) return this.inline(op, [x, y], attrs)[0];
    const storage = plan.device.allocate(plan.bytes);
    track(storage);
    const out = new Tensor(storage, 0, plan.out, null);
    const exe = plan.executable as Executable;
    exe.run(
      out,
      a,
      b,
      a === null ? (x as number) : Number.NaN,
      b === null ? (y as number) : Number.NaN,
    );
    if (recording) {
      const s = plan.saves;
      out.node = new Node(
        op,
        nextSequence(),
        attrs,
        na,
        nb,
        (s & SAVE.in0) !== 0 ? x : null,
        (s & SAVE.in1) !== 0 ? y : null,
        (s & SAVE.out0) !== 0 ? out : null,
        sa,
        sb,
        a === null ? 0 : a.storage.version,
        b === null ? 0 : b.storage.version,
        0,
      );
      anomalyLine(out.node);
    }
    checkAnomaly(op, out);
    return out;
  }

  apply(op: OpDef, inputs: readonly Operand[], attrs: Attrs | null): readonly Value[] {
    const plan = this.planOf(op, inputs, attrs);
    const recording =
      plan.differentiable &&
      gradMode() &&
      inputs.some((x) => x instanceof Tensor && x.node !== null);
    if (recording && plan.inline) return this.inline(op, inputs, attrs);
    if (plan.views) return this.views(op, inputs, attrs, recording ? plan : null);
    if (plan.executable === null) return [this.apply1(op, inputs[0] as Value, attrs)];
    const outs = plan.outs.map((s) => {
      const storage = plan.device.allocate(s.numel * bytesOf(s.dtype));
      track(storage);
      return new Tensor(storage, 0, s, null);
    });
    plan.executable.runAll(outs, inputs as (Tensor | number)[]);
    if (recording) recordNode(op, inputs, attrs, outs);
    for (const out of outs) checkAnomaly(op, out);
    return outs;
  }

  update(
    op: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    cells: readonly Value[],
  ): void {
    const plan = this.planOf(op, inputs, attrs);
    const targets = cells as readonly Tensor[];
    if (plan.executable === null || !canWrite(plan, plan.executable, inputs, targets)) {
      const values = this.apply(op, inputs, attrs) as readonly Tensor[];
      // Fresh and dense, unless the op is a view.
      targets.forEach((c, i) => {
        const fits = plan.executable !== null && values[i].dtype === c.dtype;
        const value = fits
          ? values[i]
          : (this.apply1(CAST, values[i], attrsOf({ dtype: c.dtype })) as Tensor);
        c.replaceStorage(value.storage);
      });
      return;
    }
    // Whoever aliases a shared cell keeps the old values: the cell moves to fresh storage.
    const places = targets.map((c) =>
      c.storage.shared ? new Tensor(plan.device.allocate(c.byteLength), 0, c.spec, null) : c,
    );
    plan.executable.runAll(places, inputs as (Tensor | number)[]);
    places.forEach((p, i) => {
      targets[i].replaceStorage(p.storage);
    });
  }

  private planOf(op: OpDef, inputs: readonly Operand[], attrs: Attrs | null): Plan {
    const floats = inputs.some((x) => x instanceof Tensor && isFloat(x.spec.dtype));
    return planFor(
      op,
      inputs.map((x, i) => specOfOperand(op, x, i, floats)),
      attrs,
    );
  }

  /** The views that a composite consists of, and with a plan to record by one node for them all. */
  private views(
    op: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
    recorded: Plan | null,
  ): readonly Value[] {
    const before = setGradMode(false);
    try {
      const outs = this.inline(op, inputs, attrs) as readonly Tensor[];
      if (recorded !== null) recordNode(op, inputs, attrs, outs);
      return outs;
    } finally {
      setGradMode(before);
    }
  }

  private inline(op: OpDef, inputs: readonly Operand[], attrs: Attrs | null): readonly Value[] {
    const out = op.decompose?.(inputs, attrs) as Value | readonly Value[];
    return Array.isArray(out) ? out : [out as Value];
  }
}

/** Whether the outputs can be written over the cells, some of which are operands too. */
function canWrite(
  plan: Plan,
  executable: Executable,
  inputs: readonly Operand[],
  cells: readonly Tensor[],
): boolean {
  return cells.every((cell, o) => {
    const out = plan.outs[o];
    const fits =
      cell.spec === out || (cell.dtype === out.dtype && sameShape(cell.shape, out.shape));
    if (!fits || !cell.spec.contiguous || cell.offset !== 0) return false;
    return inputs.every((x, i) => {
      if (!(x instanceof Tensor) || x.storage !== cell.storage) return true;
      return executable.inPlace.some(([output, input]) => output === o && input === i);
    });
  });
}

const eager: Interpreter = new Eager();

/** Puts the eager interpreter in the slot; the wiring calls it. */
export function installEager(): void {
  setInterpreter(eager);
}
