// Symbol.dispose: kept in the published types, for programs whose own lib has no disposables.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The Tensor: an immutable value (or a cell: a parameter or buffer whose value is replaced). Its
 * methods are typed wrappers of the ops in `ir/ops`.
 */
import {
  bytesOf,
  DTYPES,
  type DType,
  DtypeError,
  GraphError,
  isDType,
  isFloat,
  type Shape,
  ShapeError,
  type Spec,
  sameShape,
  specOf,
  type TypedArray,
  ValueError,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { deviceNames, getDevice, Storage } from '../runtime/device.ts';
import { type IndexItem, indexed } from './at.ts';
import { type BackwardOptions, backward } from './backward.ts';
import { gradMode, setGradMode } from './grad-mode.ts';
import { TensorMethods } from './methods.ts';
import { LEAF, Node } from './node.ts';
import { recording } from './recording.ts';
import type { At } from './shape-types.ts';
import { refuseSpent, SPENT } from './spent.ts';

// The elements' type depends on the dtype, which types do not tell: `any` saves every caller a cast.
// oxlint-disable typescript/no-explicit-any
/** Nested arrays as deep as the rank. */
export type Nested<S extends Shape> = number extends S['length']
  ? any
  : S extends readonly [number, ...infer R extends Shape]
    ? Nested<R>[]
    : any;
// oxlint-enable typescript/no-explicit-any

export class Tensor<S extends Shape = Shape> extends TensorMethods implements ops.Value {
  // Set in one order and never deleted: one hidden class for plain tensors and cells.
  /** @internal */
  storage: Storage;
  /** Bytes from the storage's start to element 0. @internal */
  offset: number;
  /** Interned dtype, shape, strides and device. @internal */
  spec: Spec;
  /** The tape node that made it; not null means that it requires a gradient. @internal */
  node: Node | null;
  private ownGrad: Tensor<S> | null = null;
  /** A parameter or buffer: `assign` replaces its value. @internal */
  cell = false;

  /** @internal Tensors are made by `tensor`, `zeros`, ... and by ops. */
  constructor(storage: Storage, offset: number, spec: Spec, node: Node | null) {
    super();
    if (spec === undefined) refuseNew();
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

  /** The gradient gathered by `backward`, on leaves; null while there is none. */
  get grad(): Tensor<S> | null {
    const now = recording();
    const own = this.ownGrad as Tensor | null;
    if (now !== null) return now.gradient(this as Tensor, own) as Tensor<S> | null;
    return own === SPENT ? refuseSpent(this as Tensor) : (own as Tensor<S> | null);
  }

  set grad(g: Tensor<S> | null) {
    const now = recording();
    if (now === null) this.ownGrad = g;
    else now.setGradient(this as Tensor, g as Tensor | null);
  }

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
    const now = recording();
    if (now !== null) {
      const before = this.node;
      now.enter(this as Tensor);
      now.onFailure(() => {
        this.node = before;
      });
    }
    if (!on) this.node = null;
    else if (this.node === null) {
      this.node = Node.leaf(this.spec, 0, this as Tensor);
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
    recording()?.enter(this as Tensor);
    this.storage.shared = true;
    return new Tensor<S>(this.storage, this.offset, this.spec, null);
  }

  /** What is stored as the gradient; SPENT for one that was not kept. @internal */
  storedGradient(): Tensor | null {
    return this.ownGrad as Tensor | null;
  }

  /** @internal */
  storeGradient(g: Tensor | null): void {
    this.ownGrad = g as Tensor<S> | null;
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
    const source = typeof value === 'number' ? ops.full(this.shape, value, this.dtype) : value;
    ops
      .interpreter()
      .update(ops.CAST, [source], ops.attrs({ dtype: this.dtype }), [this as Tensor]);
  }

  /** A cell's new storage, or its own written in place. @internal */
  replaceStorage(storage: Storage): void {
    // The count goes on in fresh storage: the tape must notice this write too.
    storage.version = this.storage.version + 1;
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

  // ---- indexing

  /**
   * NumPy's indexing. Each item takes a dimension: a number picks; a string is a Python slice
   * (`':'`, `'1:10:2'`, `'...'`), `slice(start, end, step)` a computed one; `null` adds an axis;
   * an array of integers or an integer tensor picks several; booleans are a mask.
   *
   * Throws IndexError that names the item, the dimension and its size.
   *
   * @example
   * x.at(':', -1); x.at([0, 2]); x.at(x.gt(0));
   */
  at<A extends Shape, const I extends readonly IndexItem[]>(
    this: Tensor<A>,
    ...items: I
  ): Tensor<At<A, I>> {
    return indexed(this, items, fromHost) as Tensor<At<A, I>>;
  }

  /** Converted to a dtype, or moved to a device; itself if it is there already. */
  to(target: DType | (string & {})): Tensor<S> {
    if (isDType(target)) return ops.cast(this, target) as Tensor<S>;
    if (target === this.device) return this;
    getDevice(checkDevice(target));
    return fromHost(this.data(), this.dtype, this.shape, target) as Tensor<S>;
  }

  /** On the CPU: the one asynchronous move. */
  async cpu(): Promise<Tensor<S>> {
    return this.to('cpu');
  }

  // ---- reading

  /**
   * The elements in row-major order, as the dtype's typed array (`bool`: Uint8Array of 0 and 1).
   * A copy, unless `{ copy: false }`: then possibly a view, which must not be written.
   */
  data(options: { readonly copy?: boolean } = {}): TypedArray {
    recording()?.refuseRead('data', this as Tensor);
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

  /**
   * The only element as a BigInt.
   *
   * Throws ValueError for more than one element, or one that is not whole.
   */
  itemBigInt(): bigint {
    const x = this.only('itemBigInt');
    if (typeof x === 'bigint' || Number.isInteger(x)) return BigInt(x);
    throw new ValueError({
      op: 'itemBigInt',
      problem: `${x} is not a whole number`,
      operands: [this.spec],
      remedy: "use item(), or convert first: x.to('int64')",
    });
  }

  /**
   * What arithmetic and comparisons of JavaScript make of it: the number that `item` gives, so that
   * `if (loss > 3)` compares and more than one element throws. Text in templates is the printed tensor.
   */
  [Symbol.toPrimitive](hint: 'number' | 'string' | 'default'): number | string {
    return hint === 'string' ? this.toString() : this.item();
  }

  /** Nested arrays of numbers; of booleans for bool, of bigints for int64. */
  toArray<A extends Shape>(this: Tensor<A>): Nested<A> {
    recording()?.refuseRead('toArray', this as Tensor);
    const data = this.data({ copy: false });
    const bool = this.dtype === 'bool';
    const { shape } = this;
    let at = 0;
    const build = (d: number): unknown => {
      if (d < shape.length) return Array.from({ length: shape[d] }, () => build(d + 1));
      const x = data[at++];
      return bool ? x !== 0 : x;
    };
    return build(0) as Nested<A>;
  }

  toJSON(): unknown {
    return this.toArray();
  }

  // ---- memory

  /**
   * Gives this tensor's hold on its memory up at once. Never needed: the collector does it. Other
   * tensors that share the memory are not disturbed; using this one afterwards throws ValueError.
   */
  dispose(): void {
    const { storage } = this;
    // While a function is recorded there is nothing to give back.
    if (recording() !== null) return;
    if (storage !== DISPOSED && !storage.shared) getDevice(storage.device).free(storage);
    this.storage = DISPOSED;
    this.node = null;
    this.grad = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private only(op: string): number | bigint {
    recording()?.refuseRead(op, this as Tensor);
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

function refuseNew(): never {
  throw new ValueError({
    op: 'new Tensor',
    problem: 'tensors are not made by their constructor',
    remedy: 'use tensor([1, 2]), zeros([2, 3]), ...',
  });
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

/** A tensor of its own storage with these elements; for the package's own rooms. */
export function fromHost(data: TypedArray, dtype: DType, shape: Shape, device = 'cpu'): Tensor {
  const d = getDevice(device);
  const storage = d.allocate(data.byteLength);
  const out = new Tensor(storage, 0, specOf(dtype, shape, undefined, device), null);
  d.write(out, data);
  return out;
}

function checkDevice(target: string): string {
  if (deviceNames().includes(target)) return target;
  throw new DtypeError({
    op: 'to',
    problem: `'${target}' is neither a dtype nor a device`,
    remedy: `dtypes: ${DTYPES.join(', ')}; devices: ${deviceNames().join(', ')}`,
  });
}

function disposed(): never {
  throw new ValueError({
    op: 'dispose',
    problem: 'a tensor was used after it had been disposed of',
    remedy: 'call dispose() after the last use; it is never needed',
  });
}

/** Stands in for the storage of disposed tensors: whoever looks for the memory is told. */
const DISPOSED: Storage = Object.defineProperties(new Storage('', {}, 0, 0), {
  handle: { get: disposed },
  offset: { get: disposed },
  bytes: { get: disposed },
});
