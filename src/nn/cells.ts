/** Parameters and buffers: the cells of modules. */
import type { Shape } from '../base/index.ts';
import { buffer as bufferOf, type Tensor } from '../tensor/index.ts';

const buffers = new WeakSet<Tensor>();

/**
 * State of a module that is saved with it but not trained, such as running statistics: a tensor
 * whose value `assign` replaces.
 *
 * @example
 * class Counter extends nn.Module {
 *   count = nn.buffer(zeros([]));
 *   forward(x: Tensor) {
 *     this.count.assign(this.count.add(1));
 *     return x;
 *   }
 * }
 */
export function buffer<S extends Shape>(value: Tensor<S>): Tensor<S> {
  const cell = bufferOf(value);
  buffers.add(cell);
  return cell;
}

export const isBuffer = (t: Tensor): boolean => buffers.has(t);

/** Gives a cell another floating-point dtype, or device; its identity stays. */
export function convertCell(cell: Tensor, target: string): void {
  if (cell.dtype === target || cell.device === target) return;
  const wantsGrad = cell.requiresGrad;
  const value = cell.detach().to(target);
  const grad = cell.grad?.to(target) ?? null;
  cell.requiresGrad = false;
  cell.replaceStorage(value.storage);
  cell.offset = value.offset;
  cell.spec = value.spec;
  // A fresh leaf: the one before told the old dtype.
  cell.requiresGrad = wantsGrad;
  cell.grad = grad;
}
