/** Finds tensors and modules among a module's own fields: arrays, Maps and plain objects too. */
import { GraphError } from '../base/index.ts';
import { type Place, Tensor } from '../tensor/index.ts';
import type { Module } from './module.ts';

/** Marks modules, so that walking needs no import of the class. */
export const MODULE_BRAND: unique symbol = Symbol('gradus.module');

export const isModule = (x: unknown): x is Module =>
  typeof x === 'object' && x !== null && MODULE_BRAND in x;

/** Something held by a module, and its name from there: `weight`, `layers.0`. */
export interface Held<T> {
  readonly name: string;
  readonly value: T;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** What the fields of one module hold directly, in order; modules are not entered. */
export function heldBy(module: Module): Held<Tensor | Module>[] {
  const out: Held<Tensor | Module>[] = [];
  const containers = new Set<object>();
  const visit = (name: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (value instanceof Tensor || isModule(value)) {
      out.push({ name, value });
      return;
    }
    if (containers.has(value)) return;
    containers.add(value);
    if (Array.isArray(value)) value.forEach((v, i) => visit(join(name, String(i)), v));
    else if (value instanceof Map) for (const [k, v] of value) visit(join(name, String(k)), v);
    else if (isPlain(value)) for (const k of Object.keys(value)) visit(join(name, k), value[k]);
  };
  const fields = module as unknown as Record<string, unknown>;
  for (const key of Object.keys(fields)) visit(key, fields[key]);
  return out;
}

/**
 * Where a module's own settings, tensors and modules stand: in its fields, and in arrays and plain
 * objects there.
 */
export function placesIn(module: Module): Place[] {
  const out: Place[] = [];
  const seen = new Set<object>();
  const visit = (holder: Place['holder']): void => {
    if (seen.has(holder)) return;
    seen.add(holder);
    for (const key of Object.keys(holder)) {
      const value = holder[key];
      const nested = typeof value === 'object' && value !== null;
      if (nested && (Array.isArray(value) || isPlain(value))) visit(value as Place['holder']);
      else if (typeof value !== 'function') out.push({ holder, key, value });
    }
  };
  visit(module as unknown as Place['holder']);
  return out;
}

function isPlain(x: object): x is Record<string, unknown> {
  const proto: unknown = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}

/**
 * The module and all below it, outer ones first. A module held twice is listed once, unless
 * `everyName` asks for each way to reach it (a module inside itself is never entered again).
 */
export function modulesBelow(root: Module, everyName = false): Held<Module>[] {
  const out: Held<Module>[] = [];
  const seen = new Set<Module>();
  const visit = (name: string, module: Module): void => {
    if (seen.has(module)) return;
    seen.add(module);
    out.push({ name, value: module });
    for (const held of heldBy(module)) {
      if (isModule(held.value)) visit(join(name, held.name), held.value);
    }
    if (everyName) seen.delete(module);
  };
  visit('', root);
  return out;
}

/** The cells (parameters and buffers) of the module and all below it. */
export function cellsBelow(root: Module, everyName = false): Held<Tensor>[] {
  const out: Held<Tensor>[] = [];
  const seen = new Set<Tensor>();
  for (const { name, value: module } of modulesBelow(root, everyName)) {
    for (const held of heldBy(module)) {
      const t = held.value;
      if (isModule(t) || !t.cell || (seen.has(t) && !everyName)) continue;
      seen.add(t);
      out.push({ name: join(name, held.name), value: t });
    }
  }
  return out;
}

/**
 * The parameters of the module and all below it, each once. Throws a GraphError for a tensor in a
 * field that requires a gradient and is no parameter: it would get gradients and never train.
 */
export function parametersBelow(root: Module, isBuffer: (t: Tensor) => boolean): Held<Tensor>[] {
  for (const { name, value: module } of modulesBelow(root)) {
    for (const { name: field, value: t } of heldBy(module)) {
      // A leaf's node knows its tensor; results of operations, kept to be looked at, have none.
      if (isModule(t) || t.cell || t.node === null || t.node.leaf !== t) continue;
      throw new GraphError({
        op: `${root.constructor.name || 'Module'}.parameters`,
        problem:
          `'${join(name, field)}' requires a gradient but is a plain tensor, not a parameter: no ` +
          'optimiser could change it',
        operands: [t],
        remedy:
          `make it one: ${field} = Parameter(tensor(...)); keep a tensor that is not to be ` +
          'trained as t.detach()',
      });
    }
  }
  return cellsBelow(root).filter((c) => !isBuffer(c.value));
}

/** The name of `target` as seen from `root`, or null if no field leads to it. */
export function pathTo(root: Module, target: Module): string | null {
  for (const { name, value } of modulesBelow(root)) if (value === target) return name;
  return null;
}
