/**
 * What this room asks while a function is being recorded (see compile/): gradients, random state and
 * reads go through here, so that a recording sees them and can put everything back.
 */
import type { RandomState } from '../ir/index.ts';
import type { Tensor } from './tensor.ts';

/** Where a value stands. */
export interface Place {
  readonly holder: Readonly<Record<string, unknown>>;
  readonly key: string;
  readonly value: unknown;
}

export interface Recording {
  /** `t.grad` as the recorded function sees it; `stored` is what the tensor itself holds. */
  gradient(t: Tensor, stored: Tensor | null): Tensor | null;
  setGradient(t: Tensor, g: Tensor | null): void;
  /** An optimiser has used the gradient: nobody else need see it. */
  spend(t: Tensor): void;
  /** Key and counter of the next random call. */
  randomState(): RandomState;
  /** `t` is about to be used: a cell must be seen as an input first. */
  enter(t: Tensor): void;
  /** Throws a GraphError if the value of `t` is not known while recording. */
  refuseRead(op: string, t: Tensor): void;
  /** Throws a GraphError: what `op` does happens once, when recorded, and not at each call. */
  refuse(op: string, problem: string, remedy: string): never;
  /** The recording holds as long as `read` gives what it gives now, the first time that it is asked. */
  watch(owner: object, what: string, read: () => unknown): void;
  /** The function itself decides that: what it was at the call does not matter. */
  settle(owner: object, what: string): void;
  /** The same for places in an object, unless the function itself writes them. */
  watchPlaces(owner: object, name: string, places: readonly Place[]): void;
  /** Runs `f`, which reads `uses`, on the tensors themselves, as if nothing were recorded. */
  outside<T>(uses: readonly Tensor[], f: () => T): T;
  /** Takes a change of plain JavaScript state back if the recording fails. */
  onFailure(undo: () => void): void;
}

let current: Recording | null = null;

/** The recording under way, or null. */
export const recording = (): Recording | null => current;

/** Sets it and returns the one before. */
export function setRecording(r: Recording | null): Recording | null {
  const before = current;
  current = r;
  return before;
}

let undoing: (() => void)[] | null = null;

/** Plain JavaScript state was changed: `undo` takes that back where nothing is to stay. */
export function changed(undo: () => void): void {
  if (current !== null) current.onFailure(undo);
  else undoing?.push(undo);
}

/** Who gathers what {@link changed} tells of eagerly, and returns the one before. */
export function setUndoing(list: (() => void)[] | null): (() => void)[] | null {
  const before = undoing;
  undoing = list;
  return before;
}
