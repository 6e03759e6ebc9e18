/** Where a file's model and one that is there differ, in words. */
import { formatShape, sameShape } from '../../base/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { DTYPE_OF } from '../safetensors/header.ts';
import { isOwn, join, type ModelNode } from './description.ts';
import type { ModelInfo } from './header.ts';

/**
 * Modules that differ by their path. Classes of the user's may have another name, bundlers give them
 * one; what their `config()` gives must be the same.
 */
export function moduleDifferences(file: ModelNode, here: ModelNode): string[] {
  const out: string[] = [];
  const visit = (a: ModelNode, b: ModelNode, path: string): void => {
    if (!isAlike(a, b)) {
      out.push(`${path || 'the model'} is ${show(a)} in the file, ${show(b)} here`);
    }
    if (a.same !== undefined || b.same !== undefined) return;
    const [inFile, inHere] = [new Map(a.children), new Map(b.children)];
    for (const name of new Set([...inFile.keys(), ...inHere.keys()])) {
      const [x, y] = [inFile.get(name), inHere.get(name)];
      const at = join(path, name);
      if (x !== undefined && y !== undefined) visit(x, y, at);
      else if (x !== undefined) out.push(`${at} is ${show(x)} in the file, nothing here`);
      else if (y !== undefined) out.push(`${at} is ${show(y)} here, nothing in the file`);
    }
  };
  visit(file, here, '');
  return out;
}

const isAlike = (a: ModelNode, b: ModelNode): boolean =>
  a.same === b.same &&
  (a.type === b.type ? isOwn(a) === isOwn(b) : isOwn(a) && isOwn(b)) &&
  JSON.stringify(a.config) === JSON.stringify(b.config);

const show = ({ type, config, same }: ModelNode): string =>
  same === undefined
    ? `${type}(${JSON.stringify(config).slice(1, -1)})`
    : `the same module as '${same}'`;

/** Values that differ by their name. */
export interface StateDifferences {
  /** Names that are on one side only, or stand for one value on one side and for several on the other. */
  readonly names: readonly string[];
  readonly shapes: readonly string[];
  readonly dtypes: readonly string[];
}

/** Compares with the header: no tensor of the file is needed. */
export function stateDifferences(
  { tensors, shared }: ModelInfo,
  cells: readonly (readonly [string, Tensor])[],
): StateDifferences {
  const namesOf = new Map<Tensor, string[]>();
  for (const [name, cell] of cells) {
    const names = namesOf.get(cell);
    if (names === undefined) namesOf.set(cell, [name]);
    else names.push(name);
  }
  const missing: string[] = [];
  const apart: string[] = [];
  const shapes: string[] = [];
  const dtypes: string[] = [];
  for (const [cell, names] of namesOf) {
    const written = names.filter((name) => Object.hasOwn(tensors, name));
    const alias = names.find((name) => Object.hasOwn(shared, name));
    if (written.length > 1) {
      apart.push(`${written.join(', ')}: one value here, ${written.length} in the file`);
    } else if (written.length === 0 && alias !== undefined) {
      apart.push(`${alias} is shared with ${shared[alias]} in the file, a value of its own here`);
    } else if (written.length === 0) missing.push(...names);
    for (const name of written) {
      const { shape, dtype } = tensors[name];
      if (!sameShape(shape, cell.shape)) {
        shapes.push(
          `${name} is ${formatShape(shape)} in the file, ${formatShape(cell.shape)} here`,
        );
      }
      if (DTYPE_OF[dtype] !== cell.dtype) {
        dtypes.push(`${name} is ${DTYPE_OF[dtype] ?? dtype} in the file, ${cell.dtype} here`);
      }
    }
  }
  const known = new Set(cells.map(([name]) => name));
  const unexpected = Object.keys(tensors).filter((name) => !known.has(name));
  const list = (word: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${names.length} ${word}: ${names.join(', ')}`];
  const names = [...list('missing', missing), ...list('unexpected', unexpected), ...apart];
  return { names, shapes, dtypes };
}
