/**
 * The internal memory scope of a backward run: large storage made there that nobody was given goes
 * back to the device at its last use, so that the collector never sees it.
 *
 * A storage is pinned while a node's pending gradient (or a leaf's) lies in it. What a gradient
 * function made and did not give to anyone has no pin when the function returns.
 */
import { getDevice, type Storage } from '../runtime/device.ts';

/** Smaller storage lies in slabs, which the collector takes whole. */
const MIN_BYTES = 65536;

let open: Set<Storage> | null = null;
/** What the gradient function that is running has made. */
let made: Storage[] = [];

export interface ScopeState {
  readonly open: Set<Storage> | null;
  readonly made: Storage[];
}

export function enterScope(): ScopeState {
  const before = { open, made };
  open = new Set();
  made = [];
  return before;
}

export function leaveScope(before: ScopeState): void {
  open = before.open;
  made = before.made;
}

/** No scope: results of what runs next may be kept by anyone. */
export function suspendScope(): ScopeState {
  const before = { open, made };
  open = null;
  return before;
}

export function track(storage: Storage): void {
  if (open === null || storage.bytes <= MIN_BYTES) return;
  open.add(storage);
  made.push(storage);
}

/** Ends one gradient function: what it made and gave to nobody is freed. */
export function settle(): void {
  for (let i = 0; i < made.length; i++) if (made[i].pins <= 0) free(made[i]);
  made.length = 0;
}

/** One holder less. */
export function unpin(storage: Storage): void {
  storage.pins--;
  if (storage.pins <= 0 && open?.has(storage) && !made.includes(storage)) free(storage);
}

/** The storage outlives the scope: a leaf's gradient, a result. */
export function escape(storage: Storage): void {
  open?.delete(storage);
  const i = made.indexOf(storage);
  if (i >= 0) made.splice(i, 1);
}

function free(storage: Storage): void {
  if (open?.delete(storage)) getDevice('cpu').free(storage);
}
