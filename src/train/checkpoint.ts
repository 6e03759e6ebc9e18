/** A training run in one file: what is needed to go on to the bit. */
import { FormatError, GradusError, ValueError } from '../base/index.ts';
import {
  FileError,
  loadSafetensors,
  removeStaleFiles,
  safetensorsInfo,
  saveSafetensors,
} from '../format/index.ts';
import type { Module } from '../nn/index.ts';
import type { Optimizer } from '../optim/index.ts';
import { getRandomState, setRandomState, type Tensor } from '../tensor/index.ts';
import type { Callback } from './callback.ts';
import type { FeedState } from './feed.ts';
import type { Curve, EpochRecord } from './history.ts';
import type { Plain } from './metrics/metric.ts';

const FORMAT = 'gradus-checkpoint';
const VERSION = 1;
const KEYS = { format: 'gradus.format', version: 'gradus.version', run: 'gradus.run' };

/** Where a run is; plain data. */
export interface Position {
  /** Epochs that have ended. */
  readonly epoch: number;
  readonly step: number;
  readonly feed: FeedState;
  /** Counts of the loss and of each metric in the epoch under way; null for what keeps none. */
  readonly loss: Plain;
  readonly metrics: readonly { readonly name: string; readonly state: Plain }[];
  readonly records: readonly EpochRecord[];
  readonly curve: ReturnType<Curve['state']>;
  /** Why the run ended early, if it did: it is not gone on with. */
  readonly stopped: string | null;
}

/** What takes part in a run and has a state. */
export interface Parts {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly callbacks: readonly Callback[];
}

interface Saved {
  readonly position: Position;
  readonly random: { readonly seed: string; readonly counter: string };
  readonly callbacks: readonly { readonly name: string; readonly data: Plain }[];
}

const nameOf = (callback: Callback): string => callback.name ?? 'callback';

/**
 * Writes a checkpoint: under a temporary name, synced, then renamed, so that there is always the old
 * one or the new one, whole. Throws FileError.
 */
export function writeCheckpoint(op: string, path: string, parts: Parts, position: Position): void {
  const states = parts.callbacks.map((c) => c.state?.() ?? {});
  const { seed, counter } = getRandomState();
  const saved: Saved = {
    position,
    random: { seed: String(seed), counter: String(counter) },
    callbacks: states.map((s, i) => ({ name: nameOf(parts.callbacks[i]), data: s.data ?? null })),
  };
  const tensors = new Map<string, Tensor>([
    ...prefixed('model.', parts.model.stateDict()),
    ...prefixed('optimizer.', parts.optimizer.stateDict()),
    ...states.flatMap((s, i) => prefixed(`callbacks.${i}.`, s.tensors ?? {})),
  ]);
  try {
    saveSafetensors(tensors, path, {
      metadata: {
        [KEYS.format]: FORMAT,
        [KEYS.version]: String(VERSION),
        [KEYS.run]: JSON.stringify(saved, encodeNumber),
      },
    });
  } catch (error) {
    if (error instanceof FileError) throw new FileError(error.code, { op, ...told(error) });
    throw error;
  }
}

/** Whether a file is there that a new run would replace, and it is a run. */
export function holdsCheckpoint(path: string): boolean {
  try {
    return safetensorsInfo(path).metadata[KEYS.format] === FORMAT;
  } catch {
    return false;
  }
}

/** What an error says, for another that names who called. */
function told(error: FileError): { problem: string; cause: unknown } {
  const [first] = error.message.split('\n');
  return { problem: first.replace(/^\w+: /, 'checkpoint '), cause: error };
}

/** The checkpoint of a run that was killed while it wrote one leaves a temporary file behind. */
export const tidyCheckpoints = (path: string): void => removeStaleFiles(path);

/**
 * Reads a checkpoint into the parts of a run, and tells its position; null if there is no file.
 * `place` takes over the position, or throws.
 *
 * Nothing changes unless all of it fits. Throws FormatError for what is no checkpoint, is damaged, or
 * comes from a newer Gradus; ValueError and ShapeError, which name the file and list every name, for
 * one of another model, optimiser, loader or list of callbacks.
 */
export function readCheckpoint(
  op: string,
  path: string,
  parts: Parts,
  place: (position: Position) => void,
): Position | null {
  let info: ReturnType<typeof safetensorsInfo>;
  try {
    info = safetensorsInfo(path);
  } catch (error) {
    if (error instanceof FileError && error.code === 'ENOENT') return null;
    throw error;
  }
  const saved = savedOf(op, path, info.metadata);
  const sections = new Map<string, Record<string, Tensor>>();
  for (const [name, t] of Object.entries(loadSafetensors(path))) {
    const [, section, key] = /^(model|optimizer|callbacks\.\d+)\.(.*)$/s.exec(name) ?? [];
    if (section === undefined) throw damaged(op, path, `it holds a tensor '${name}'`);
    const held = sections.get(section) ?? (Object.create(null) as Record<string, Tensor>);
    held[key] = t;
    sections.set(section, held);
  }
  const names = (list: readonly string[]): string => list.join(', ') || 'none';
  const [was, is] = [saved.callbacks.map((c) => c.name), parts.callbacks.map(nameOf)];
  if (was.join() !== is.join()) {
    throw new ValueError({
      op,
      problem: `${path} was written by a run with the callbacks ${names(was)}; this one has ${names(is)}`,
      remedy: 'resume with the same callbacks in the same order',
    });
  }
  const { model, optimizer } = parts;
  const before = {
    model: model.stateDict(),
    optimizer: optimizer.stateDict(),
    callbacks: parts.callbacks.map((c) => c.state?.() ?? {}),
  };
  try {
    model.loadStateDict(sections.get('model') ?? {});
    optimizer.loadStateDict(sections.get('optimizer') ?? {});
    parts.callbacks.forEach((callback, i) => {
      const { data } = saved.callbacks[i];
      callback.restore?.({ data, tensors: sections.get(`callbacks.${i}`) });
    });
    place(saved.position);
  } catch (error) {
    model.loadStateDict(before.model);
    optimizer.loadStateDict(before.optimizer);
    parts.callbacks.forEach((callback, i) =>
      quietly(() => callback.restore?.(before.callbacks[i])),
    );
    if (error instanceof GradusError) {
      error.addContext(`in: the checkpoint ${path}; delete it to begin anew`);
    }
    throw error;
  }
  const { seed, counter } = saved.random;
  setRandomState({ seed: BigInt(seed), counter: BigInt(counter) });
  return saved.position;
}

/** Puts a state back after another error, which is the one to tell. */
function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // The first error is thrown.
  }
}

function savedOf(op: string, path: string, metadata: Readonly<Record<string, string>>): Saved {
  if (metadata[KEYS.format] !== FORMAT) {
    throw new FormatError({
      op,
      problem: `${path} is a safetensors file, but no checkpoint of a training run`,
      remedy: 'load a model with loadModel or loadSafetensors, from gradus/formats',
    });
  }
  const version = Number(metadata[KEYS.version]);
  if (version > VERSION) {
    throw new FormatError({
      op,
      problem: `${path} is a checkpoint of version ${version}; this Gradus knows version ${VERSION}`,
      remedy: 'it was written by a newer Gradus: update',
    });
  }
  let saved: Saved;
  try {
    saved = JSON.parse(metadata[KEYS.run], decodeNumber) as Saved;
    BigInt(saved.random.seed);
    BigInt(saved.random.counter);
  } catch (error) {
    throw damaged(op, path, `what it says of the run cannot be read: ${(error as Error).message}`);
  }
  if (version !== VERSION || !isSound(saved)) {
    throw damaged(op, path, 'it does not say where the run was');
  }
  return saved;
}

const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;

/** Whether what was read has the form of what is written. */
function isSound({ position: at, random, callbacks }: Saved): boolean {
  const { seed, counter } = random;
  const numbers = (x: unknown): boolean =>
    isObject(x) && Object.values(x).every((n) => typeof n === 'number');
  return (
    isCount(at?.epoch) &&
    isCount(at.step) &&
    at.epoch <= at.step + 1 &&
    isObject(at.feed) &&
    Array.isArray(at.metrics) &&
    at.metrics.every((m) => isObject(m) && typeof m.name === 'string') &&
    Array.isArray(at.records) &&
    at.records.length === at.epoch &&
    at.records.every(
      (r) => isObject(r) && isCount(r.epoch) && isCount(r.step) && numbers(r.logs),
    ) &&
    isObject(at.curve) &&
    Array.isArray(at.curve.points) &&
    at.curve.points.every((p) => Array.isArray(p) && p.length === 2 && isCount(p[0])) &&
    isCount(at.curve.width) &&
    at.curve.width >= 1 &&
    (at.stopped === null || typeof at.stopped === 'string') &&
    Array.isArray(callbacks) &&
    callbacks.every((c) => isObject(c) && typeof c.name === 'string') &&
    [seed, counter].every((n) => /^\d{1,20}$/.test(n))
  );
}

const damaged = (op: string, path: string, problem: string): FormatError =>
  new FormatError({ op, problem: `${path} is a damaged checkpoint: ${problem}` });

const prefixed = (
  prefix: string,
  state: Readonly<Record<string, Tensor>>,
): (readonly [string, Tensor])[] => Object.entries(state).map(([name, t]) => [prefix + name, t]);

/** JSON has no NaN and no infinity. */
const encodeNumber = (_: string, x: unknown): unknown =>
  typeof x === 'number' && !Number.isFinite(x) ? { $number: String(x) } : x;

const decodeNumber = (_: string, x: unknown): unknown =>
  isObject(x) && ['NaN', 'Infinity', '-Infinity'].includes(x.$number as string)
    ? Number(x.$number)
    : x;
