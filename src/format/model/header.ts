/** What a model's file says of itself, in the metadata of safetensors. */
import { FormatError } from '../../base/index.ts';
import type { TensorInfo } from '../safetensors/decode.ts';
import type { SafetensorsInfo } from '../safetensors/files.ts';
import { type ModelNode, parseNode } from './description.ts';

export const FORMAT = 'gradus-model';
export const VERSION = 1;
export const KEYS = {
  format: 'gradus.format',
  version: 'gradus.version',
  /** The tree of modules. */
  model: 'gradus.model',
  /** Further names of values that are written once: name -> the one it is written under. */
  shared: 'gradus.shared',
  /** Parameters that do not train. */
  frozen: 'gradus.frozen',
};

/** A model's file, all but the values. */
export interface ModelInfo {
  /** The version of the format. */
  readonly version: number;
  /** The tree of modules. */
  readonly model: ModelNode;
  /** What was saved with it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Dtype and shape of each value by name. */
  readonly tensors: Readonly<Record<string, TensorInfo>>;
  /** Further names of values that several modules share. */
  readonly shared: Readonly<Record<string, string>>;
  /** Parameters that do not train. */
  readonly frozen: readonly string[];
}

/** Reads a header. Throws FormatError for what is no model, is damaged, or is newer. */
export function readModelInfo(
  op: string,
  path: string | URL,
  { metadata, tensors }: SafetensorsInfo,
): ModelInfo {
  if (metadata[KEYS.format] !== FORMAT) {
    const checkpoint = metadata[KEYS.format] === 'gradus-checkpoint';
    throw new FormatError({
      op,
      problem: checkpoint
        ? `${path} is the checkpoint of a training run, not a model`
        : `${path} is a safetensors file with tensors only: it does not describe a model`,
      remedy: checkpoint
        ? "go on with it: trainer.fit(data, { resume: '...' })"
        : 'net.loadStateDict(loadSafetensors(path))',
    });
  }
  const version = Number(metadata[KEYS.version]);
  if (version > VERSION) {
    throw new FormatError({
      op,
      problem: `${path} is a model of version ${version}; this Gradus knows version ${VERSION}`,
      remedy: 'it was written by a newer Gradus: update',
    });
  }
  const fail = damaged(op, path);
  if (version !== VERSION) throw fail(`there is no version '${metadata[KEYS.version]}'`);
  const model = parseNode(metadata[KEYS.model], fail);
  const shared = parse(metadata[KEYS.shared], fail);
  const frozen = parse(metadata[KEYS.frozen], fail);
  const isText = (x: unknown): boolean => typeof x === 'string';
  if (typeof shared !== 'object' || shared === null || !Object.values(shared).every(isText)) {
    throw fail('it does not say what is shared');
  }
  if (!Array.isArray(frozen) || !frozen.every(isText)) throw fail('it does not say what is frozen');
  const own = Object.entries(metadata).filter(([key]) => !key.startsWith('gradus.'));
  return {
    version,
    model,
    metadata: Object.fromEntries(own),
    tensors,
    shared: shared as Record<string, string>,
    frozen: frozen as string[],
  };
}

function parse(text: string | undefined, fail: (why: string) => FormatError): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch (error) {
    throw fail(`what it says of itself is no JSON: ${(error as Error).message}`);
  }
}

export const damaged =
  (op: string, path: string | URL) =>
  (why: string): FormatError =>
    new FormatError({ op, problem: `${path} is a damaged model: ${why}` });
