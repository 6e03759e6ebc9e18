import { GradusError } from './gradus-error.ts';

/** Thrown for an element type that an operation cannot take. */
export class DtypeError extends GradusError {}
