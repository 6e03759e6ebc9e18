import { GradusError } from './gradus-error.ts';

/** Thrown for a file or buffer that is not what it claims to be. */
export class FormatError extends GradusError {}
