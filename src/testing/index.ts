/** Checks for tests: the public subpath `gradus/testing`. */
import '../wiring.ts';

export { type AllCloseOptions, allClose } from './all-close.ts';
export {
  type CompareOptions,
  type Comparison,
  compareEagerCompiled,
} from './compare-eager-compiled.ts';
export { ComparisonError } from './comparison-error.ts';
export { type GradCheckOptions, gradCheck } from './grad-check.ts';
export {
  EXACT_OPS,
  TOLERANCES,
  type Tolerance,
  toleranceOf,
  ULP_BOUNDS,
  ulpBoundOf,
  ulpDistance,
} from './tolerance.ts';
