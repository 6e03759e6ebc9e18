import type { Module } from './module.ts';

/** Runs `f` while the module and all below it evaluate; each then has the mode it had before. */
export function evaluated<T>(module: Module, f: () => T): T {
  const modes = module.modules().map((m) => [m, m.training] as const);
  module.eval();
  try {
    return f();
  } finally {
    // Outer modules come first: what they set below them is then set right.
    for (const [m, training] of modes) m.train(training);
  }
}
