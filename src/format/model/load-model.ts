import { checkOptions, type FormatError, given, isFloat, ValueError } from '../../base/index.ts';
import { Module } from '../../nn/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { loadSafetensors } from '../safetensors/files.ts';
import { DTYPE_OF } from '../safetensors/header.ts';
import { describe, differences, type ModuleMaker, rebuild } from './description.ts';
import { damaged, type ModelInfo, readModelInfo } from './header.ts';

/** A module that was made of a file: it takes tensors and gives what the saved one gave. */
export type LoadedModel = Module & { forward(...inputs: any[]): Tensor };

export interface LoadModelOptions {
  /**
   * Your own classes by name, `{ Net }`, or functions that make their modules. They get what
   * `config()` of the saved module gave.
   */
  readonly classes?: Readonly<Record<string, ModuleMaker>>;
  /** For a model that is passed: whether names and layers must all match. Default true. */
  readonly strict?: boolean;
}

/** So many elements are made without asking whether the file has them. */
const SMALL = 1e6;

/**
 * The model in a file that `saveModel` wrote.
 *
 * Without `model`, it is made anew: of layers of `nn` alone everything can be (`nn.sequential`,
 * `nn.build`); for classes of your own, pass `{ classes: { Net } }` or a `model`.
 * Dtypes and frozen parameters are as they were; the model is in evaluation (`eval()`), ready to be
 * used: `fit` trains it on. With `model`, its values are replaced (its dtypes and frozen parameters
 * stay), and the same module is returned, in evaluation too.
 *
 * Throws FormatError for a file that is no model, is damaged or comes from a newer Gradus; ValueError
 * that lists every missing and unexpected name and every layer that differs, ShapeError that lists
 * shapes; FileError if it cannot be read. Nothing changes then. Node only.
 *
 * @example
 * const net = loadModel('net.safetensors');
 * const classes = noGrad(() => net.forward(x).argmax(1));
 * loadModel('net.safetensors', new Net());
 */
export function loadModel(path: string | URL, options?: LoadModelOptions): LoadedModel;
export function loadModel<M extends Module>(
  path: string | URL,
  model: M,
  options?: LoadModelOptions,
): M;
export function loadModel(
  path: string | URL,
  second?: Module | LoadModelOptions,
  third?: LoadModelOptions,
): Module {
  const op = 'loadModel';
  const model = second instanceof Module ? second : undefined;
  const options = (model === undefined ? (second as LoadModelOptions) : third) ?? {};
  checkOptions(op, options, ['classes', 'strict']);
  const { classes = {}, strict = true } = options;
  for (const [name, make] of Object.entries(classes)) {
    if (typeof make === 'function') continue;
    throw new ValueError({
      op,
      problem: `classes.${name} is ${given(make)}, not a class`,
      remedy: `write { classes: { ${name} } }`,
    });
  }
  const info = readModelInfo(op, path);
  const state = loadSafetensors(path);
  if (model === undefined) return anew(op, path, info, state, classes);
  if (strict) {
    const found = differences(info.model, describe(op, model));
    if (found.length > 0) {
      throw new ValueError({
        op,
        problem: `${path} holds another model\n    ${found.join('\n    ')}`,
        remedy: 'make the same layers, or pass { strict: false } to take the values that match',
      });
    }
  }
  model.loadStateDict(state, { strict });
  return model.eval();
}

/** What a model's file says of itself. Reads the header alone; throws as {@link loadModel}. */
export const modelInfo = (path: string | URL): ModelInfo => readModelInfo('modelInfo', path);

function anew(
  op: string,
  path: string | URL,
  info: ModelInfo,
  state: Readonly<Record<string, Tensor>>,
  classes: Readonly<Record<string, ModuleMaker>>,
): Module {
  const fail = damaged(op, path);
  const held = Object.values(state).reduce((n, t) => n + t.numel, 0);
  let wanted = 0;
  const model = rebuild(info.model, {
    fail,
    classes,
    checkSize: (at, elements) => {
      wanted += elements;
      if (wanted <= held + SMALL) return;
      throw fail(`with ${at || 'it'}, ${wanted} elements are wanted; the file has ${held}`);
    },
    unknownClass: (at, type) =>
      new ValueError({
        op,
        problem:
          `${path} holds ${at === '' ? '' : `${at}, `}a module of the class ${type}, ` +
          'which is none of Gradus',
        remedy: `pass an instance: loadModel(path, new ${type}()), or loadModel(path, { classes: { ${type} } })`,
      }),
  });
  share(model, info.shared, fail);
  convert(model, info);
  model.loadStateDict(state);
  const frozen = new Set(info.frozen);
  for (const [name, t] of model.namedParameters()) t.requiresGrad = !frozen.has(name);
  return model.eval();
}

/** Lets fields that were one value be one again. */
function share(
  model: Module,
  shared: Readonly<Record<string, string>>,
  fail: (why: string) => FormatError,
): void {
  for (const [name, target] of Object.entries(shared)) {
    const cells = new Map(model.namedCells());
    const [cell, value] = [cells.get(name), cells.get(target)];
    if (cell === undefined || value === undefined) throw fail(`'${name}' cannot be '${target}'`);
    if (cell === value) continue;
    // Through modules, arrays, Maps and plain objects, as `namedCells` found it.
    const path = name.split('.');
    let holder: unknown = model;
    for (const key of path.slice(0, -1)) holder = fieldOf(holder, key);
    const last = path[path.length - 1];
    if (holder instanceof Map) holder.set(last, value);
    else if (fieldOf(holder, last) === cell) (holder as Record<string, Tensor>)[last] = value;
    else throw fail(`'${name}' is no field of the model`);
  }
}

function fieldOf(holder: unknown, key: string): unknown {
  if (holder instanceof Map) return holder.get(key) as unknown;
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key))
    return undefined;
  return (holder as Record<string, unknown>)[key];
}

/** Gives modules the floating-point dtype that their values have in the file. */
function convert(model: Module, { tensors }: ModelInfo): void {
  model.convertEach((name) => {
    const word = tensors[name]?.dtype;
    const dtype = word === undefined ? undefined : DTYPE_OF[word];
    return dtype !== undefined && isFloat(dtype) ? dtype : undefined;
  });
}
