import { GradusError } from './gradus-error.ts';

/** Thrown for an index outside its dimension. */
export class IndexError extends GradusError {}
