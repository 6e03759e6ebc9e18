import { GradusError } from '../base/index.ts';

/** The loss, or a parameter, became NaN or infinite; the message names the first bad tensor. */
export class NonFiniteError extends GradusError {}
