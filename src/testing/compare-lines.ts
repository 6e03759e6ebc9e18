/** The lines of a function, run eagerly, beside what was recorded of them. */
import { type Lines, ownerTensor, runLines, structureKey, type Trial } from '../compile/index.ts';
import { printType } from '../ir/index.ts';
import { abstractHandle, type Node, runBackward, Tensor } from '../tensor/index.ts';
import { difference, type Measure } from './difference.ts';
import type { Values } from './evaluate.ts';
import { gradientNames, outputNames, ownerName } from './output-names.ts';

/** What the lines give otherwise than the recording: `compiled` is what was recorded. @internal */
export interface LineDifference {
  readonly output: string;
  readonly index: readonly number[];
  readonly eager: number | bigint | string;
  readonly compiled: number | bigint | string;
}

/** The gradients of differentiable results, by the recording. @internal */
export interface Backward {
  readonly trial: Trial;
  readonly values: Values;
  /** The gradient given for each result. */
  readonly seed: (place: number) => Tensor;
}

/** Terms of sums that a loop may add in another order. */
const LOOP_TERMS = 1024;

/** The first difference, or null. Everything is put back. @internal */
export function compareLines(
  fn: (...args: never[]) => unknown,
  inputs: readonly unknown[],
  trial: Trial,
  values: Values,
  back: Backward | null,
  measure: Measure,
): LineDifference | null {
  const { graph, backward } = trial.recorded;
  // Gradients that a loop adds may come in another order.
  const nodes = [...graph.nodes, ...(backward?.graph.nodes ?? [])];
  const near = nodes.some((n) => n.regions.length > 0)
    ? { exact: false, terms: measure.terms ?? LOOP_TERMS }
    : measure;
  return runLines(fn, inputs, trial, (lines) => {
    if ('error' in lines) {
      const { error } = lines;
      return other('an error', error instanceof Error ? error.message : String(error), 'none');
    }
    return (
      ofResult(lines, trial, near) ??
      ofOutputs(lines, trial, values, near) ??
      ofGradientEnds(trial, near) ??
      ofTheRest(lines, trial, near) ??
      (back === null ? null : ofBackward(lines, trial, back, near))
    );
  });
}

const other = (
  output: string,
  eager: number | string,
  compiled: number | string,
): LineDifference => ({ output, index: [], eager, compiled });

/** Structure, what is handed through, and random calls. */
function ofResult(
  { result, draws }: Lines,
  { recorded, args }: Trial,
  measure: Measure,
): LineDifference | null {
  const [eager, compiled] = [structureKey(result.template), structureKey(recorded.result)];
  if (eager !== compiled) return other('the structure of the result', eager, compiled);
  if (draws !== recorded.randomCalls) {
    return other('the number of random calls', draws, recorded.randomCalls);
  }
  for (const { place, owner } of recorded.passed) {
    const [got, wanted] = [result.tensors[place], ownerTensor(owner, args)];
    // A constant made within is another tensor each time.
    const found =
      got === wanted ? null : compare(`tensor ${place} of the result`, got, wanted, measure);
    if (found !== null) return found;
  }
  return null;
}

/** Results, new values of cells, gradients. */
function ofOutputs(
  { result }: Lines,
  trial: Trial,
  values: Values,
  measure: Measure,
): LineDifference | null {
  const { graph, targets } = trial.recorded;
  const names = outputNames(trial);
  for (const [o, target] of targets.entries()) {
    if (target.kind === 'residual') continue;
    // A leaf that the function makes itself is another one each time.
    const own = target.kind === 'gradient' ? ownerTensor(target.of, trial.args) : null;
    if (own !== null && abstractHandle(own) !== null) continue;
    const eager =
      target.kind === 'result'
        ? result.tensors[target.place]
        : target.kind === 'cell'
          ? target.cell
          : (own as Tensor).storedGradient();
    const found = compare(names[o], eager, values.get(graph.outputs[o]) as Tensor, measure);
    if (found !== null) return found;
  }
  return null;
}

/** Gradients that are no outputs of the recording. */
function ofGradientEnds({ recorded, args, names }: Trial, measure: Measure): LineDifference | null {
  for (const { of, end } of recorded.gradientEnds) {
    const owner = ownerTensor(of, args);
    if (end === 'spent' || abstractHandle(owner) !== null) continue;
    const eager = owner.storedGradient();
    const output = `the gradient of ${ownerName(of, names)}`;
    if (end !== 'none') {
      const found = compare(output, eager, end, measure);
      if (found !== null) return found;
    } else if (eager !== null) return other(output, 'a tensor', 'null');
  }
  return null;
}

/** Cells and gradients that the recording does not write. */
function ofTheRest(
  { cells, gradients }: Lines,
  { recorded, args, names }: Trial,
  measure: Measure,
): LineDifference | null {
  const { targets, gradientEnds } = recorded;
  const known = new Set(targets.map((t) => (t.kind === 'cell' ? t.cell : null)));
  const nameOf = (tensor: Tensor): string => ownerName({ kind: 'captured', tensor }, names);
  for (const { cell, before } of cells) {
    if (known.has(cell)) continue;
    const found = difference(cell, before, measure);
    if (found !== null) return { output: `the new value of ${nameOf(cell)}`, ...found };
  }
  const owners = new Set(
    [...targets, ...gradientEnds].map((t) => ('of' in t ? ownerTensor(t.of, args) : null)),
  );
  const stray = gradients.find((t) => t.cell && !owners.has(t));
  return stray === undefined
    ? null
    : other(`the gradient of ${nameOf(stray)}`, 'changed', 'left as it was');
}

/** Gradients of differentiable results. */
function ofBackward(
  { result }: Lines,
  trial: Trial,
  { trial: backward, values, seed }: Backward,
  measure: Measure,
): LineDifference | null {
  const part = trial.recorded.backward;
  if (part === null) return null;
  const roots = part.results.map((place) => result.tensors[place]);
  const owners = part.to.map((of) => ownerTensor(of, trial.args));
  const captured = new Map<Node, Tensor | null>();
  for (const t of owners) if (t.node !== null) captured.set(t.node, null);
  runBackward(roots, part.results.map(seed), false, true, { captured, floor: -1 });
  const names = gradientNames(trial);
  for (const [i, t] of owners.entries()) {
    const eager = t.node === null ? null : (captured.get(t.node) ?? null);
    const recorded = values.get(backward.recorded.graph.outputs[i]) as Tensor;
    const found = compare(names[i], eager, recorded, measure);
    if (found !== null) return found;
  }
  return null;
}

function compare(
  output: string,
  eager: Tensor | null,
  recorded: Tensor,
  measure: Measure,
): LineDifference | null {
  if (!(eager instanceof Tensor)) return other(output, 'null', printType(recorded));
  const found = difference(eager, recorded, measure);
  return found === null ? null : { output, ...found };
}
