import { debugLevel } from '../flags.ts';
import { userFrame, userFrames } from './user-frame.ts';

/** What an error tells; only `problem` is required. */
export interface ErrorParts {
  /** The operation the user called: `matmul`, `nn.linear`, `tensor`. */
  readonly op?: string;
  /** What is wrong, as a sentence without a full stop. */
  readonly problem: string;
  /** Shape and dtype of each operand, in order. */
  readonly operands?: readonly { readonly shape: readonly number[]; readonly dtype: string }[];
  /** Module path such as `net.layers.2.conv`; the innermost open module if it is left out. */
  readonly module?: string;
  /** What the user can do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

let modulePath: () => string = () => '';

/** Lets `nn` tell the path of the module whose forward is running; called by the wiring. */
export function setModulePathSource(f: () => string): void {
  modulePath = f;
}

/** Path of the innermost module whose forward is running; empty outside any. */
export const runningModule = (): string => modulePath();

/**
 * Base of every error Gradus throws on purpose. The message names the operation, every operand's
 * shape and dtype, the module path, the user's own source line, and a remedy where one is likely.
 */
export class GradusError extends Error {
  readonly op: string | undefined;
  /** `file:line:column` of the first stack frame outside Gradus, or `undefined`. */
  readonly userLine: string | undefined;

  constructor(parts: ErrorParts) {
    // Dispatch alone is ten frames deep: the user's line would be cut off.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = Math.max(limit ?? 0, 40);
    super('', parts.cause === undefined ? undefined : { cause: parts.cause });
    Error.stackTraceLimit = limit;
    this.name = new.target.name;
    this.op = parts.op;
    this.userLine = userFrame(this.stack ?? '');
    this.message = format(parts, this.userLine);
    // V8 froze the header of `stack` before the message was known. The frames inside Gradus are
    // for those who work on it.
    if (this.stack !== undefined) {
      const frames = debugLevel() > 0 ? framesOf(this.stack) : userFrames(this.stack);
      this.stack = `${this.name}: ${this.message}\n${frames}`;
    }
  }

  /** Adds a line to the message: where in a longer run it happened. @internal */
  addContext(line: string): void {
    const before = this.message;
    this.message = `${before}\n  ${line}`;
    this.stack = this.stack?.replace(before, () => this.message);
  }
}

const framesOf = (stack: string): string => stack.slice(stack.indexOf('\n    at ') + 1);

function format(p: ErrorParts, line: string | undefined): string {
  let s = p.op === undefined ? p.problem : `${p.op}: ${p.problem}`;
  if (p.operands !== undefined && p.operands.length > 0) {
    const list = p.operands.map((o) => `${o.dtype}[${o.shape.join(', ')}]`).join(', ');
    s += `\n  operands: ${list}`;
  }
  const module = p.module ?? modulePath();
  if (module !== '') s += `\n  module: ${module}`;
  if (line !== undefined) s += `\n  at: ${line}`;
  if (p.remedy !== undefined) s += `\n  remedy: ${p.remedy}`;
  return s;
}
