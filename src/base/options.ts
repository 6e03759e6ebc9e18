/** Option objects: a misspelt name is an error, never ignored. */
import { ValueError } from './errors/value-error.ts';
import { given, isTensorLike } from './given.ts';

/**
 * Throws a ValueError unless `options` is left out or an object whose every name is among `known`.
 * The remedy suggests the name that was meant, where one is near.
 */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  const remedy = `the options are ${known.join(', ')}`;
  if (typeof options !== 'object' || options === null || !isOptions(options)) {
    throw new ValueError({
      op,
      problem: `the last argument must be an object of options, not ${given(options)}`,
      remedy: `write { ${known[0]}: ... }; ${remedy}`,
    });
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    throw new ValueError({
      op,
      problem: `there is no option '${key}'`,
      remedy: meant === undefined ? remedy : `did you mean '${meant}'? ${remedy}`,
    });
  }
}

const isOptions = (x: object): boolean =>
  !Array.isArray(x) && !ArrayBuffer.isView(x) && !isTensorLike(x) && !(x instanceof Promise);

/** Letters alone, in lower case: `ceil_mode`, `ceil-mode` and `CeilMode` are one name. */
const plain = (name: string): string => name.replace(/[^a-z0-9]/gi, '').toLowerCase();

/** The known name that differs in its spelling only, or in at most a third of its letters. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const same = known.find((name) => plain(name) === plain(key));
  if (same !== undefined) return same;
  const distances = known.map((name) => editDistance(plain(key), plain(name)));
  const least = Math.min(...distances);
  const at = distances.indexOf(least);
  return at >= 0 && least <= Math.max(1, Math.floor(known[at].length / 3)) ? known[at] : undefined;
}

/** Levenshtein's distance: letters put in, taken out or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
