/** Where the inputs of a recorded program come from, and where its outputs go. */
import type { Graph } from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Template } from './tree.ts';

/** A tensor that the recorded function saw: an argument of each call, or one that it captured. */
export type Owner =
  | { readonly kind: 'argument'; readonly place: number }
  | { readonly kind: 'captured'; readonly tensor: Tensor };

/** The tensor itself, in a call with these arguments. */
export const ownerTensor = (owner: Owner, args: readonly Tensor[]): Tensor =>
  owner.kind === 'argument' ? args[owner.place] : owner.tensor;

export type Source =
  | Owner
  | { readonly kind: 'gradient'; readonly of: Owner }
  /** A 32-bit word of the seed, or of the counter of the program's random call `call`. */
  | { readonly kind: 'seed'; readonly word: 0 | 1 }
  | { readonly kind: 'counter'; readonly call: number; readonly word: 0 | 1 };

export type Target =
  | { readonly kind: 'result'; readonly place: number }
  | { readonly kind: 'cell'; readonly cell: Tensor }
  | { readonly kind: 'gradient'; readonly of: Owner }
  /** Kept for the backward program. */
  | { readonly kind: 'residual' };

/** A tensor that is returned and that the program does not compute. */
export interface Passed {
  readonly place: number;
  readonly owner: Owner;
}

/** What happens to a gradient that is no output of the program. */
export interface GradientEnd {
  readonly of: Owner;
  /** `spent`: an optimiser has used it, and it is not kept. */
  readonly end: 'none' | 'spent' | Tensor;
}

/** Something the recording relied on, beside its arguments. */
export interface Guard {
  readonly what: string;
  holds(args: readonly Tensor[]): boolean;
}

/** The backward pass of a program's differentiable results. */
export interface BackwardPart {
  /** Its inputs: gradients of results, and values that the forward pass leaves. */
  readonly graph: Graph;
  readonly inputs: readonly (
    | { readonly kind: 'seed'; readonly result: number }
    /** An input of the forward graph. */
    | { readonly kind: 'source'; readonly input: number }
    | { readonly kind: 'residual'; readonly output: number }
  )[];
  /** Who gets the outputs. */
  readonly to: readonly Owner[];
  /** Which results (places) require a gradient. */
  readonly results: readonly number[];
}

/** A function recorded for one signature. */
export interface Recorded {
  readonly graph: Graph;
  /** One for each input of the graph, and one for each output. */
  readonly sources: readonly Source[];
  readonly targets: readonly Target[];
  readonly result: Template;
  readonly passed: readonly Passed[];
  readonly gradientEnds: readonly GradientEnd[];
  readonly guards: readonly Guard[];
  readonly randomCalls: number;
  /** What captured tensors are called that are fields of modules: `net.0.weight`. */
  readonly fields: ReadonlyMap<unknown, string>;
  /** Fields of modules that the function changed while it was recorded, in words. */
  readonly changed: readonly string[];
  readonly backward: BackwardPart | null;
}
