/** The modules whose `forward` is running, outermost first: paths for errors, and a check. */
import { GraphError, setModulePathSource } from '../base/index.ts';
import type { Module } from './module.ts';
import { cellsBelow, modulesBelow, pathTo } from './walk.ts';

const open: Module[] = [];
/** Callers from which a module was found reachable. */
const reachable = new WeakMap<Module, WeakSet<Module>>();
let announced = false;

/** Lets errors ask for the path of the running module; the first module made calls it. */
export function announcePaths(): void {
  if (announced) return;
  announced = true;
  setModulePathSource(runningPath);
}

/** Whether `module` is the innermost running one: then this is a `super.forward` call. */
export const isInnermost = (module: Module): boolean =>
  open.length > 0 && open[open.length - 1] === module;

/** Begins a forward. Throws GraphError for a module that its caller does not hold. */
export function enter(module: Module): void {
  if (open.length > 0) {
    const caller = open[open.length - 1];
    if (reachable.get(module)?.has(caller) !== true) checkReachable(caller, module);
  }
  open.push(module);
}

export function leave(): void {
  open.pop();
}

/** An enclosing module further out may hold it: it may have been passed as an argument. */
function checkReachable(caller: Module, module: Module): void {
  if (!open.some((m) => pathTo(m, module) !== null) && hasState(module)) {
    const name = module.constructor.name;
    throw new GraphError({
      op: `${caller.constructor.name}.forward`,
      problem:
        `it calls a module (${name}) that none of its fields lead to, so parameters() does not ` +
        'list its parameters: they would not train, and train() and eval() would not reach it',
      remedy:
        `make the ${name} in the constructor and keep it in a public field, array, Map or plain ` +
        'object; `#private` fields cannot be seen from outside their class',
    });
  }
  const callers = reachable.get(module) ?? new WeakSet<Module>();
  callers.add(caller);
  reachable.set(module, callers);
}

/** Without cells, and the same in training and evaluation, a module may be made on the spot. */
const hasState = (module: Module): boolean =>
  cellsBelow(module).length > 0 || modulesBelow(module).some((m) => m.value.usesTraining);

/** Path of the innermost running module such as `net.layers.2.conv`; empty outside any forward. */
export function runningPath(): string {
  const paths: string[] = [];
  for (let i = 0; i < open.length; i++) {
    const name = nameOf(open[i]);
    let path = i === 0 ? name : `${paths[i - 1]}.${name}`;
    for (let outer = i - 1; outer >= 0; outer--) {
      const found = pathTo(open[outer], open[i]);
      if (found === null) continue;
      path = found === '' ? paths[outer] : `${paths[outer]}.${found}`;
      break;
    }
    paths.push(path);
  }
  return paths.at(-1) ?? '';
}

/** The class's name in camelCase: Net, MLP and CNNModel give net, mlp and cnnModel. */
function nameOf(module: Module): string {
  const name = module.constructor.name;
  if (name === '') return 'model';
  return name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (s) => s.toLowerCase());
}
