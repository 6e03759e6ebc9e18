/** compile(): a function recorded once for each signature, and run as one program. */
import { checkOptions, compileWanted, GraphError, userFrame } from '../base/index.ts';
import {
  anomalyMode,
  device,
  gradMode,
  LEAF,
  recording,
  requireFunction,
  type Synchronous,
  type Tensor,
} from '../tensor/index.ts';
import type { Recorded } from './bindings.ts';
import { compileEnabled, setCompileEnabled } from './enabled.ts';
import { describeRecording, explain, NUMBER, type Recording } from './explain.ts';
import { OpenProgram } from './open-program.ts';
import { checkDynamic, type Dynamic, type OpenSizes, openSizes } from './open-sizes.ts';
import { noteOwnPasses } from './own-passes.ts';
import { argumentName, parameterNames } from './parameter-names.ts';
import type { Pass } from './passes/index.ts';
import { Program } from './program.ts';
import { type RecordOptions, recordFunction } from './record.ts';
import { noteRecording, type Site, siteHere } from './site.ts';
import type { OpGraph } from './symbolic/op-graph.ts';
import { checkPasses, type Rule } from './symbolic/rewrite.ts';
import { rewritten, viewOf } from './symbolic/view.ts';
import { type Flat, flatten, structureKey } from './tree.ts';

export interface CompileOptions {
  /** What errors and printed graphs call it; the function's own name unless given. */
  readonly name?: string;
  /** Gradients that an optimiser step within has used can be read afterwards. Default false. */
  readonly keepGrads?: boolean;
  /**
   * Dimensions whose sizes vary: `{ x: [0] }` for the batch of argument `x`. The function is then
   * recorded at three sizes, and calls with others record nothing.
   */
  readonly dynamic?: Dynamic;
  /** Run eagerly, and say so once, where the function cannot be recorded. Default false. */
  readonly fallback?: boolean;
  /** Rules and passes that change what was recorded, before those of the compiler. Default none. */
  readonly passes?: readonly (Rule | Pass)[];
}

// Any arguments: each function has its own.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyFunction = (...args: any[]) => any;

/** What {@link compile} gives: the function itself, and ways to look at what was recorded. */
export type Compiled<F extends AnyFunction> = F & {
  /** Why each recording was made, one line each. */
  explain(): string;
  /** Forgets every recording. */
  reset(): void;
  /** The graph of a call with such arguments, recorded if it has not been: to walk, print and draw. */
  graph(...args: Parameters<F>): OpGraph;
};

/** One call site may make so many recordings without a word. */
const MANY = 8;

/** Fields of classes that changed while something was recorded, and have been told. */
const toldFields = new Set<string>();

class Recorder<F extends AnyFunction> {
  private readonly fn: F;
  private readonly name: string;
  private readonly options: CompileOptions;
  private readonly programs = new Map<string, (Program | OpenProgram)[]>();
  private readonly recordings: Recording[] = [];
  private readonly names: readonly string[];
  private readonly site: Site;
  private warned = false;
  private warnedOfNumber = false;
  /** Why it runs eagerly; null if it does not. */
  private eager: string | null = null;

  constructor(fn: F, options: CompileOptions) {
    this.fn = fn;
    this.options = options;
    this.names = parameterNames(fn);
    this.site = siteHere(fn);
    this.name = options.name ?? (fn.name === '' ? 'compiled' : fn.name);
  }

  call(self: unknown, args: unknown[]): unknown {
    // Within another recording it is part of that one.
    if (
      this.eager !== null ||
      recording() !== null ||
      !compileEnabled() ||
      !compileWanted() ||
      anomalyMode()
    ) {
      return this.fn.apply(self, args);
    }
    const flat = this.flat(args);
    if (flat === null) return this.fn.apply(self, args);
    const { dynamic } = this.options;
    const open = dynamic === undefined ? null : openSizes(this.name, dynamic, flat);
    const found = this.find(flat, open, self);
    if (found !== null) this.site.reused = true;
    const program = found ?? this.make(flat, open, self);
    return program === null ? this.fn.apply(self, args) : program.run(flat.tensors);
  }

  /** The arguments; null if the function runs eagerly as it takes what cannot be recorded. */
  private flat(args: unknown[]): Flat | null {
    try {
      return flatten(this.name, args, (i) => argumentName(this.names, i));
    } catch (error) {
      return this.fallBack(error);
    }
  }

  /** Runs eagerly from now on, and says so once, if that was asked for; else throws. */
  private fallBack(error: unknown): null {
    if (this.options.fallback !== true || !(error instanceof GraphError)) throw error;
    // The remedy would be what was done here.
    [this.eager] = error.message.split('\n  remedy: ');
    console.warn(`[gradus] ${this.name} runs eagerly: ${this.eager}`);
    return null;
  }

  /** The program of an earlier recording that holds for this call. */
  private find(flat: Flat, open: OpenSizes | null, self: unknown): Program | null {
    for (const p of this.programs.get(this.keyOf(flat, open, self)) ?? []) {
      if (!p.holds(flat.tensors)) continue;
      const program = p instanceof Program ? p : p.programFor((open as OpenSizes).sizes);
      if (program !== null) return program;
    }
    // One that fits no open recording was recorded by itself.
    return open === null || open.dims.length === 0 ? null : this.find(flat, null, self);
  }

  /** Records anew; null if the function runs eagerly from now on. */
  private make(flat: Flat, open: OpenSizes | null, self: unknown): Program | null {
    const opens = open !== null && open.dims.length > 0;
    // Sizes that an open recording does not fit are recorded by themselves.
    const tried =
      opens && this.programs.get(this.keyOf(flat, open, self))?.some((p) => p.holds(flat.tensors));
    for (const sizes of opens && !tried ? [open, null] : [null]) {
      const key = this.keyOf(flat, sizes, self);
      const list = this.programs.get(key) ?? [];
      const made = this.record(flat, list, sizes, self);
      if (made === null) return null;
      this.programs.set(key, [...list, made]);
      const program = made instanceof Program ? made : made.programFor((open as OpenSizes).sizes);
      if (program !== null) return program;
    }
    return null;
  }

  graph(args: unknown[]): OpGraph {
    recording()?.refuse(`${this.name}.graph`, 'a function is being recorded', 'call it outside');
    const flat = flatten(this.name, args, (i) => argumentName(this.names, i));
    const { name, options } = this;
    const { dynamic, keepGrads = false } = options;
    const open = dynamic === undefined ? null : openSizes(name, dynamic, flat);
    const recorded =
      this.find(flat, open, undefined)?.recorded ??
      this.recorded(flat, { name, device: device(), keepGrads }, undefined);
    return viewOf(recorded, flat.paths);
  }

  /** One recording, after the user's own passes. */
  private recorded(
    flat: Flat,
    options: RecordOptions,
    self: unknown,
    shapes?: readonly (readonly number[])[],
  ): Recorded {
    const fn = (...args: never[]): unknown => this.fn.apply(self, args);
    const recorded = recordFunction(fn, flat, options, shapes);
    this.warnOfFields(recorded.changed);
    return rewritten(recorded, this.options.passes ?? []);
  }

  reset(): void {
    this.programs.clear();
    this.recordings.length = 0;
    this.warned = false;
    this.warnedOfNumber = false;
    this.eager = null;
  }

  explain(): string {
    const off = compileEnabled() && compileWanted() ? null : 'compile() is turned off';
    return explain(this.name, this.recordings, this.eager ?? off);
  }

  /** Everything that a recording depends on and that can be told from the call itself. */
  private keyOf({ template, tensors }: Flat, open: OpenSizes | null, self: unknown): string {
    let key = typeof self === 'object' && self !== null ? `this${identityOf(self)}|` : '';
    key += `${structureKey(template)}|${gradMode() ? 'g' : ''}|${device()}`;
    const shapes = tensors.map((t): readonly (number | string)[] => t.shape);
    for (const { tensor, dim, size } of open?.dims ?? []) {
      shapes[tensor] = shapes[tensor].with(dim, `n${size}`);
    }
    for (const [i, t] of tensors.entries()) {
      const own = t.cell ? `c${identityOf(t)}` : isLeaf(t) ? 'l' : t.requiresGrad ? 'r' : '';
      const first = tensors.indexOf(t);
      if (first < i) key += `=${first}`;
      key += `|${t.dtype}[${shapes[i]}]${t.device === device() ? '' : t.device}${own}`;
    }
    return key;
  }

  private record(
    flat: Flat,
    same: readonly (Program | OpenProgram)[],
    open: OpenSizes | null,
    self: unknown,
  ): Program | OpenProgram | null {
    const { name, options } = this;
    const place = device();
    const { keepGrads = false } = options;
    this.recordings.push(describeRecording(this.recordings, flat, same, identityOfThis(self)));
    this.warnOfMany();
    if (this.recordings.length === 1) noteRecording(this.site, name);
    try {
      const at = (shapes?: readonly (readonly number[])[]) =>
        this.recorded(flat, { name, device: place, keepGrads }, self, shapes);
      return open === null ? new Program(at(), place) : new OpenProgram(at, flat, open, place);
    } catch (error) {
      this.recordings.pop();
      return this.fallBack(error);
    }
  }

  /** Says once for each field that JavaScript changed something which it will not change again. */
  private warnOfFields(changed: readonly string[]): void {
    const field = changed.find((f) => !toldFields.has(f));
    for (const f of changed) toldFields.add(f);
    if (field === undefined) return;
    console.warn(
      `[gradus] ${this.name} changed ${field} while it was recorded. JavaScript runs when a function is ` +
        'recorded, not in each call: keep state in buffers (nn.buffer and assign)',
    );
  }

  /** Says once that a number was taken as a constant, and once that there are many recordings. */
  private warnOfMany(): void {
    const { reason } = this.recordings[this.recordings.length - 1];
    const count = this.recordings.length;
    const number = reason.startsWith(NUMBER) && !this.warnedOfNumber;
    if (!number && (count <= MANY || this.warned)) return;
    if (number) this.warnedOfNumber = true;
    else this.warned = true;
    const line = userFrame(new Error().stack ?? '');
    console.warn(
      `[gradus] ${this.name} was recorded ${count} times` +
        `${line === undefined ? '' : `, at ${line}`}; the last time because ${reason}. ` +
        (number
          ? 'Numbers are constants of a recording: pass one that varies as a tensor'
          : reason.includes(', and was')
            ? 'See explain(); sizes that vary can be declared: compile(fn, { dynamic: { ... } })'
            : 'See explain()'),
    );
  }
}

const isLeaf = (t: Tensor): boolean => t.node?.op === LEAF && t.node.leaf === t;

let identities = 0;
const identity = new WeakMap<object, number>();

function identityOf(t: object): number {
  let id = identity.get(t);
  if (id === undefined) {
    id = ++identities;
    identity.set(t, id);
  }
  return id;
}

const identityOfThis = (self: unknown): number =>
  typeof self === 'object' && self !== null ? identityOf(self) : 0;

/**
 * The same function, recorded at its first call for each signature (shapes, dtypes, structure of the
 * arguments, gradient mode) and run as one program from then on: forward, backward, optimiser and
 * random numbers included. Parameters and buffers are read and updated in place.
 *
 * Numbers that the function captures or is given are constants of a recording. JavaScript beside
 * tensors runs when it is recorded, not at each call. Results are fresh tensors; those that require
 * gradients can be differentiated outside.
 *
 * Throws GraphError if the function reads a value while it is recorded, is asynchronous, or takes or
 * returns what is no tensor, number, string, array or plain object; then nothing has changed.
 *
 * @example
 * const step = compile((x: Tensor, y: Tensor) => {
 *   const loss = nn.crossEntropy(net.forward(x), y);
 *   opt.zeroGrad(); loss.backward(); opt.step();
 *   return loss;
 * });
 */
export function compile<F extends AnyFunction>(
  fn: F & ((...args: never[]) => Synchronous<ReturnType<F>>),
  options: CompileOptions = {},
): Compiled<F> {
  requireFunction('compile', fn, 'write compile((x) => ...)');
  checkOptions('compile', options, ['name', 'keepGrads', 'dynamic', 'fallback', 'passes']);
  checkDynamic('compile', options.dynamic);
  if (options.passes !== undefined) checkPasses('compile', options.passes);
  const recorder = new Recorder<F>(fn as F, options);
  const compiled = function (this: unknown, ...args: unknown[]): unknown {
    return recorder.call(this, args);
  };
  if (options.passes !== undefined) noteOwnPasses(compiled, options.passes);
  return Object.assign(compiled, {
    explain: () => recorder.explain(),
    reset: () => recorder.reset(),
    graph: (...args: unknown[]) => recorder.graph(args),
  }) as unknown as Compiled<F>;
}

/** Runs every compiled function eagerly from now on, as GRADUS_COMPILE=0 does. */
compile.disable = (): void => {
  setCompileEnabled(false);
};

/** Takes `disable` back. */
compile.enable = (): void => {
  setCompileEnabled(true);
};
