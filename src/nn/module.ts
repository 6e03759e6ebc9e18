/** The base of layers and models. */
import {
  DTYPES,
  type DType,
  DtypeError,
  given,
  isDType,
  isFloat,
  ValueError,
} from '../base/index.ts';
import { devices, recording, type Tensor } from '../tensor/index.ts';
import { announcePaths, enter, isInnermost, leave } from './call-stack.ts';
import { convertCell, isBuffer } from './cells.ts';
import { type LoadOptions, type LoadReport, loadState, type StateDict } from './state-dict.ts';
import {
  cellsBelow,
  type Held,
  heldBy,
  isModule,
  MODULE_BRAND,
  modulesBelow,
  parametersBelow,
  placesIn,
} from './walk.ts';

/**
 * Called after a forward with the module, its inputs and its output; what it returns, if not
 * `undefined`, takes the output's place.
 */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;

/** Takes a hook away again. */
export interface HookHandle {
  remove(): void;
}

type Forward = (this: Module, ...inputs: unknown[]) => unknown;
const wrapped = new WeakSet<object>();
/** The modules whose text is being made. */
const printing = new Set<Module>();

const nameOf = (module: Module): string => module.constructor.name || 'Module';
const trainingOf = (module: Module): string => `the training mode of ${nameOf(module)}`;

/** In place of the `forward` that a class lacks; it can still be given one. */
const MISSING: PropertyDescriptor = {
  value(this: Module): never {
    throw new ValueError({
      op: `${nameOf(this)}.forward`,
      problem: `the class ${nameOf(this)} has no method forward`,
      remedy: 'write forward(x) { ... } in it: what the module computes',
    });
  },
  writable: true,
  configurable: true,
};

/**
 * A layer or a model: a class with parameters and a `forward`.
 *
 * Parameters, buffers and child modules are found in its own fields, and in arrays, Maps and plain
 * objects there; `#private` fields are out of sight: calling a module that lies in one throws a
 * GraphError, but a Parameter in one just does not train, so keep parameters in public fields. Inside `forward`, errors tell the module's path (`net.layers.2.conv`).
 *
 * @example
 * class Net extends nn.Module {
 *   hidden = nn.linear(784, 128);
 *   head = nn.linear(128, 10);
 *   forward(x: Tensor) {
 *     return this.head.forward(this.hidden.forward(x).relu());
 *   }
 * }
 */
export abstract class Module {
  #training = true;
  #hooks: ForwardHook[] | null = null;

  constructor() {
    announcePaths();
    this.#wrapForward(Object.getPrototypeOf(this) as object);
  }

  /** @internal */
  get [MODULE_BRAND](): true {
    return true;
  }

  /** What the module computes. Call it as a method: `net.forward(x)`. */
  abstract forward(...inputs: any[]): unknown;

  /** Wraps the `forward` of a class once: the path of running modules, and hooks. */
  #wrapForward(prototype: object): void {
    if (wrapped.has(prototype)) return;
    wrapped.add(prototype);
    let owner: object | null = prototype;
    while (owner !== null && !Object.hasOwn(owner, 'forward')) {
      owner = Object.getPrototypeOf(owner) as object | null;
    }
    if (owner === null) return void Object.defineProperty(prototype, 'forward', MISSING);
    if (owner !== prototype && wrapped.has(owner)) return;
    wrapped.add(owner);
    const forward = (owner as { forward: Forward }).forward;
    const wrapper = function (this: Module, ...inputs: unknown[]): unknown {
      if (this === undefined || this === null || !(#hooks in this)) throw calledDetached();
      if (isInnermost(this)) return forward.apply(this, inputs);
      enter(this);
      try {
        const recorded = recording();
        if (recorded !== null) {
          recorded.watch(this, `the hooks of ${nameOf(this)}`, () => this.#hooks);
          recorded.watchPlaces(this, nameOf(this), placesIn(this));
        }
        const output = forward.apply(this, inputs);
        return this.#hooks === null ? output : this.#runHooks(inputs, output);
      } finally {
        leave();
      }
    };
    Object.defineProperty(wrapper, 'name', { value: 'forward' });
    Object.defineProperty(wrapper, 'length', { value: forward.length });
    Object.defineProperty(owner, 'forward', { value: wrapper, writable: true, configurable: true });
  }

  #runHooks(inputs: readonly unknown[], output: unknown): unknown {
    let result = output;
    for (const hook of this.#hooks ?? []) {
      const replaced = hook(this, inputs, result);
      if (replaced !== undefined) result = replaced;
    }
    return result;
  }

  /**
   * Calls `hook` after each forward of this module, to look at outputs or to replace them.
   *
   * @example
   * const handle = net.conv.registerForwardHook((_, __, y) => console.log((y as Tensor).shape));
   * handle.remove();
   */
  registerForwardHook(hook: ForwardHook): HookHandle {
    if (typeof hook !== 'function') {
      throw new ValueError({
        op: `${nameOf(this)}.registerForwardHook`,
        problem: `a hook is a function, not ${given(hook)}`,
        remedy: 'pass (module, inputs, output) => ...',
      });
    }
    this.#hooks = [...(this.#hooks ?? []), hook];
    return {
      remove: () => {
        const left = (this.#hooks ?? []).filter((h) => h !== hook);
        this.#hooks = left.length === 0 ? null : left;
      },
    };
  }

  /** Whether the module trains: dropout and the like behave differently then. True at first. */
  get training(): boolean {
    recording()?.watch(this, trainingOf(this), () => this.#training);
    return this.#training;
  }

  /** Whether `forward` reads `training`. @internal */
  get usesTraining(): boolean {
    return false;
  }

  /** Sets `training` here and in every module below. */
  train(on = true): this {
    const now = recording();
    for (const { value } of modulesBelow(this)) {
      if (now !== null) {
        const before = value.#training;
        now.settle(value, trainingOf(value));
        now.onFailure(() => {
          value.#training = before;
        });
      }
      value.#training = on;
    }
    return this;
  }

  /** The same as `train(false)`. It does not turn gradients off: that is `noGrad`. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Every parameter here and below, each once, frozen ones too.
   *
   * Throws GraphError for a field that requires a gradient and is no Parameter: it would not train.
   */
  parameters(): Tensor[] {
    return this.namedParameters().map(([, t]) => t);
  }

  /** Names (`layers.0.weight`) and parameters, each parameter once, in the order of fields. */
  namedParameters(): [string, Tensor][] {
    return pairs(parametersBelow(this, isBuffer));
  }

  /** Every buffer here and below: state that is saved but not trained. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, t]) => t);
  }

  /** Names and buffers, each buffer once. */
  namedBuffers(): [string, Tensor][] {
    return pairs(cellsBelow(this).filter((c) => isBuffer(c.value)));
  }

  /** Every name of every parameter and buffer: what is shared has several. @internal */
  namedCells(): [string, Tensor][] {
    return pairs(cellsBelow(this, true));
  }

  /** The modules held directly. */
  children(): Module[] {
    return this.namedChildren().map(([, m]) => m);
  }

  /** Names (`conv`, `layers.0`) and modules held directly. */
  namedChildren(): [string, Module][] {
    return heldBy(this).flatMap(({ name, value }) =>
      isModule(value) ? [[name, value] satisfies [string, Module]] : [],
    );
  }

  /** This module and every one below. */
  modules(): Module[] {
    return modulesBelow(this).map((m) => m.value);
  }

  /** Names and modules; this module's own name is empty. */
  namedModules(): [string, Module][] {
    return pairs(modulesBelow(this));
  }

  /** Number of elements of all parameters; those that are shared count once. */
  numParameters(): number {
    return this.parameters().reduce((n, t) => n + t.numel, 0);
  }

  /** Sets the gradient of every parameter to null. */
  zeroGrad(): void {
    for (const t of this.parameters()) t.grad = null;
  }

  /** Freezes every parameter (`requiresGrad(false)`), or trains them again. */
  requiresGrad(on = true): this {
    for (const t of this.parameters()) t.requiresGrad = on;
    return this;
  }

  /**
   * Names and values of all parameters and buffers, as tensors that keep the values of now
   * whatever happens to the module. Names are PyTorch's; what is shared is listed under each name.
   *
   * @example
   * const best = net.stateDict();
   * net.loadStateDict(best);
   */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(this.namedCells().map(([name, cell]) => [name, cell.detach()]));
  }

  /**
   * Takes over values by name. Nothing changes unless everything fits. Values are converted to
   * the dtype of the parameter.
   *
   * Returns the missing and the unexpected names. Throws ValueError that lists them all, unless
   * `{ strict: false }`; ShapeError that names every shape that differs.
   */
  loadStateDict(state: StateDict, options: LoadOptions = {}): LoadReport {
    return loadState(nameOf(this), cellsBelow(this, true), state, options);
  }

  /**
   * Converts every floating-point parameter and buffer, in place: integer ones stay; or moves all
   * of them to a device. Make the optimiser afterwards: its state lies where the parameters do, and
   * has their dtype.
   *
   * Throws DtypeError for a dtype without gradients, and for what is neither a dtype nor a device.
   */
  to(target: DType | (string & {})): this {
    const op = `${nameOf(this)}.to`;
    const names = devices().map((d) => d.name);
    if (!isDType(target) && !names.includes(target)) {
      throw new DtypeError({
        op,
        problem: `${given(target)} is neither a dtype nor a device`,
        remedy: `dtypes: ${DTYPES.filter(isFloat).join(', ')}; devices: ${names.join(', ')}`,
      });
    }
    if (isDType(target) && !isFloat(target)) {
      throw new DtypeError({
        op,
        problem: `parameters cannot be ${target}: they need gradients`,
        remedy: "use a floating-point dtype such as 'float32' or 'float64'",
      });
    }
    for (const { value } of cellsBelow(this)) {
      if (!isDType(target) || isFloat(value.dtype)) convertCell(value, target);
    }
    return this;
  }

  /**
   * The arguments of the constructor, as plain data, with which a module like this one can be made:
   * what `saveModel` writes down. A class that says nothing has none to tell.
   *
   * @example
   * class Head extends nn.Module {
   *   readonly line: nn.Linear;
   *   constructor(private readonly classes: number) {
   *     super();
   *     this.line = nn.linear(64, classes);
   *   }
   *   override config() { return [this.classes]; }
   *   forward(x: Tensor) { return this.line.forward(x); }
   * }
   */
  config(): readonly unknown[] {
    return [];
  }

  /** The arguments that `toString` shows. Override it to describe a layer. */
  protected describe(): string {
    return '';
  }

  /** The modules, nested, with the arguments they were made with. */
  toString(): string {
    const name = nameOf(this);
    // A module further out that a field leads back to.
    if (printing.has(this)) return `${name}(...)`;
    printing.add(this);
    try {
      const children = this.namedChildren().map(([key, child]) => `${key}: ${String(child)}`);
      if (children.length === 0) return `${name}(${this.describe()})`;
      const lines = children.join('\n').replaceAll('\n', '\n  ');
      return `${name}(${this.describe()}\n  ${lines}\n)`;
    } finally {
      printing.delete(this);
    }
  }

  /** What Node's console.log shows. @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const pairs = <T>(list: readonly Held<T>[]): [string, T][] =>
  list.map(({ name, value }) => [name, value]);

const calledDetached = (): ValueError =>
  new ValueError({
    op: 'forward',
    problem: 'it was called without its module',
    remedy: 'call it as a method, net.forward(x), or pass (x) => net.forward(x)',
  });
