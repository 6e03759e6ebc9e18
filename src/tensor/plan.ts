/**
 * Plans: all that depends on an op's signature alone, found again by three pointer compares.
 */
import { bytesOf, DeviceError, isFloat, type Spec, specOf } from '../base/index.ts';
import { type Attrs, graphOf, inferAll, type OpDef } from '../ir/index.ts';
import { type Device, type Executable, getDevice } from '../runtime/device.ts';

/** All that is known of an op on operands of given specs. */
export class Plan {
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
  /** A composite of views, which has no kernel either. */
  readonly views: boolean;
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
    this.views = op.views === true;
    this.saves = op.saves ?? 0;
  }
}

export const SLOTS = 4096;
const EMPTY = { op: null } as unknown as Plan;
/** Direct-mapped: a signature has one place; a clash falls back to the map. */
export const cache: Plan[] = new Array(SLOTS).fill(EMPTY);
const plans = new Map<string, Plan>();
const MAX_PLANS = 1 << 14;

export function lookup(
  op: OpDef,
  a: Spec,
  b: Spec | null,
  attrs: Attrs | null,
  slot: number,
): Plan {
  const specs = b === null ? [a] : [a, b];
  const plan = planFor(op, specs, attrs);
  cache[slot] = plan;
  return plan;
}

export function planFor(op: OpDef, specs: readonly Spec[], attrs: Attrs | null): Plan {
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
  // In bytes from the operand; negative where a reversed view is cut. null: no view.
  let offset: number | null = null;
  let executable: Executable | null = null;
  const [a = null, b = null] = specs;
  if (op.lower?.kind === 'view' && a !== null) {
    const v = op.lower.view(a, attrs);
    if (v !== null) {
      outs = [specOf(types[0].dtype, v.shape, v.strides, name)];
      offset = v.offset * bytesOf(a.dtype);
    }
  }
  if (offset === null && op.views !== true) {
    const graph = graphOf(op, specs, attrs, name);
    executable = device.compile(graph, specs);
  }
  return new Plan(op, a, b, attrs, outs, device, offset ?? 0, executable);
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
