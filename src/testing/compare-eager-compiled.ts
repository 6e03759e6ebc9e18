import { checkOptions, formatShape, given, ValueError } from '../base/index.ts';
import {
  backwardTrial,
  ownPassesOf,
  PASSES,
  type Pass,
  recordTrial,
  type Trial,
} from '../compile/index.ts';
import { printNode, printType } from '../ir/index.ts';
import { Generator, recording, requireFunction, type Tensor, tensor } from '../tensor/index.ts';
import { type Backward, compareLines, type LineDifference } from './compare-lines.ts';
import { ComparisonError } from './comparison-error.ts';
import { difference, type Measure } from './difference.ts';
import { evaluate, type Values } from './evaluate.ts';
import { blame, type Located, locate, runTrial, type Suspicion } from './locate.ts';
import { gradientNames, outputNames } from './output-names.ts';

export interface CompareOptions {
  /** To the last bit (the default), or by the dtypes' tolerances in {@link TOLERANCES}. */
  readonly exact?: boolean;
  /** How many terms each element is a sum of, for `exact: false`. */
  readonly terms?: number;
  /** Whether a difference is an error (the default) or a result. */
  readonly throws?: boolean;
  /** Compare gradients too that an optimiser step within has used, as `compile` has it. */
  readonly keepGrads?: boolean;
}

/** What {@link compareEagerCompiled} found. */
export type Comparison =
  | {
      readonly same: true;
      /** How many ops were run. */
      readonly ops: number;
    }
  | {
      readonly same: false;
      readonly recording: false;
      /** The first op that differs, and the graph's line of it: `%7 = add(%3, %5) : float32[2]`. */
      readonly op: string;
      readonly node: string;
      /** `file:line:column` of the user's own code, and the module whose forward was running. */
      readonly line: string | undefined;
      readonly module: string | undefined;
      /** The pass after which the results differ, if they do not with the passes before it. */
      readonly pass?: string;
      /** Which output of the function differs: `result[0]`, `the gradient of x`. */
      readonly output: string;
      /** The op's first element that differs, and what it is; types, where these differ. */
      readonly index: readonly number[];
      readonly eager: number | bigint | string;
      readonly compiled: number | bigint | string;
      readonly message: string;
    }
  | {
      readonly same: false;
      /** The recording itself is not what the lines do when they are run eagerly. */
      readonly recording: true;
      /** What differs: `result[0]`, `the gradient of x`, `an error`. */
      readonly output: string;
      readonly index: readonly number[];
      /** What the lines give, and what the recorded ops give. */
      readonly eager: number | bigint | string;
      readonly compiled: number | bigint | string;
      readonly message: string;
    };

// Any arguments: each function has its own.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyFunction = (...args: any[]) => unknown;

/**
 * Tells whether `compile(fn)` gives what the lines of `fn` give eagerly, and if not, which op differs
 * first. `fn` is recorded on `inputs`; its lines are run eagerly, and the graph op by op and as a
 * program; results, new values of parameters and buffers, gradients, and gradients of differentiable
 * results are compared to the last bit (the lines by tolerance, where there are loops or choices).
 * Nothing is changed: parameters, buffers, gradients, optimisers and random numbers stay as they are.
 * Plain JavaScript within runs twice, and what it changes stays.
 *
 * Returns `{ same: true, ops }`, or throws a ComparisonError that names the op, its line and the pass
 * of the compiler after which it differs; `{ throws: false }` returns that as an object. Where the
 * lines differ from what was recorded of them, because JavaScript decided otherwise, that is said
 * (`recording: true`). Not seen is what JavaScript decides in later calls, or at other sizes.
 * Numerics: the reference engine rounds where a tensor is stored, so there give `{ exact: false }`;
 * then the first op beyond its tolerance may be one that enlarges smaller differences before it.
 * A composite, a choice or a loop counts as one op. Looking for the op takes up to two compilations
 * for each. Throws GraphError for what cannot be recorded, and what ops and kernels throw as they run.
 *
 * @example
 * const net = nn.sequential(nn.linear(4, 8), nn.relu());
 * compareEagerCompiled((x: Tensor) => net.forward(x).mean(), [randn([2, 4])]); // { same: true, ... }
 */
export function compareEagerCompiled(
  fn: AnyFunction,
  inputs: readonly unknown[],
  options: CompareOptions = {},
): Comparison {
  return compareUnder(fn, inputs, options, PASSES);
}

/** The same with passes of one's own: so a pass is tested. @internal */
export function compareUnder(
  fn: AnyFunction,
  inputs: readonly unknown[],
  options: CompareOptions,
  passes: readonly Pass[],
): Comparison {
  const op = 'compareEagerCompiled';
  requireFunction(op, fn, `write ${op}((x) => ..., [x])`);
  checkOptions(op, options, ['exact', 'terms', 'throws', 'keepGrads']);
  recording()?.refuse(op, 'it runs once, when the function is recorded', 'call it outside');
  if (!Array.isArray(inputs)) {
    throw new ValueError({
      op,
      problem: `the arguments come as an array, not ${given(inputs)}`,
      remedy: `write ${op}(f, [x, y])`,
    });
  }
  const { exact = true, terms, throws = true, keepGrads = false } = options;
  const name = fn.name === '' ? 'the function' : fn.name;
  const trial = recordTrial(fn, inputs, { name, keepGrads });
  const found = compareTrial(fn, inputs, trial, { exact, terms }, passes, name);
  if (found.same || !throws) return found;
  throw new ComparisonError({ op, problem: found.message });
}

/** The lines; then the program forward, and where results are differentiable backward. */
function compareTrial(
  fn: AnyFunction,
  inputs: readonly unknown[],
  trial: Trial,
  measure: Measure,
  passes: readonly Pass[],
  name: string,
): Comparison {
  const values = evaluate(trial);
  const { graph, targets } = trial.recorded;
  const result = (place: number): Tensor => {
    const o = targets.findIndex((t) => t.kind === 'result' && t.place === place);
    return values.get(graph.outputs[o]) as Tensor;
  };
  const seed = (place: number): Tensor => weights(result(place), place);
  const made = backwardTrial(trial, seed, (o) => values.get(graph.outputs[o]) as Tensor);
  const back: Backward | null = made && { trial: made, values: evaluate(made), seed };
  const lines = compareLines(fn, inputs, trial, values, back, measure);
  if (lines !== null) return describeLines(name, lines, ownPassesOf(fn));
  const forward = check(trial, values, outputNames(trial), measure, passes, name);
  if (!forward.same || back === null) return forward;
  const backward = check(back.trial, back.values, gradientNames(trial), measure, passes, name);
  return backward.same ? { same: true, ops: forward.ops + backward.ops } : backward;
}

/** A gradient for a result: numbers from 0.5 to 1.5, none like another. */
function weights(x: Tensor, seed: number): Tensor {
  const random = new Generator(seed);
  const data = Float64Array.from({ length: x.numel }, () => 0.5 + random.random());
  return tensor(data).reshape(x.shape).to(x.dtype);
}

function check(
  trial: Trial,
  values: Values,
  names: readonly string[],
  measure: Measure,
  passes: readonly Pass[],
  name: string,
): Comparison {
  const { graph } = trial.recorded;
  const compiled = runTrial(trial, passes);
  for (const [output, value] of graph.outputs.entries()) {
    const found = difference(values.get(value) as Tensor, compiled[output], measure);
    if (found === null) continue;
    const s: Suspicion = { trial, values, passes, measure, output, difference: found };
    return describe(name, names[output], locate(s), blame(s), values);
  }
  return { same: true, ops: graph.nodes.length };
}

function describe(
  name: string,
  output: string,
  { value, difference, seen }: Located,
  pass: string | undefined,
  values: Values,
): Comparison {
  const { node } = value;
  const { index, count, eager, compiled } = difference;
  const op = node?.def.name ?? 'input';
  const { line, module } = node?.origin ?? {};
  const text = node === null ? `%${value.id} : ${printType(value)}` : printNode(node);
  const { numel, shape } = values.get(value) as Tensor;
  const where = [
    ...(line === undefined ? [] : [`at ${line}`]),
    ...(module === undefined ? [] : [`in ${module}`]),
  ].join(', ');
  const what =
    typeof eager === 'string'
      ? `it is ${compiled}, and eagerly ${eager}`
      : `${shape.length === 0 ? 'the element' : `element ${formatShape(index)}`} is ${shown(compiled)}, ` +
        `and eagerly ${shown(eager)} (${count} of ${numel} differ)`;
  const message =
    `compiled, ${name} differs from eager mode in ${output}. ` +
    `${SEEN[seen]} ${op}` +
    `${where === '' ? '' : ` ${where}`}: ${what}, in ${text}. ` +
    (pass === undefined
      ? 'No pass makes the difference: look at the kernels'
      : `It differs from pass ${pass} on, and not before`);
  const rest = { op, node: text, line, module, output, index, eager, compiled, message };
  return { same: false, recording: false, ...rest, ...(pass === undefined ? {} : { pass }) };
}

function describeLines(
  name: string,
  found: LineDifference,
  own: readonly { readonly name: string }[],
): Comparison {
  const { output, index, eager, compiled } = found;
  const where = index.length === 0 ? '' : `, element ${formatShape(index)}`;
  const message =
    `the recording of ${name} itself differs from its lines in ${output}${where}: ` +
    `recorded ${shown(compiled)}, and eagerly ${shown(eager)}. ` +
    (own.length === 0
      ? ''
      : `Rules and passes of your own changed the recording (${own.map((p) => p.name).join(', ')}): ` +
        'look at these first. Or ') +
    'JavaScript decided otherwise while it was recorded: look for an if on tensors, a counter or Math.random(), and for variables and ' +
    'fields that the function reads and replaces; choose by value with where or cond, and keep ' +
    'state in parameters and buffers';
  return { same: false, recording: true, output, index, eager, compiled, message };
}

const SEEN = {
  beside: 'The first op that differs is',
  alone: 'The first op that differs, or that is fused with one that does, is',
  not: 'No op differs when it is looked at; this comes from',
};

const shown = (x: number | bigint | string): string => (Object.is(x, -0) ? '-0' : `${x}`);
