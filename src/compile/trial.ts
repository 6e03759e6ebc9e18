/** Recordings that are looked at and compared, and never committed. For `gradus/testing`. */
import { WEAK_INT } from '../base/index.ts';
import { device, getRandomState, type Tensor } from '../tensor/index.ts';
import { ownerTensor, type Recorded, type Source } from './bindings.ts';
import { operandOf } from './operands.ts';
import { ownPassesOf } from './own-passes.ts';
import { argumentName, parameterNames } from './parameter-names.ts';
import { recordFunction } from './record.ts';
import { rewritten } from './symbolic/view.ts';
import { flatten } from './tree.ts';

/** A recorded graph and the arguments that it is run on. */
export interface Trial {
  readonly recorded: Recorded;
  readonly args: readonly Tensor[];
  /** What each tensor among the arguments is called. */
  readonly names: readonly string[];
  readonly device: string;
}

/** Records `fn` on these arguments, and leaves everything as it is. */
export function recordTrial(
  fn: (...args: never[]) => unknown,
  inputs: readonly unknown[],
  { name, keepGrads }: { readonly name: string; readonly keepGrads: boolean },
): Trial {
  const names = parameterNames(fn);
  const flat = flatten(name, inputs, (i) => argumentName(names, i));
  const place = device();
  const plain = recordFunction(fn, flat, { name, device: place, keepGrads, trial: true });
  const recorded = rewritten(plain, ownPassesOf(fn));
  return { recorded, args: flat.tensors, names: flat.paths, device: place };
}

/**
 * The backward program of a trial's differentiable results as a trial of its own, or null if there is
 * none. `seed(i)` is the gradient of result `i`, `output(o)` what the forward program left in output
 * `o`.
 */
export function backwardTrial(
  { recorded, args, device }: Trial,
  seed: (result: number) => Tensor,
  output: (o: number) => Tensor,
): Trial | null {
  const { backward, sources } = recorded;
  if (backward === null) return null;
  const given: Tensor[] = [];
  const names: string[] = [];
  // Dense arguments, all of them: so attach.ts takes what the forward pass held.
  const argument = (name: string, t: Tensor): Source => {
    names.push(name);
    return { kind: 'argument', place: given.push(t) - 1 };
  };
  const bound = backward.inputs.map((b): Source => {
    if (b.kind === 'seed') return argument(`the gradient of result ${b.result}`, seed(b.result));
    if (b.kind === 'residual') return argument('a value of the forward pass', output(b.output));
    const source = sources[b.input];
    return source.kind === 'seed' || source.kind === 'counter'
      ? source
      : argument('an input of the forward pass', tensorOf(source, args));
  });
  const back: Recorded = {
    ...recorded,
    graph: backward.graph,
    sources: bound,
    targets: backward.to.map(() => ({ kind: 'residual' })),
    passed: [],
    gradientEnds: [],
    backward: null,
  };
  return { recorded: back, args: given, names, device };
}

/** What the inputs of a trial's graph are, in the layout that they have. */
export function operandsAsGiven({ recorded, args }: Trial): (Tensor | number)[] {
  const call = { args, ...getRandomState() };
  return recorded.sources.map((s) =>
    s.kind === 'seed' || s.kind === 'counter' ? operandOf(s, call, WEAK_INT) : tensorOf(s, args),
  );
}

const tensorOf = (
  source: Exclude<Source, { kind: 'seed' | 'counter' }>,
  args: readonly Tensor[],
): Tensor =>
  source.kind === 'gradient'
    ? (ownerTensor(source.of, args).storedGradient() as Tensor)
    : ownerTensor(source, args);
