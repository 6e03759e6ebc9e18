/**
 * The names of a function's parameters as its text has them, for messages and for `dynamic`. Where they
 * are patterns or have defaults, and in minified code, there are none, or others: then the position
 * counts.
 */
export function parameterNames(fn: (...args: never[]) => unknown): readonly string[] {
  const text = Function.prototype.toString.call(fn);
  const list =
    /^(?:async\s+)?(?:function\b[^(]*)?\(([^(){}[\]=]*)\)/.exec(text)?.[1] ??
    /^(?:async\s+)?([\w$]+)\s*=>/.exec(text)?.[1];
  if (list === undefined) return [];
  const names = list.split(',').map((name) => name.trim());
  return names.every((name) => /^(\.\.\.)?[\w$]+$/.test(name)) ? names : [];
}

/** What argument `i` is called: its name, or its position. */
export const argumentName = (names: readonly string[], i: number): string => {
  const name = names[i];
  return name === undefined || name.startsWith('...') ? `argument ${i}` : name;
};
