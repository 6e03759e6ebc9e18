/** Modules made of their description. */
import { type FormatError, GradusError, given, ValueError } from '../../base/index.ts';
import { layerElements, Module, makeLayer, sequential } from '../../nn/index.ts';
import { isOwn, join, type ModelNode, SEQUENTIAL } from './description.ts';
import { damaged, type ModelInfo } from './header.ts';

/** A class of the user's, or what makes one of its modules, from what its `config()` gave. */
export type ModuleMaker = (new (...config: never[]) => Module) | ((...config: never[]) => Module);

/** Initial values that a file does not account for: a small model's names are then told instead. */
const SPARE_ELEMENTS = 1e6;
/** How many times larger than its file a model may be while values that it shares are made apart. */
const SHARED_TIMES = 16;

/** What is known while a model is made. */
interface Making {
  readonly op: string;
  readonly path: string | URL;
  readonly fail: (why: string) => FormatError;
  readonly classes: Readonly<Record<string, ModuleMaker>>;
  /** Modules by path, for what is shared. */
  readonly made: Map<string, Module>;
  /** Elements that may yet be made. */
  left: number;
}

/**
 * The module that a file describes, with initial values, for which never more memory is taken than
 * the file's own tensors account for. Throws FormatError for a description that makes no sense,
 * ValueError for a class that is not known or cannot be made.
 */
export function rebuild(
  op: string,
  path: string | URL,
  info: ModelInfo,
  classes: Readonly<Record<string, ModuleMaker>>,
): Module {
  const held = Object.values(info.tensors)
    .map(({ shape }) => shape.reduce((a, b) => a * b, 1))
    .reduce((a, b) => a + b, 0);
  const times = Object.keys(info.shared).length > 0 ? SHARED_TIMES : 1;
  const left = held * times + SPARE_ELEMENTS;
  return visit(info.model, '', {
    op,
    path,
    fail: damaged(op, path),
    classes,
    made: new Map(),
    left,
  });
}

function visit(node: ModelNode, at: string, making: Making): Module {
  if (node.same === undefined) {
    const module = make(node, at, making);
    making.made.set(at, module);
    return module;
  }
  const shared = making.made.get(node.same);
  if (shared !== undefined) return shared;
  throw making.fail(`${at} is said to be '${node.same}', which is not`);
}

function make(node: ModelNode, at: string, making: Making): Module {
  if (isOwn(node)) {
    if (!Object.hasOwn(making.classes, node.type)) throw unknownClass(node, at, making);
    return makeOwn(node, at, making);
  }
  if (node.type !== SEQUENTIAL) return makeKnown(node, at, making);
  const modules = node.children.map(([name, child], i) => {
    if (name !== String(i)) throw making.fail(`${at || 'a Sequential'} has a module '${name}'`);
    return visit(child, join(at, name), making);
  });
  return sequential(...modules);
}

function makeKnown({ type, config }: ModelNode, at: string, making: Making): Module {
  const elements = layerElements(type, config);
  if (elements > making.left) {
    throw making.fail(
      `${at || 'the model'}, a ${type}, is to have ${elements} elements, more than the file holds`,
    );
  }
  making.left -= elements;
  try {
    return makeLayer(type, config) as Module;
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    throw making.fail(`${at || 'the model'} cannot be made: ${firstLine(error)}`);
  }
}

function makeOwn(node: ModelNode, at: string, making: Making): Module {
  const { op, path, classes, made } = making;
  const maker = classes[node.type];
  const config = node.config as never[];
  let module: unknown;
  try {
    module =
      maker.prototype instanceof Module
        ? new (maker as new (...config: never[]) => Module)(...config)
        : (maker as (...config: never[]) => Module)(...config);
  } catch (error) {
    throw new ValueError({
      op,
      problem:
        `${path}: ${at || 'the model'}, a ${node.type}, cannot be made from what its config() ` +
        `gave, ${JSON.stringify(config)}: ${firstLine(error)}`,
      remedy:
        `let config() of ${node.type} give what its constructor takes, and save again; or pass ` +
        'an instance: loadModel(path, net)',
      cause: error,
    });
  }
  if (!(module instanceof Module)) {
    throw new ValueError({
      op,
      problem: `classes.${node.type} gave ${given(module)} for ${at || 'the model'}, not a module`,
    });
  }
  for (const [name, inner] of module.namedModules()) made.set(join(at, name), inner);
  return module;
}

function unknownClass({ type }: ModelNode, at: string, { op, path }: Making): ValueError {
  const where = at === '' ? '' : `${at}, `;
  // The file may hold any text.
  if (!/^[\p{L}\p{N}_$]{1,80}$/u.test(type)) {
    return new ValueError({
      op,
      problem: `${path} holds ${where}a module of the class ${JSON.stringify(type.slice(0, 40))}`,
      remedy: 'pass an instance: loadModel(path, net)',
    });
  }
  return new ValueError({
    op,
    problem: `${path} holds ${where}a module of the class ${type}, which is none of Gradus`,
    remedy:
      `pass an instance: loadModel(path, new ${at === '' ? type : 'Net'}()), ` +
      `or the class: loadModel(path, { classes: { ${type} } })`,
  });
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0];
