/** A model in words: the tree of its modules as plain data, and a model of such words. */
import { FormatError, GradusError, given, ValueError } from '../../base/index.ts';
import {
  layerName,
  layerNames,
  Module,
  makeLayer,
  Sequential,
  sequential,
} from '../../nn/index.ts';

/** A module of a saved model. */
export interface ModelNode {
  /** The name of a layer (`Linear`), `Sequential`, or of a class of the user's. */
  readonly type: string;
  /** What `config()` gave. */
  readonly config: readonly unknown[];
  /** Names and modules held directly. */
  readonly children: readonly (readonly [name: string, node: ModelNode])[];
  /** The path of the same module, where it was met first; the rest is then empty. */
  readonly same?: string;
}

/** A class of the user's, or what makes one of its modules, from what its `config()` gave. */
export type ModuleMaker = (new (...config: never[]) => Module) | ((...config: never[]) => Module);

const SEQUENTIAL = 'Sequential';
/** Deeper ones are a mistake or an attack; recursion is safe up to here. */
const MAX_DEPTH = 100;

/** More arguments, or modules held directly, than anybody has. */
const MAX_LIST = 1000;
const MAX_CHILDREN = 10_000;

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The tree of a module. Throws ValueError for a config that is no plain data. */
export function describe(op: string, root: Module): ModelNode {
  const seen = new Map<Module, string>();
  const visit = (module: Module, path: string, depth: number): ModelNode => {
    const before = seen.get(module);
    if (before !== undefined)
      return { type: typeOf(module), config: [], children: [], same: before };
    if (depth > MAX_DEPTH) {
      throw new ValueError({
        op,
        problem: `modules are nested more than ${MAX_DEPTH} deep`,
        remedy: 'save parts of it, or its stateDict() with saveSafetensors',
      });
    }
    seen.set(module, path);
    const children = module
      .namedChildren()
      .map(([name, child]) => [name, visit(child, join(path, name), depth + 1)] as const);
    return { type: typeOf(module), config: plainConfig(op, path, module), children };
  };
  return visit(root, '', 0);
}

const typeOf = (module: Module): string =>
  layerName(module) ??
  (module.constructor === Sequential ? SEQUENTIAL : module.constructor.name || 'Module');

function plainConfig(op: string, path: string, module: Module): readonly unknown[] {
  const config: unknown = module.config();
  // Arguments at the end that were left out.
  const list = Array.isArray(config) ? [...(config as unknown[])] : [];
  while (list.length > 0 && list[list.length - 1] === undefined) list.pop();
  if (Array.isArray(config) && list.length <= MAX_LIST && isPlain(list, 0)) return list;
  throw new ValueError({
    op,
    problem: `config() of ${path || 'the model'} gives no list of plain data`,
    remedy: 'give a list of numbers, strings, booleans, null, lists, objects: return [this.size]',
  });
}

function isPlain(x: unknown, depth: number): boolean {
  if (x === null || typeof x === 'string' || typeof x === 'boolean') return true;
  if (typeof x === 'number') return Number.isFinite(x);
  if (depth > 10 || typeof x !== 'object') return false;
  if (Array.isArray(x)) return x.every((y) => isPlain(y, depth + 1));
  const proto: unknown = Object.getPrototypeOf(x);
  if (proto !== Object.prototype && proto !== null) return false;
  return Object.values(x).every((y) => isPlain(y, depth + 1));
}

/** The tree in a file. Throws FormatError, through `fail`, for what is none. */
export function parseNode(text: string | undefined, fail: (why: string) => FormatError): ModelNode {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? '');
  } catch (error) {
    throw fail(`the description is no JSON: ${(error as Error).message}`);
  }
  const visit = (x: unknown, depth: number): ModelNode => {
    if (depth > MAX_DEPTH) throw fail(`modules are nested more than ${MAX_DEPTH} deep`);
    const node = x as Partial<ModelNode> | null;
    const { type, config, children, same } = node ?? {};
    if (typeof type !== 'string' || !Array.isArray(config) || !Array.isArray(children)) {
      throw fail('the description is no tree of modules');
    }
    if (config.length > MAX_LIST || children.length > MAX_CHILDREN) {
      throw fail(`a ${type} has ${config.length} arguments and ${children.length} modules`);
    }
    const list = (children as unknown[]).map((child) => {
      const [name, below] = Array.isArray(child) ? (child as unknown[]) : [];
      if (typeof name !== 'string') throw fail('the description has a module without a name');
      return [name, visit(below, depth + 1)] as const;
    });
    return { type, config, children: list, ...(typeof same === 'string' ? { same } : {}) };
  };
  return visit(parsed, 0);
}

export interface Rebuild {
  readonly fail: (why: string) => FormatError;
  readonly classes: Readonly<Record<string, ModuleMaker>>;
  /** Throws unless a layer of that size can be meant. */
  readonly checkSize: (path: string, elements: number) => void;
  /** What to say of a class that is not known. */
  readonly unknownClass: (path: string, type: string) => GradusError;
}

/** The module that a tree describes, with initial values. */
export function rebuild(root: ModelNode, how: Rebuild): Module {
  const made = new Map<string, Module>();
  const visit = (node: ModelNode, path: string): Module => {
    if (node.same !== undefined) {
      const shared = made.get(node.same);
      if (shared === undefined)
        throw how.fail(`${path} is said to be '${node.same}', which is not`);
      return shared;
    }
    const module = make(node, path);
    made.set(path, module);
    return module;
  };
  const make = (node: ModelNode, path: string): Module => {
    if (Object.hasOwn(how.classes, node.type)) return own(node, path);
    try {
      if (node.type === SEQUENTIAL) {
        const modules = node.children.map(([name, child], i) => {
          if (name !== String(i))
            throw how.fail(`${path || 'a Sequential'} has a module '${name}'`);
          return visit(child, join(path, name));
        });
        return sequential(...modules);
      }
      how.checkSize(path, sizeOf(node.config));
      const layer = makeLayer(node.type, node.config);
      if (layer !== null) return layer;
    } catch (error) {
      if (!(error instanceof GradusError) || error instanceof FormatError) throw error;
      if (!error.op?.startsWith('nn.')) throw error;
      throw how.fail(`${path || 'the model'} cannot be made: ${error.message.split('\n')[0]}`);
    }
    throw how.unknownClass(path, node.type);
  };
  const own = (node: ModelNode, path: string): Module => {
    const make = how.classes[node.type];
    const config = node.config as never[];
    const module: unknown =
      make.prototype instanceof Module
        ? new (make as new (...config: never[]) => Module)(...config)
        : (make as (...config: never[]) => Module)(...config);
    if (!(module instanceof Module)) {
      throw how.fail(`classes.${node.type} gave ${given(module)} for ${path}, not a module`);
    }
    return module;
  };
  return visit(root, '');
}

/** An upper bound of a layer's elements: the product of its sizes, which come before its options. */
function sizeOf(config: readonly unknown[]): number {
  const options = config.at(-1) as { groups?: unknown } | undefined;
  const groups = typeof options?.groups === 'number' && options.groups >= 1 ? options.groups : 1;
  const sizes = config.flat().filter((x) => typeof x === 'number' && x > 1) as number[];
  return sizes.reduce((a, b) => a * b, 1) / groups;
}

/**
 * Where two trees differ, in words. Classes of the user's may have another name: bundlers give them
 * one.
 */
export function differences(file: ModelNode, here: ModelNode): string[] {
  const out: string[] = [];
  const show = (node: ModelNode): string =>
    `${node.type}(${JSON.stringify(node.config).slice(1, -1)})`;
  const own = new Set([...layerNames(), SEQUENTIAL]);
  const visit = (a: ModelNode, b: ModelNode, path: string): void => {
    const at = path || 'the model';
    if (a.same !== b.same) {
      const told = ({ same, type }: ModelNode): string =>
        same === undefined ? `a ${type} of its own` : `the same as '${same}'`;
      out.push(`${at} is ${told(a)} in the file, ${told(b)} here`);
      return;
    }
    const sameType = a.type === b.type || !(own.has(a.type) || own.has(b.type));
    if (!sameType || JSON.stringify(a.config) !== JSON.stringify(b.config)) {
      out.push(`${at} is ${show(a)} in the file, ${show(b)} here`);
      return;
    }
    const below = new Set([...a.children, ...b.children].map(([name]) => name));
    for (const name of below) {
      const [x, y] = [a, b].map((n) => n.children.find(([other]) => other === name)?.[1]);
      const place = join(path, name);
      if (x !== undefined && y !== undefined) visit(x, y, place);
      else if (x !== undefined) out.push(`${place} is ${show(x)} in the file, nothing here`);
      else if (y !== undefined) out.push(`${place} is ${show(y)} here, nothing in the file`);
    }
  };
  visit(file, here, '');
  return out;
}
