import { GradusError } from './gradus-error.ts';

/** Thrown for shapes or sizes that do not fit together. */
export class ShapeError extends GradusError {}
