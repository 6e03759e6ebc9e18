/** Deterministic numbers from 0 to 1 (a linear congruential generator, Numerical Recipes' constants). */
export function sequence(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}
