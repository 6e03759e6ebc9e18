/**
 * Arguments and results of compiled functions: tensors within plain objects, arrays, numbers, strings,
 * booleans, null and undefined. The tensors are listed; the rest is a template to put others into.
 */
import { GraphError, given } from '../base/index.ts';
import { Tensor } from '../tensor/index.ts';

/** A structure whose tensors are places in a list. */
export type Template =
  | { readonly kind: 'tensor'; readonly place: number }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'array'; readonly items: readonly Template[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Template])[] };

export interface Flat {
  readonly template: Template;
  readonly tensors: readonly Tensor[];
  /** Where each tensor stands: `x`, `batch.images`, `1[0]`. */
  readonly paths: readonly string[];
}

/** Takes the tensors out of a structure. Throws a GraphError for what is neither. */
export function flatten(op: string, root: unknown, names: (i: number) => string): Flat {
  const tensors: Tensor[] = [];
  const paths: string[] = [];
  const open = new Set<object>();
  const refuse = (x: unknown, path: string, problem?: string): never => {
    throw new GraphError({
      op,
      problem: problem ?? `${path === '' ? 'the value' : path} is ${given(x)}`,
      remedy:
        'compiled functions take and return tensors, numbers, strings, booleans, null, and arrays and plain objects of these',
    });
  };
  const walk = (x: unknown, path: string, depth: number): Template => {
    if (x instanceof Tensor) {
      paths.push(path);
      return { kind: 'tensor', place: tensors.push(x) - 1 };
    }
    if (typeof x === 'function' || typeof x === 'symbol') return refuse(x, path);
    if (typeof x !== 'object' || x === null) return { kind: 'value', value: x };
    if (open.has(x)) return refuse(x, path, `${path} contains itself`);
    open.add(x);
    try {
      if (Array.isArray(x)) {
        const at = (i: number) => (depth === 0 && path === '' ? names(i) : `${path}[${i}]`);
        return { kind: 'array', items: x.map((y, i) => walk(y, at(i), depth + 1)) };
      }
      const proto = Object.getPrototypeOf(x);
      if (proto !== null && Object.getPrototypeOf(proto) !== null) return refuse(x, path);
      const entries = Object.entries(x).map(
        ([key, y]) => [key, walk(y, path === '' ? key : `${path}.${key}`, depth + 1)] as const,
      );
      return { kind: 'object', entries };
    } finally {
      open.delete(x);
    }
  };
  return { template: walk(root, '', 0), tensors, paths };
}

/** The structure with what `at` gives in the places of its tensors. */
export function unflatten(template: Template, at: (place: number) => unknown): unknown {
  switch (template.kind) {
    case 'tensor':
      return at(template.place);
    case 'value':
      return template.value;
    case 'array':
      return template.items.map((t) => unflatten(t, at));
    case 'object':
      return Object.fromEntries(template.entries.map(([key, t]) => [key, unflatten(t, at)]));
  }
}

/**
 * A structure as text, equal for structures that differ in their tensors alone; or in numbers too, if
 * these are not to count.
 */
export function structureKey(t: Template, numbers = true): string {
  switch (t.kind) {
    case 'tensor':
      return 'T';
    case 'value':
      if (!numbers && typeof t.value === 'number') return '#';
      return typeof t.value === 'string'
        ? JSON.stringify(t.value)
        : Object.is(t.value, -0)
          ? '-0'
          : typeof t.value === 'bigint'
            ? `${t.value}n`
            : String(t.value);
    case 'array':
      return `[${t.items.map((x) => structureKey(x, numbers)).join(',')}]`;
    case 'object':
      return `{${t.entries.map(([k, v]) => `${JSON.stringify(k)}:${structureKey(v, numbers)}`).join(',')}}`;
  }
}
