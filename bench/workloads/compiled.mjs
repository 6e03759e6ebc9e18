/** `--compiled`: workloads run as compiled functions. */
import * as gradus from 'gradus';

const wanted = process.env.GRADUS_BENCH_COMPILED === '1';

/** The function, compiled if that is asked for. */
export const maybeCompiled = (fn) => (wanted ? gradus.compile(fn) : fn);
