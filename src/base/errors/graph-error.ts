import { GradusError } from './gradus-error.ts';

/** Thrown for a graph, tape or recording that cannot do what was asked. */
export class GraphError extends GradusError {}
