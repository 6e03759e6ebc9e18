/** Why a compiled function was recorded again. */
import { formatShape } from '../base/index.ts';
import { device, gradMode, type Tensor } from '../tensor/index.ts';
import type { Recorded } from './bindings.ts';
import { type Flat, structureKey } from './tree.ts';

/** The reason that deserves a word at once: numbers are constants of a recording. */
export const NUMBER = 'a number among the arguments differs';

/** What is remembered of a recording: types, never the tensors. */
export interface Recording {
  readonly reason: string;
  readonly structure: string;
  /** The structure without its numbers. */
  readonly form: string;
  readonly paths: readonly string[];
  readonly types: readonly string[];
  /** Gradient mode. */
  readonly mode: 'on' | 'off';
  readonly device: string;
  /** A number for `this`. */
  readonly self: number;
  /** For each tensor, the first argument that is the same one. */
  readonly twins: string;
}

export function describeRecording(
  before: readonly Recording[],
  flat: Flat,
  same: readonly { readonly recorded: Recorded }[],
  self: number,
): Recording {
  const structure = structureKey(flat.template);
  const form = structureKey(flat.template, false);
  const types = flat.tensors.map(typeText);
  const mode = gradMode() ? ('on' as const) : ('off' as const);
  const twins = flat.tensors.map((t) => flat.tensors.indexOf(t)).join();
  const now = { structure, form, paths: flat.paths, types, mode, device: device(), self, twins };
  return { ...now, reason: reasonFor(before.at(-1), now, flat, same) };
}

/** The first thing that differs from the recording before; `same` are those of equal signature. */
function reasonFor(
  last: Recording | undefined,
  now: Omit<Recording, 'reason'>,
  flat: Flat,
  same: readonly { readonly recorded: Recorded }[],
): string {
  if (last === undefined) return 'it was called for the first time';
  if (same.length > 0) {
    const guard = same[same.length - 1].recorded.guards.find((g) => !g.holds(flat.tensors));
    return `${guard?.what ?? 'something it relied on'} changed`;
  }
  if (now.structure !== last.structure) {
    return now.form === last.form
      ? `${NUMBER}: they are ${now.structure}, and were ${last.structure}`
      : 'the structure of the arguments differs';
  }
  const i = now.types.findIndex((t, k) => t !== last.types[k]);
  if (i >= 0) return `${now.paths[i]} is ${now.types[i]}, and was ${last.types[i]}`;
  if (now.mode !== last.mode) return `gradient mode is ${now.mode}, and was ${last.mode}`;
  if (now.device !== last.device) return `the device is ${now.device}, and was ${last.device}`;
  if (now.self !== last.self) return 'it was called on another object (this)';
  if (now.twins !== last.twins) return 'which arguments are the same tensor differs';
  return 'another parameter is among the arguments';
}

const typeText = (t: Tensor): string =>
  `${t.dtype}${formatShape(t.shape)}${t.requiresGrad ? ' with gradient' : ''}`;

export function explain(
  name: string,
  recordings: readonly Recording[],
  eagerly: string | null,
): string {
  if (eagerly !== null) return `${name} runs eagerly: ${eagerly}`;
  const times = recordings.length === 1 ? 'once' : `${recordings.length} times`;
  const lines = recordings.map(({ paths, types, reason }, i) => {
    const list = types.map((t, k) => `${paths[k]}: ${t}`).join(', ');
    return `  ${i + 1}. (${list}) because ${reason}`;
  });
  return [`${name} was recorded ${times}`, ...lines].join('\n');
}
