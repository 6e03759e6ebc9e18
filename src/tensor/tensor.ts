/**
 * The Tensor: an immutable value (or a cell: a parameter or buffer whose value is replaced). Its
 * methods are typed wrappers of the ops in `ir/ops`.
 */
import {
  bytesOf,
  type DType,
  GraphError,
  isFloat,
  ShapeError,
  sameShape,
  type Shape,
  type Spec,
  type TypedArray,
  ValueError,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { getDevice, type Storage } from '../runtime/device.ts';
import { type BackwardOptions, backward } from './backward.ts';
import { gradMode, setGradMode } from './grad-mode.ts';
import { LEAF, Node } from './node.ts';

export class Tensor<S extends Shape = Shape> implements ops.Value {
  // Set in one order and never deleted: one hidden class for plain tensors and cells.
  /** @internal */
  storage: Storage;
  /** Bytes from the storage's start to element 0. @internal */
  offset: number;
  /** Interned dtype, shape, strides and device. @internal */
  spec: Spec;
  /** The tape node that made it; not null means that it requires a gradient. @internal */
  node: Node | null;
  /** The gradient gathered by `backward`, on leaves. */
  grad: Tensor<S> | null = null;
  /** A parameter or buffer: `assign` replaces its value. @internal */
  cell = false;

  /** @internal Tensors are made by `tensor`, `zeros`, ... and by ops. */
  constructor(storage: Storage, offset: number, spec: Spec, node: Node | null) {
    this.storage = storage;
    this.offset = offset;
    this.spec = spec;
    this.node = node;
  }

  get shape(): S {
    return this.spec.shape as S;
  }

  get dtype(): DType {
    return this.spec.dtype;
  }

  get device(): string {
    return this.spec.device;
  }

  /** Number of elements. */
  get numel(): number {
    return this.spec.numel;
  }

  /** Number of dimensions. */
  get rank(): number {
    return this.spec.shape.length;
  }

  /** Bytes of the elements, packed. */
  get byteLength(): number {
    return this.spec.numel * bytesOf(this.spec.dtype);
  }

  // ---- gradients

  /** Whether operations on this tensor are recorded for `backward`. Settable on leaves. */
  get requiresGrad(): boolean {
    return this.node !== null;
  }

  set requiresGrad(on: boolean) {
    if (this.node !== null && this.node.op !== LEAF) {
      throw new GraphError({
        op: 'requiresGrad',
        problem: 'this tensor is the result of an operation, so it is no leaf',
        operands: [this.spec],
        remedy: 'set it on the tensors it is computed from, or on x.detach()',
      });
    }
    if (on && !isFloat(this.dtype)) {
      throw new GraphError({
        op: 'requiresGrad',
        problem: `only float tensors have gradients, this one is ${this.dtype}`,
        operands: [this.spec],
        remedy: "convert it, e.g. x.to('float32')",
      });
    }
    if (!on) this.node = null;
    else if (this.node === null) {
      this.node = new Node(LEAF, 0, null, null, null, null, null, null, this.spec, null, 0, 0, 0);
      this.node.leaf = this as Tensor;
    }
  }

  /**
   * Adds the gradient of this tensor into `.grad` of every leaf it depends on. Releases what the
   * tape had saved, unless `retainGraph` or `createGraph` is given.
   *
   * Throws GraphError without anything to differentiate, or on a second backward; ShapeError for
   * more than one element without `gradient`.
   *
   * @example
   * const w = Parameter(tensor([1, 2]));
   * w.mul(w).sum().backward();
   * w.grad.toArray(); // [2, 4]
   */
  backward(options: BackwardOptions = {}): void {
    backward(this as Tensor, options);
  }

  /** The same values, cut off the tape. */
  detach(): Tensor<S> {
    if (this.cell) this.storage.shared = true;
    return new Tensor<S>(this.storage, this.offset, this.spec, null);
  }

  // ---- cells

  /**
   * Replaces the value of a parameter or buffer. Views and detached copies of the old value keep
   * it.
   *
   * Throws GraphError on a tensor that is not a cell, ShapeError if the shapes differ.
   */
  assign(value: Tensor | number): this {
    if (!this.cell) {
      throw new GraphError({
        op: 'assign',
        problem: 'tensors are immutable: only parameters and buffers can be assigned',
        operands: [this.spec],
        remedy: 'make it a Parameter(t) or nn.buffer(t)',
      });
    }
    const before = setGradMode(false);
    try {
      this.write(value);
    } finally {
      setGradMode(before);
    }
    return this;
  }

  private write(value: Tensor | number): void {
    const same = typeof value === 'number' || sameShape(value.shape, this.shape);
    if (!same) {
      throw new ShapeError({
        op: 'assign',
        problem: 'the new value must have the shape of the cell',
        operands: [this.spec, value.spec],
      });
    }
    const source =
      typeof value === 'number' ? ops.full(this.shape, value, this.dtype, this.device) : value;
    ops.interpreter().update(ops.CAST, [source], ops.attrs({ dtype: this.dtype }), [this as Tensor]);
  }

  /** A cell's new storage, or its own written in place. @internal */
  replaceStorage(storage: Storage): void {
    this.storage.version++;
    this.storage = storage;
    this.offset = 0;
  }

  /** this += g, into its own memory. The caller owns it alone. @internal */
  accumulate(g: Tensor): void {
    ops.interpreter().update(ops.ADD, [this, g], null, [this]);
  }

  /** @internal */
  plus(other: Tensor): Tensor {
    return ops.add(this, other) as Tensor;
  }

  // ---- reading

  /**
   * The elements in row-major order, as the dtype's typed array (`bool`: Uint8Array of 0 and 1).
   * A copy, unless `{ copy: false }`: then possibly a view, which must not be written.
   */
  data(options: { readonly copy?: boolean } = {}): TypedArray {
    const t = this.spec.contiguous ? this : (noGradCopy(this) as Tensor);
    const device = getDevice(this.device);
    const read = options.copy === false ? device.view : device.read;
    return read.call(device, t, this.dtype, this.numel);
  }

  /**
   * The only element as a number (`bool`: 0 or 1).
   *
   * Throws ValueError for more than one element, RangeError for an int64 beyond 2^53.
   */
  item(): number {
    const x = this.only('item');
    const n = Number(x);
    if (typeof x === 'bigint' && !Number.isSafeInteger(n)) {
      throw new RangeError(`item: ${x} is not a safe integer; use itemBigInt()`);
    }
    return n;
  }

  /** The only element of an integer tensor as a BigInt. */
  itemBigInt(): bigint {
    return BigInt(this.only('itemBigInt'));
  }

  private only(op: string): number | bigint {
    if (this.numel !== 1) {
      throw new ValueError({
        op,
        problem: `a tensor of ${this.numel} elements has no single value`,
        operands: [this.spec],
        remedy: 'use toArray(), or pick one element with at(...)',
      });
    }
    return getDevice(this.device).read(this, this.dtype, 1)[0];
  }
}

function noGradCopy(t: Tensor): ops.Value {
  const mode = gradMode();
  setGradMode(false);
  try {
    return ops.copy(t);
  } finally {
    setGradMode(mode);
  }
}
