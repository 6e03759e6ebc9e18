import {
  checkOptions,
  type FormatError,
  given,
  isDType,
  isFloat,
  ShapeError,
  ValueError,
} from '../../base/index.ts';
import { convertCell, Module } from '../../nn/index.ts';
import { getRandomState, setRandomState, type Tensor } from '../../tensor/index.ts';
import { withSafetensors } from '../safetensors/files.ts';
import { DTYPE_OF } from '../safetensors/header.ts';
import { describe, isOwn, type ModelNode } from './description.ts';
import { moduleDifferences, stateDifferences } from './differences.ts';
import { damaged, type ModelInfo, readModelInfo } from './header.ts';
import { type ModuleMaker, rebuild } from './rebuild.ts';

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

const OP = 'loadModel';

/**
 * The model in a file that `saveModel` wrote.
 *
 * Without `model`, it is made anew: of layers of `nn` alone everything can be (`nn.sequential`,
 * `nn.build`); for classes of your own, pass `{ classes: { Net } }` or a `model`.
 * Dtypes, sharing and frozen parameters are as they were; the model is in evaluation (`eval()`), ready
 * to be used: `fit` trains it on. With `model`, its values are replaced, converted to the dtypes it
 * has, and the same module is returned, in evaluation too. No random number is drawn.
 *
 * Throws FormatError for a file that is no model, is damaged, does not hold what it describes or comes
 * from a newer Gradus; ValueError that lists every layer that differs from `model`'s and every missing
 * and unexpected name, ShapeError if only shapes do; FileError if it cannot be read. Nothing changes
 * then. Node only.
 *
 * @example
 * const net = loadModel('net.safetensors');
 * const classes = noGrad(() => net.forward(x).argmax(1));
 * loadModel('net.safetensors', new Net());
 */
export function loadModel(path: string | URL, options?: LoadModelOptions): LoadedModel;
export function loadModel(
  path: string | URL,
  model: undefined,
  options?: LoadModelOptions,
): LoadedModel;
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
  const model = second instanceof Module ? second : undefined;
  const options = (model === undefined ? (second ?? third) : third) ?? {};
  checkArguments(options as LoadModelOptions);
  const { classes = {}, strict = true } = options as LoadModelOptions;
  return withSafetensors(OP, path, (header, read) => {
    const info = readModelInfo(OP, path, header);
    if (model === undefined) return anew(path, info, classes, read);
    if (strict) checkAgrees(path, info, model);
    model.loadStateDict(read(), { strict });
    return model.eval();
  });
}

/** What a model's file says of itself. Reads the header alone; throws as {@link loadModel}. */
export const modelInfo = (path: string | URL): ModelInfo =>
  withSafetensors('modelInfo', path, (header) => readModelInfo('modelInfo', path, header));

function checkArguments(options: LoadModelOptions): void {
  if (typeof options === 'function') {
    throw new ValueError({
      op: OP,
      problem: 'the second argument is a class or a function, not a module',
      remedy: 'pass an instance: loadModel(path, new Net())',
    });
  }
  checkOptions(OP, options, ['classes', 'strict']);
  checkOptions(`${OP}: classes`, options.classes, Object.keys(options.classes ?? {}));
  for (const [name, make] of Object.entries(options.classes ?? {})) {
    if (typeof make === 'function') continue;
    throw new ValueError({
      op: OP,
      problem: `classes.${name} is ${given(make)}, not a class`,
      remedy: `write { classes: { ${name} } }`,
    });
  }
}

function anew(
  path: string | URL,
  info: ModelInfo,
  classes: Readonly<Record<string, ModuleMaker>>,
  read: () => Record<string, Tensor>,
): Module {
  const fail = damaged(OP, path);
  const random = getRandomState();
  let model: Module;
  try {
    model = rebuild(OP, path, info, classes);
  } finally {
    setRandomState(random); // initial values are not kept
  }
  share(model, info, fail);
  convert(model, info);
  if (hasOwn(info.model)) checkAgrees(path, info, model);
  const { names, shapes, dtypes } = stateDifferences(info, model.namedCells());
  const found = [...names, ...shapes, ...dtypes];
  if (found.length > 0) {
    throw fail(`it does not hold what it describes\n    ${found.join('\n    ')}`);
  }
  model.loadStateDict(read());
  const frozen = new Set(info.frozen);
  for (const [name, t] of model.namedParameters()) t.requiresGrad = !frozen.has(name);
  return model.eval();
}

const hasOwn = (node: ModelNode): boolean =>
  isOwn(node) || node.children.some(([, child]) => hasOwn(child));

/** Throws unless modules, names and shapes are the same; dtypes may differ. */
function checkAgrees(path: string | URL, info: ModelInfo, model: Module): void {
  const { names, shapes } = stateDifferences(info, model.namedCells());
  const found = [...moduleDifferences(info.model, describe(OP, model)), ...names];
  if (found.length + shapes.length === 0) return;
  const remedy = 'make the same layers, or pass { strict: false } to take the values that match';
  const lines = [...found, ...shapes].join('\n    ');
  if (found.length > 0) {
    throw new ValueError({ op: OP, problem: `${path} holds another model\n    ${lines}`, remedy });
  }
  throw new ShapeError({
    op: OP,
    problem: `${path} holds a model of other shapes\n    ${lines}`,
    remedy: 'make the layers of the sizes that the file has',
  });
}

/** Lets fields that were one value be one again. */
function share(model: Module, info: ModelInfo, fail: (why: string) => FormatError): void {
  const cells = new Map(model.namedCells());
  for (const [name, target] of Object.entries(info.shared)) {
    const [cell, value] = [cells.get(name), cells.get(target)];
    const written = Object.hasOwn(info.tensors, target) && !Object.hasOwn(info.tensors, name);
    if (cell === undefined || value === undefined || !written) {
      throw fail(`'${name}' cannot be '${target}'`);
    }
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

/** Gives floating-point values the dtype that they have in the file. */
function convert(model: Module, { tensors }: ModelInfo): void {
  for (const [name, cell] of model.namedCells()) {
    if (!Object.hasOwn(tensors, name) || !isFloat(cell.dtype)) continue;
    const dtype = DTYPE_OF[tensors[name].dtype];
    if (isDType(dtype) && isFloat(dtype)) convertCell(cell, dtype);
  }
}
