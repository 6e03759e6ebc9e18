/**
 * Small launches of one kernel as one: a *batch*, whose parts are independent and run side by side.
 *
 * An optimiser updates each parameter by the same kernel. Where a parameter is too small for several
 * threads its update would run on one of them while the others wait; a batch of many such updates
 * (or of copies, sums, norms: of any elementwise kernel or reduction) keeps all busy, and is one launch.
 * Large ones stay alone: they fill all threads by themselves, while what they read is near.
 *
 * A launch moves only backwards, past others that touch none of what it writes and write none of what it
 * reads, so nothing is seen that was not seen before. No element is computed in another way.
 */
import type { TargetInfo } from '../ir.ts';
import type { Arg, Launch } from '../launch.ts';
import { emitBatch } from './emit.ts';
import { type Plan, tilesOf, workOf } from './plan.ts';
import { BATCH_SLOTS } from './slots.ts';

/** So that the arguments of all parts fit into any argument block. */
const MOST_SLOTS = 240;

/** A batch and what it is made of. */
export interface Batched {
  readonly launches: readonly Launch[];
  /** The launches that a batch took the place of. */
  readonly parts: ReadonlyMap<Launch, readonly Launch[]>;
}

interface Open {
  readonly members: Launch[];
  /** How many launches come before it. */
  at: number;
}

/** `plans` has the elementwise kernels and reductions among the launches. */
export function batch(
  launches: readonly Launch[],
  plans: ReadonlyMap<Launch, Plan>,
  info: TargetInfo,
): Batched {
  const touched = new Map(launches.map((l) => [l, buffersOf(l, plans.get(l))]));
  const closed: Open[] = [];
  const open = new Map<string, Open>();
  const close = (key: string, at: number): void => {
    const found = open.get(key) as Open;
    found.at = at;
    closed.push(found);
    open.delete(key);
  };
  launches.forEach((launch, i) => {
    for (const [key, { members }] of open) {
      if (members.some((m) => conflict(touched.get(m), touched.get(launch)))) close(key, i);
    }
    if (!isSmall(launch, plans)) return;
    const found = open.get(launch.key);
    const slots = BATCH_SLOTS.length + launch.args.length * ((found?.members.length ?? 0) + 1);
    if (found !== undefined && slots <= MOST_SLOTS) found.members.push(launch);
    else {
      if (found !== undefined) close(launch.key, i);
      open.set(launch.key, { members: [launch], at: i });
    }
  });
  for (const key of open.keys()) close(key, launches.length);
  const parts = new Map<Launch, readonly Launch[]>();
  const before = launches.map((): Launch[] => []);
  const after: Launch[] = [];
  const taken = new Set<Launch>();
  for (const { members, at } of closed) {
    if (members.length === 1) continue;
    const made = batchOf(members, plans, info);
    parts.set(made, members);
    (before[at] ?? after).push(made);
    for (const m of members) taken.add(m);
  }
  const rest = launches.flatMap((l, i) => [...before[i], ...(taken.has(l) ? [] : [l])]);
  return { launches: [...rest, ...after], parts };
}

/** Whether it is one piece of work, which cannot fail, made anew at each run. */
function isSmall(launch: Launch, plans: ReadonlyMap<Launch, Plan>): boolean {
  const { tiles = 1, faults, kept } = launch;
  return plans.has(launch) && tiles === 1 && faults === undefined && kept === undefined;
}

function batchOf(
  members: readonly Launch[],
  plans: ReadonlyMap<Launch, Plan>,
  info: TargetInfo,
): Launch {
  const [first] = members;
  const plan = plans.get(first) as Plan;
  const work = members.reduce((n, m) => n + workOf(plans.get(m) as Plan), 0);
  const { count, turns } = tilesOf(members.length, work, info) ?? {
    count: 1,
    turns: members.length,
  };
  const index = (value: number): Arg => ({ kind: 'index', value });
  return {
    key: `batch${count === 1 ? '' : ' tiles'}|${first.key}`,
    build: () => emitBatch(plan),
    args: [index(members.length), index(turns), ...members.flatMap((m) => m.args)],
    ...(count === 1 ? {} : { tiles: count }),
  };
}

/** The buffers that a launch reads and those that it writes, by name. */
interface Touched {
  readonly read: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
}

function buffersOf({ args }: Launch, plan: Plan | undefined): Touched {
  const read = new Set<string>();
  const written = new Set<string>();
  // An elementwise kernel's outputs come first; what others write is not told: anything but inputs.
  let outputs = plan === undefined ? 0 : new Set(plan.kernel.stores.map((s) => s.stream)).size;
  for (const arg of args) {
    if (arg.kind !== 'pointer') continue;
    const { kind, index } = arg.buffer;
    const writes = plan === undefined ? kind !== 'input' : outputs-- > 0;
    (writes ? written : read).add(`${kind} ${index}`);
  }
  return { read, written };
}

function conflict(a: Touched | undefined, b: Touched | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  return meet(a.written, b.written) || meet(a.written, b.read) || meet(a.read, b.written);
}

function meet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const name of a) if (b.has(name)) return true;
  return false;
}
