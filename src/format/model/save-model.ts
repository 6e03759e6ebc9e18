import { writeFile } from '#format-files';
import { checkOptions, given, ValueError } from '../../base/index.ts';
import { Module } from '../../nn/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { layOut } from '../safetensors/encode.ts';
import { describe } from './description.ts';
import { FORMAT, KEYS, VERSION } from './header.ts';

export interface SaveModelOptions {
  /** What the file says besides: names and texts. Names that begin with `gradus.` are taken. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Saves a model as one safetensors file: its parameters and buffers by name, which every safetensors
 * reader opens, and among the metadata a description of its modules and the version of the format.
 *
 * A value that is shared is written once. The file is written to a temporary name, synced and renamed:
 * a failure leaves an old file as it was. Throws FileError if the system refuses, ValueError for what
 * is no module, or has a `config()` that gives no plain data. Node only.
 *
 * @example
 * saveModel(net, 'net.safetensors', { metadata: { accuracy: '0.992' } });
 * const again = loadModel('net.safetensors');
 */
export function saveModel(model: Module, path: string | URL, options: SaveModelOptions = {}): void {
  const op = 'saveModel';
  if (!(model instanceof Module)) {
    throw new ValueError({
      op,
      problem: `the first argument is a module, not ${given(model)}`,
      remedy: 'tensors by name go to saveSafetensors',
    });
  }
  checkOptions(op, options, ['metadata']);
  const own: unknown = options.metadata ?? {};
  if (typeof own !== 'object' || Array.isArray(own)) {
    throw new ValueError({
      op,
      problem: `metadata is an object of names and texts, not ${given(own)}`,
    });
  }
  const taken = Object.keys(own as object).find((key) => key.startsWith('gradus.'));
  if (taken !== undefined) {
    throw new ValueError({
      op,
      problem: `metadata '${taken}': names that begin with 'gradus.' are the format's`,
    });
  }
  const description = JSON.stringify(describe(op, model));
  const state = new Map<string, Tensor>();
  const nameOf = new Map<Tensor, string>();
  for (const [name, t] of [...model.namedParameters(), ...model.namedBuffers()]) {
    state.set(name, t.detach());
    nameOf.set(t, name);
  }
  const shared = Object.fromEntries(
    model
      .namedCells()
      .filter(([name]) => !state.has(name))
      .map(([name, t]) => [name, nameOf.get(t) as string]),
  );
  const frozen = model.namedParameters().flatMap(([name, t]) => (t.requiresGrad ? [] : [name]));
  const { chunks } = layOut(op, state, {
    metadata: {
      ...(own as Readonly<Record<string, string>>),
      [KEYS.format]: FORMAT,
      [KEYS.version]: String(VERSION),
      [KEYS.model]: description,
      [KEYS.shared]: JSON.stringify(shared),
      [KEYS.frozen]: JSON.stringify(frozen),
    },
  });
  writeFile(op, path, chunks);
}
