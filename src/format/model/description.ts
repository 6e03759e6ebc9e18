/** A model in words: the tree of its modules as plain data. */
import { type FormatError, ValueError } from '../../base/index.ts';
import { layerName, layerNames, type Module, Sequential } from '../../nn/index.ts';

/** A module of a saved model. */
export interface ModelNode {
  /** The name of a layer (`Linear`), `Sequential`, or of a class of the user's. */
  readonly type: string;
  /** Whether the class is the user's: it may be called as a layer is. */
  readonly own?: true;
  /** What `config()` gave. */
  readonly config: readonly unknown[];
  /** Names and modules held directly. */
  readonly children: readonly (readonly [name: string, node: ModelNode])[];
  /** The path of the same module, where it was met first; the rest is then empty. */
  readonly same?: string;
}

export const SEQUENTIAL = 'Sequential';
/** Deeper ones are a mistake or an attack; recursion is safe up to here. */
const MAX_DEPTH = 100;
/** Modules, each counted under every name: sharing within what is shared doubles them each time. */
const MAX_MODULES = 100_000;

/** More arguments, and modules held directly, than any class has; they are spread over a call. */
const MAX_LIST = 1000;
const MAX_CHILDREN = 10_000;

export const join = (path: string, name: string): string =>
  path === '' ? name : `${path}.${name}`;

/** Whether a module's class is the user's. */
export const isOwn = ({ type, own }: ModelNode): boolean =>
  own === true || (type !== SEQUENTIAL && !layerNames().includes(type));

/** The tree of a module. Throws ValueError for a config that is no plain data. */
export function describe(op: string, root: Module): ModelNode {
  const seen = new Map<Module, string>();
  const tooMuch = (problem: string): ValueError =>
    new ValueError({
      op,
      problem,
      remedy: 'save parts of it, or its stateDict() with saveSafetensors',
    });
  const visit = (module: Module, path: string, depth: number): ModelNode => {
    const before = seen.get(module);
    if (before !== undefined) return { ...kindOf(module), config: [], children: [], same: before };
    if (depth > MAX_DEPTH) throw tooMuch(`modules are nested more than ${MAX_DEPTH} deep`);
    seen.set(module, path);
    const children = module
      .namedChildren()
      .map(([name, child]) => [name, visit(child, join(path, name), depth + 1)] as const);
    return { ...kindOf(module), config: plainConfig(op, path, module), children };
  };
  const node = visit(root, '', 0);
  if (countModules(node) > MAX_MODULES) {
    throw tooMuch(`it has more than ${MAX_MODULES} modules, each counted under every name`);
  }
  return node;
}

function kindOf(module: Module): Pick<ModelNode, 'type' | 'own'> {
  const layer = layerName(module);
  if (layer !== null) return { type: layer };
  if (module.constructor === Sequential) return { type: SEQUENTIAL };
  return { type: module.constructor.name || 'Module', own: true };
}

/** How many names modules have. */
function countModules(root: ModelNode): number {
  const counts = new Map<string, number>();
  const visit = (node: ModelNode, path: string): number => {
    if (node.same !== undefined) return counts.get(node.same) ?? 1;
    const below = node.children.map(([name, child]) => visit(child, join(path, name)));
    const count = below.reduce((a, b) => a + b, 1);
    counts.set(path, count);
    return count;
  };
  return visit(root, '');
}

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
    const { type, own, config, children, same } = node ?? {};
    if (typeof type !== 'string' || !Array.isArray(config) || !Array.isArray(children)) {
      throw fail('the description is no tree of modules');
    }
    if (config.length > MAX_LIST || children.length > MAX_CHILDREN) {
      throw fail(`a ${type} has ${config.length} arguments and ${children.length} modules`);
    }
    if (!isPlain(config, 0)) throw fail('the description has a config that is nested too deep');
    const list = (children as unknown[]).map((child) => {
      const [name, below] = Array.isArray(child) ? (child as unknown[]) : [];
      if (typeof name !== 'string') throw fail('the description has a module without a name');
      return [name, visit(below, depth + 1)] as const;
    });
    return {
      type,
      ...(own === true ? { own } : {}),
      config,
      children: list,
      ...(typeof same === 'string' ? { same } : {}),
    };
  };
  const node = visit(parsed, 0);
  if (countModules(node) > MAX_MODULES) throw fail(`it has more than ${MAX_MODULES} modules`);
  return node;
}
