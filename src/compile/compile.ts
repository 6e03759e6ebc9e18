/** compile(): a function recorded once for each signature, and run as one program. */
import { checkOptions, compileWanted, GraphError, userFrame } from '../base/index.ts';
import {
  anomalyMode,
  device,
  gradMode,
  recording,
  requireFunction,
  type Synchronous,
  type Tensor,
} from '../tensor/index.ts';
import { describeRecording, explain, type Recording } from './explain.ts';
import { argumentName, parameterNames } from './parameter-names.ts';
import { Program } from './program.ts';
import { recordFunction } from './record.ts';
import { type Flat, flatten, structureKey } from './tree.ts';

export interface CompileOptions {
  /** What errors and printed graphs call it; the function's own name unless given. */
  readonly name?: string;
  /** Gradients that an optimiser step within has used can be read afterwards. Default false. */
  readonly keepGrads?: boolean;
  /** Run eagerly, and say so once, where the function cannot be recorded. Default false. */
  readonly fallback?: boolean;
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
};

/** One call site may make so many recordings without a word. */
const MANY = 8;

class Recorder<F extends AnyFunction> {
  private readonly fn: F;
  private readonly name: string;
  private readonly options: CompileOptions;
  private readonly programs = new Map<string, Program[]>();
  private readonly recordings: Recording[] = [];
  private readonly names: readonly string[];
  private warned = false;
  private eager = false;

  constructor(fn: F, options: CompileOptions) {
    this.fn = fn;
    this.options = options;
    this.names = parameterNames(fn);
    this.name = options.name ?? (fn.name === '' ? 'compiled' : fn.name);
  }

  call(args: unknown[]): unknown {
    // Within another recording it is part of that one.
    if (this.eager || recording() !== null || !enabled || !compileWanted() || anomalyMode()) {
      return this.fn(...args);
    }
    const flat = flatten(this.name, args, (i) => argumentName(this.names, i));
    const key = this.keyOf(flat);
    let list = this.programs.get(key);
    const program = list?.find((p) => p.holds(flat.tensors));
    if (program !== undefined) return program.run(flat.tensors);
    const made = this.record(flat, list ?? []);
    if (made === null) return this.fn(...args);
    if (list === undefined) {
      list = [];
      this.programs.set(key, list);
    }
    list.push(made);
    return made.run(flat.tensors);
  }

  reset(): void {
    this.programs.clear();
    this.recordings.length = 0;
    this.warned = false;
    this.eager = false;
  }

  explain(): string {
    return explain(this.name, this.recordings);
  }

  /** Everything that a recording depends on and that can be told from the call itself. */
  private keyOf({ template, tensors }: Flat): string {
    let key = `${structureKey(template)}|${gradMode() ? 'g' : ''}|${device()}`;
    for (const t of tensors) {
      const own = t.cell ? `c${identityOf(t)}` : t.node === null ? '' : t.requiresGrad ? 'r' : '';
      key += `|${t.dtype}[${t.shape}]${t.device === device() ? '' : t.device}${own}`;
    }
    return key;
  }

  private record(flat: Flat, same: readonly Program[]): Program | null {
    const { name, options } = this;
    const place = device();
    const { keepGrads = false, fallback = false } = options;
    this.recordings.push(describeRecording(this.recordings, flat, same));
    if (this.recordings.length > MANY && !this.warned) this.warn();
    try {
      const recorded = recordFunction(this.fn, flat, { name, device: place, keepGrads });
      return new Program(recorded, place);
    } catch (error) {
      this.recordings.pop();
      if (!fallback || !(error instanceof GraphError)) throw error;
      this.eager = true;
      console.warn(`[gradus] ${name} runs eagerly: ${error.message}`);
      return null;
    }
  }

  private warn(): void {
    this.warned = true;
    const line = userFrame(new Error().stack ?? '');
    const last = this.recordings[this.recordings.length - 1];
    console.warn(
      `[gradus] ${this.name} was recorded ${this.recordings.length} times` +
        `${line === undefined ? '' : `, at ${line}`}; the last time because ${last.reason}. ` +
        'See explain(); sizes that vary can be declared: compile(fn, { dynamic: { ... } })',
    );
  }
}

let identities = 0;
const identity = new WeakMap<Tensor, number>();

function identityOf(t: Tensor): number {
  let id = identity.get(t);
  if (id === undefined) {
    id = ++identities;
    identity.set(t, id);
  }
  return id;
}

let enabled = true;

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
  checkOptions('compile', options, ['name', 'keepGrads', 'fallback']);
  const recorder = new Recorder<F>(fn as F, options);
  const compiled = (...args: unknown[]): unknown => recorder.call(args);
  return Object.assign(compiled, {
    explain: () => recorder.explain(),
    reset: () => recorder.reset(),
  }) as unknown as Compiled<F>;
}

/** Runs every compiled function eagerly from now on, as GRADUS_COMPILE=0 does. */
compile.disable = (): void => {
  enabled = false;
};

/** Takes `disable` back. */
compile.enable = (): void => {
  enabled = true;
};
