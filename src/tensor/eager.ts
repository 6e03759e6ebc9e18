/**
 * The eager interpreter: a plan for each signature, one call to run it, a tape node if a gradient
 * is wanted. Everything that depends on shapes, dtypes and attributes alone is in the plan.
 */
import {
  bytesOf,
  DeviceError,
  DtypeError,
  isFloat,
  type Spec,
  specOf,
  WEAK_FLOAT,
  WEAK_INT,
} from '../base/index.ts';
import {
  type Attrs,
  graphOf,
  type Interpreter,
  inferAll,
  type OpDef,
  type Operand,
  SAVE,
  setInterpreter,
  type Value,
} from '../ir/index.ts';
import { type Device, type Executable, getDevice } from '../runtime/device.ts';
import { anomalyLine, checkAnomaly } from './anomaly.ts';
import { gradMode } from './grad-mode.ts';
import { Node, nextSequence, OUTPUT } from './node.ts';
import { track } from './scope.ts';
import { Tensor } from './tensor.ts';

/** All that is known of an op on operands of given specs. */
class Plan {
  readonly op: OpDef;
  readonly a: Spec | null;
  readonly b: Spec | null;
  readonly attrs: Attrs | null;
  readonly out: Spec;
  readonly outs: readonly Spec[];
  readonly bytes: number;
  readonly device: Device;
  /** A view: no kernel, the result reads the operand's storage from here (in bytes). */
  readonly viewOffset: number;
  readonly executable: Executable | null;
  /** Whether results may carry a gradient. */
  readonly differentiable: boolean;
  /** A composite without a gradient of its own: on the tape it runs op by op. */
  readonly inline: boolean;
  /** Every output element depends only on operand elements at its place: cells can be written. */
  readonly inPlace: boolean;
  readonly saves: number;

  constructor(
    op: OpDef,
    a: Spec | null,
    b: Spec | null,
    attrs: Attrs | null,
    outs: readonly Spec[],
    device: Device,
    viewOffset: number,
    executable: Executable | null,
    inPlace: boolean,
  ) {
    this.op = op;
    this.a = a;
    this.b = b;
    this.attrs = attrs;
    this.out = outs[0];
    this.outs = outs;
    this.bytes = outs[0] === undefined ? 0 : outs[0].numel * bytesOf(outs[0].dtype);
    this.device = device;
    this.viewOffset = viewOffset;
    this.executable = executable;
    this.differentiable = op.differentiable && outs.some((s) => isFloat(s.dtype));
    this.inline = op.gradient === undefined && op.decompose !== undefined;
    this.inPlace = inPlace;
    this.saves = op.saves ?? 0;
  }
}

const SLOTS = 4096;
const EMPTY = { op: null } as unknown as Plan;
/** Direct-mapped: a signature has one place; a clash falls back to the map. */
const cache: Plan[] = new Array(SLOTS).fill(EMPTY);
const plans = new Map<string, Plan>();
const MAX_PLANS = 1 << 14;

function lookup(op: OpDef, a: Spec, b: Spec | null, attrs: Attrs | null, slot: number): Plan {
  const specs = b === null ? [a] : [a, b];
  const plan = planFor(op, specs, attrs);
  cache[slot] = plan;
  return plan;
}

function planFor(op: OpDef, specs: readonly Spec[], attrs: Attrs | null): Plan {
  let key = `${op.id}:${attrs === null ? '' : attrs.attrId}`;
  for (const s of specs) key += `:${s.id}`;
  let plan = plans.get(key);
  if (plan === undefined) {
    plan = makePlan(op, specs, attrs);
    if (plans.size >= MAX_PLANS) plans.clear();
    plans.set(key, plan);
  }
  return plan;
}

function makePlan(op: OpDef, specs: readonly Spec[], attrs: Attrs | null): Plan {
  const name = deviceOf(op, specs, attrs);
  const device = getDevice(name);
  const types = inferAll(op, specs, attrs);
  let outs = types.map((t) => specOf(t.dtype, t.shape, undefined, name));
  let offset = -1;
  let executable: Executable | null = null;
  let inPlace = false;
  const [a = null, b = null] = specs;
  if (op.lower?.kind === 'view' && a !== null) {
    const v = op.lower.view(a, attrs);
    if (v !== null) {
      outs = [specOf(types[0].dtype, v.shape, v.strides, name)];
      offset = v.offset * bytesOf(a.dtype);
    }
  }
  if (offset < 0) {
    const graph = graphOf(op, specs, attrs, name);
    executable = device.compile(graph, specs);
    inPlace = graph.nodes.every((n) => n.def.lower?.kind === 'element');
  }
  return new Plan(op, a, b, attrs, outs, device, offset, executable, inPlace);
}

function deviceOf(op: OpDef, specs: readonly Spec[], attrs: Attrs | null): string {
  let name = (attrs as { device?: string } | null)?.device ?? '';
  for (const s of specs) {
    if (s.weak !== undefined) continue;
    if (name !== '' && s.device !== name) {
      throw new DeviceError({
        op: op.name,
        problem: `operands are on different devices, ${name} and ${s.device}`,
        operands: specs,
        remedy: `move one of them, e.g. with .to('${name}')`,
      });
    }
    name = s.device;
  }
  return name === '' ? 'cpu' : name;
}

const specOfOperand = (x: Operand, floatContext: boolean): Spec =>
  typeof x !== 'number'
    ? checkedSpec(x)
    : floatContext || !Number.isInteger(x)
      ? WEAK_FLOAT
      : WEAK_INT;

function checkedSpec(x: unknown): Spec {
  if (x instanceof Tensor) return x.spec;
  throw new DtypeError({
    op: 'tensor operation',
    problem: `an operand is ${describe(x)}, not a tensor or a number`,
    remedy: 'wrap arrays with tensor(...)',
  });
}

function describe(x: unknown): string {
  if (Array.isArray(x)) return 'an array';
  if (x === null) return 'null';
  if (x instanceof Promise) return 'a Promise (await it first)';
  return typeof x === 'object' ? `a ${(x as object).constructor?.name ?? 'object'}` : `${typeof x}`;
}

class Eager implements Interpreter {
  apply1(op: OpDef, x: Value, attrs: Attrs | null): Value {
    const a = x as Tensor;
    const sa = a?.spec ?? checkedSpec(a);
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
      if (a.cell) a.storage.shared = true;
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
    const sa = typeof x === 'number' ? weakSpec(x, b) : (a?.spec ?? checkedSpec(x));
    const sb = typeof y === 'number' ? weakSpec(y, a) : (b?.spec ?? checkedSpec(y));
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
    if (plan.executable === null) return [this.apply1(op, inputs[0] as Value, attrs)];
    const outs = plan.outs.map((s) => {
      const storage = plan.device.allocate(s.numel * bytesOf(s.dtype));
      track(storage);
      return new Tensor(storage, 0, s, null);
    });
    plan.executable.runAll(outs, inputs as (Tensor | number)[]);
    if (recording) record(op, inputs, attrs, outs, plan);
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
    const fits = targets.every((c, i) => c.spec === plan.outs[i] && c.offset === 0);
    if (!plan.inPlace || !fits || plan.executable === null) {
      const values = this.apply(op, inputs, attrs) as readonly Tensor[];
      targets.forEach((c, i) => {
        c.assign(values[i]);
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
      inputs.map((x) => specOfOperand(x, floats)),
      attrs,
    );
  }

  private inline(op: OpDef, inputs: readonly Operand[], attrs: Attrs | null): readonly Value[] {
    const out = op.decompose?.(inputs, attrs) as Value | readonly Value[];
    return Array.isArray(out) ? out : [out as Value];
  }
}

const weakSpec = (x: number, other: Tensor | null): Spec =>
  (other !== null && isFloat(other.dtype)) || !Number.isInteger(x) ? WEAK_FLOAT : WEAK_INT;

/** The tape node of an op with more than two operands or more than one output. */
function record(
  op: OpDef,
  inputs: readonly Operand[],
  attrs: Attrs | null,
  outs: readonly Tensor[],
  plan: Plan,
): void {
  const s = plan.saves;
  const keep = (i: number): Operand | null => ((s >> Math.min(i, 15)) & 1 ? inputs[i] : null);
  const nodeOf = (x: Operand | undefined) => (x instanceof Tensor ? x.node : null);
  const versionOf = (x: Operand | undefined) => (x instanceof Tensor ? x.storage.version : 0);
  const typeOf = (x: Operand): Spec => specOfOperand(x, true);
  const node = new Node(
    op,
    nextSequence(),
    attrs,
    nodeOf(inputs[0]),
    nodeOf(inputs[1]),
    inputs.length > 0 ? keep(0) : null,
    inputs.length > 1 ? keep(1) : null,
    null,
    typeOf(inputs[0]),
    inputs.length > 1 ? typeOf(inputs[1]) : null,
    versionOf(inputs[0]),
    versionOf(inputs[1]),
    0,
  );
  if (inputs.length > 2) {
    const rest = inputs.slice(2);
    node.edges = rest.map(nodeOf);
    node.saved = rest.map((_, i) => keep(i + 2));
    node.types = rest.map(typeOf);
    node.versions = rest.map(versionOf);
  }
  if (s >> 16 !== 0) {
    node.savedOuts = outs.map((o, i) => ((s >> (16 + i)) & 1 ? o : null));
  }
  anomalyLine(node);
  if (outs.length === 1) {
    outs[0].node = node;
    return;
  }
  node.outSpecs = plan.outs;
  outs.forEach((o, i) => {
    if (!isFloat(o.dtype)) return;
    o.node = new Node(
      OUTPUT,
      nextSequence(),
      null,
      node,
      null,
      null,
      null,
      null,
      o.spec,
      null,
      0,
      0,
      i,
    );
  });
}

const eager: Interpreter = new Eager();

/** Puts the eager interpreter in the slot; the wiring calls it. */
export function installEager(): void {
  setInterpreter(eager);
}
