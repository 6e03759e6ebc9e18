import type { nn, Tensor } from 'gradus';

/** What a training step gives: its loss, or several by name. */
export type Losses = Tensor | Readonly<Record<string, Tensor>>;

export interface Training {
  readonly model: nn.Module;
  /**
   * One whole training step: forward, loss, gradients, optimiser. It reads no value of a tensor and
   * keeps nothing outside parameters, buffers and optimisers, so that a program can be recorded of it.
   */
  step(...inputs: Tensor[]): Losses;
  /** Fresh inputs for one step, always of the same shapes. They follow from the seed. */
  inputs(): Tensor[];
}

/** An architecture in a small size, and how it is trained. */
export interface Recipe {
  readonly name: string;
  readonly describe: string;
  make(): Training;
}
