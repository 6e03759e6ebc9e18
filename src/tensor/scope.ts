/**
 * The internal memory scope of a backward run: large storage made there that nobody was given goes
 * back to the device at its last use, so that the collector never sees it.
 *
 * A storage is pinned while a node's pending gradient lies in it. What a gradient function made and
 * did not give to anyone has no pin when the function returns.
 */
import { getDevice, type Storage } from '../runtime/device.ts';

/** What `Storage.scope` says: not the scope's; made by the running gradient function; earlier. */
const UNSCOPED = 0;
const JUST_MADE = 1;
const SCOPED = 2;

/** Smaller storage lies in slabs, which the collector takes whole. */
const MIN_BYTES = 65536;

interface Scope {
  /** Whether storage made now is the scope's. */
  open: boolean;
  /** What the gradient function that is running has made. */
  made: Storage[];
}

let scope: Scope = { open: false, made: [] };

/** Opens a scope (or, if not `open`, suspends the one around) and returns the state before. */
export function enterScope(open: boolean): Scope {
  const before = scope;
  scope = { open, made: [] };
  return before;
}

export function leaveScope(before: Scope): void {
  scope = before;
}

export function track(storage: Storage): void {
  if (!scope.open || storage.bytes <= MIN_BYTES) return;
  storage.scope = JUST_MADE;
  scope.made.push(storage);
}

/** Ends one gradient function: what it made and gave to nobody is freed. */
export function settle(): void {
  const { made } = scope;
  for (const storage of made) {
    if (storage.scope !== JUST_MADE) continue;
    storage.scope = SCOPED;
    if (storage.pins <= 0) free(storage);
  }
  made.length = 0;
}

/** One holder less. */
export function unpin(storage: Storage): void {
  storage.pins--;
  if (storage.pins <= 0 && storage.scope === SCOPED && scope.open) free(storage);
}

/** The storage outlives the scope: a leaf's gradient, a result. */
export function escape(storage: Storage): void {
  storage.scope = UNSCOPED;
}

function free(storage: Storage): void {
  storage.scope = UNSCOPED;
  getDevice(storage.device).free(storage);
}
