import { GradusError } from './gradus-error.ts';

/** Thrown for an argument of the right type with a value that makes no sense. */
export class ValueError extends GradusError {}
