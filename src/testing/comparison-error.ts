import { GradusError } from '../base/index.ts';

/** Two results that should agree do not. */
export class ComparisonError extends GradusError {}
