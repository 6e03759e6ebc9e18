/** Loading values into parameters and buffers by name. */
import {
  checkOptions,
  formatShape,
  given,
  ShapeError,
  sameShape,
  ValueError,
} from '../base/index.ts';
import { Tensor } from '../tensor/index.ts';
import { checkFlag } from './check-sizes.ts';
import type { Held } from './walk.ts';

/** Names and tensors, as an object or a Map. */
export type StateDict = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

export interface LoadOptions {
  /** Whether names must match exactly. Default true. */
  readonly strict?: boolean;
}

export interface LoadReport {
  /** Names of the module that the state lacks. */
  readonly missing: readonly string[];
  /** Names of the state that the module lacks. */
  readonly unexpected: readonly string[];
}

/** Assigns `state` to `cells`, after everything was checked. */
export function loadState(
  module: string,
  cells: readonly Held<Tensor>[],
  state: StateDict,
  options: LoadOptions,
): LoadReport {
  const op = `${module}.loadStateDict`;
  checkOptions(op, options, ['strict']);
  const strict = checkFlag(op, 'strict', options.strict, true);
  const given = entriesOf(op, state);
  const named = cells.filter((c) => given.has(c.name));
  const known = new Set(cells.map((c) => c.name));
  // A value that is shared needs only one of its names.
  const found = new Set(named.map((c) => c.value));
  const missing = cells.filter((c) => !found.has(c.value)).map((c) => c.name);
  const unexpected = [...given.keys()].filter((name) => !known.has(name));
  const shapes = named.flatMap(({ name, value }) => {
    const other = (given.get(name) as Tensor).shape;
    if (sameShape(value.shape, other)) return [];
    return [
      `${name} is ${formatShape(value.shape)} in the module, ${formatShape(other)} in the state`,
    ];
  });
  if (strict && missing.length + unexpected.length > 0) {
    const lists = [
      ...(missing.length > 0 ? [`${missing.length} missing: ${missing.join(', ')}`] : []),
      ...(unexpected.length > 0
        ? [`${unexpected.length} unexpected: ${unexpected.join(', ')}`]
        : []),
      ...shapes,
    ];
    throw new ValueError({
      op,
      problem: `the names do not match\n    ${lists.join('\n    ')}`,
      remedy: prefixRemedy(missing, unexpected) ?? 'pass { strict: false } to load what matches',
    });
  }
  if (shapes.length > 0) {
    throw new ShapeError({ op, problem: `shapes differ\n    ${shapes.join('\n    ')}` });
  }
  for (const { name, value } of named) value.assign(given.get(name) as Tensor);
  return { missing, unexpected };
}

function entriesOf(op: string, state: StateDict): Map<string, Tensor> {
  if (typeof state !== 'object' || state === null || state instanceof Tensor) {
    throw new ValueError({
      op,
      problem: `a state is an object or a Map of names and tensors, not ${given(state)}`,
      remedy: 'pass what stateDict() gave',
    });
  }
  const isMap = state instanceof Map;
  const entries = new Map<string, Tensor>(
    isMap ? state : Object.entries(state as Readonly<Record<string, Tensor>>),
  );
  for (const [name, value] of entries) {
    if (value instanceof Tensor) continue;
    throw new ValueError({
      op,
      problem: `'${name}' is ${given(value)}, not a tensor`,
      remedy: remedyFor(value, isMap),
    });
  }
  return entries;
}

function remedyFor(value: unknown, isMap: boolean): string | undefined {
  if (Array.isArray(value) || ArrayBuffer.isView(value) || typeof value === 'number') {
    return (
      'numbers, from JSON say, become tensors with tensor(v): ' +
      'Object.fromEntries(Object.entries(state).map(([name, v]) => [name, tensor(v)]))'
    );
  }
  return isMap ? undefined : 'was a whole checkpoint passed in place of its state?';
}

/** `module.conv.weight` for `conv.weight`: a wrapper's name in front of every key. */
function prefixRemedy(
  missing: readonly string[],
  unexpected: readonly string[],
): string | undefined {
  if (missing.length === 0 || missing.length !== unexpected.length) return undefined;
  const shorter = (a: readonly string[], b: readonly string[]): string | undefined => {
    const prefix = a[0].slice(0, a[0].length - b[0].length);
    if (!prefix.endsWith('.')) return undefined;
    return a.every((name) => name.startsWith(prefix) && b.includes(name.slice(prefix.length)))
      ? prefix
      : undefined;
  };
  const extra = shorter(unexpected, missing);
  if (extra !== undefined) return `take the prefix '${extra}' off the names of the state`;
  const lacking = shorter(missing, unexpected);
  return lacking === undefined ? undefined : `put '${lacking}' before the names of the state`;
}
