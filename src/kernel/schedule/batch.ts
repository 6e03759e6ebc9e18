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
import type { Pair } from './in-place.ts';
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

/** A batch that launches may still join. */
interface Open {
  readonly key: string;
  readonly members: Launch[];
  readonly read: Set<string>;
  readonly written: Set<string>;
  /** How many launches come before it. */
  at: number;
}

/**
 * `plans` has the elementwise kernels and reductions among the launches; `cells` are outputs with the
 * inputs whose place they may take, so that nothing which reads one moves behind what writes it.
 */
export function batch(
  launches: readonly Launch[],
  plans: ReadonlyMap<Launch, Plan>,
  info: TargetInfo,
  cells: readonly Pair[] = [],
): Batched {
  const inputOf = new Map(cells);
  const closed: Open[] = [];
  const open = new Map<string, Open>();
  /** The open batches that touch a buffer. */
  const users = new Map<string, Set<Open>>();
  const close = (found: Open, at: number): void => {
    found.at = at;
    closed.push(found);
    open.delete(found.key);
    for (const set of [found.read, found.written]) {
      for (const buffer of set) users.get(buffer)?.delete(found);
    }
  };
  launches.forEach((launch, i) => {
    const { read, written } = buffersOf(launch, plans.get(launch), inputOf);
    for (const buffer of written) for (const o of users.get(buffer) ?? []) close(o, i);
    for (const buffer of read) {
      for (const o of users.get(buffer) ?? []) if (o.written.has(buffer)) close(o, i);
    }
    if (!isSmall(launch, plans, info)) return;
    let found = open.get(launch.key);
    const slots = BATCH_SLOTS.length + launch.args.length * ((found?.members.length ?? 0) + 1);
    if (found !== undefined && slots > MOST_SLOTS) {
      close(found, i);
      found = undefined;
    }
    found ??= { key: launch.key, members: [], read: new Set(), written: new Set(), at: i };
    open.set(launch.key, found);
    found.members.push(launch);
    for (const buffer of read) found.read.add(buffer);
    for (const buffer of written) found.written.add(buffer);
    for (const buffer of [...read, ...written]) {
      const known = users.get(buffer);
      if (known === undefined) users.set(buffer, new Set([found]));
      else known.add(found);
    }
  });
  for (const found of open.values()) close(found, launches.length);
  return inOrder(launches, closed, plans, info);
}

/** Batches where they were closed, all else where it was. */
function inOrder(
  launches: readonly Launch[],
  closed: readonly Open[],
  plans: ReadonlyMap<Launch, Plan>,
  info: TargetInfo,
): Batched {
  const parts = new Map<Launch, readonly Launch[]>();
  const before = Array.from({ length: launches.length + 1 }, (): Launch[] => []);
  const taken = new Set<Launch>();
  for (const { members, at } of closed) {
    if (members.length === 1) continue;
    const made = batchOf(members, plans, info);
    parts.set(made, members);
    before[at].push(made);
    for (const m of members) taken.add(m);
  }
  const rest = launches.flatMap((l, i) => [...before[i], ...(taken.has(l) ? [] : [l])]);
  return { launches: [...rest, ...before[launches.length]], parts };
}

/** Whether it is one small piece of work, which cannot fail, made anew at each run. */
function isSmall(launch: Launch, plans: ReadonlyMap<Launch, Plan>, info: TargetInfo): boolean {
  const { tiles = 1, faults, kept } = launch;
  const plan = plans.get(launch);
  if (plan === undefined || tiles !== 1 || faults !== undefined || kept !== undefined) return false;
  return workOf(plan) < info.parallelWork;
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

function buffersOf(
  { args }: Launch,
  plan: Plan | undefined,
  inputOf: ReadonlyMap<number, number>,
): Touched {
  const read = new Set<string>();
  const written = new Set<string>();
  // An elementwise kernel's outputs come first; what others write is not told: anything but inputs.
  let outputs = plan === undefined ? 0 : new Set(plan.kernel.stores.map((s) => s.stream)).size;
  for (const arg of args) {
    if (arg.kind !== 'pointer') continue;
    const { kind, index } = arg.buffer;
    const writes = plan === undefined ? kind !== 'input' : outputs-- > 0;
    (writes ? written : read).add(`${kind} ${index}`);
    const input = writes && kind === 'output' ? (inputOf.get(index) ?? -1) : -1;
    if (input >= 0) written.add(`input ${input}`);
  }
  return { read, written };
}
