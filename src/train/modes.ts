import type { Module } from '../nn/index.ts';

/** Remembers the mode of a module and of all below it; the result gives each its mode back. */
export function rememberModes(model: Module): () => void {
  const modes = model.modules().map((m) => [m, m.training] as const);
  // Outer modules come first: what they set below them is then set right.
  return () => {
    for (const [module, training] of modes) module.train(training);
  };
}
