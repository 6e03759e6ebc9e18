/** JSON.parse keeps the last of equal keys in silence. */

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;

/** The first key that an object of the text has twice. The text must be valid JSON. */
export function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = []; // an array's stays empty
  let i = 0;
  while (i < json.length) {
    const c = json[i];
    if (c === '"') {
      const start = i++;
      while (json.charCodeAt(i) !== QUOTE) i += json.charCodeAt(i) === BACKSLASH ? 2 : 1;
      i++;
      if (json.charCodeAt(skipSpace(json, i)) !== COLON) continue;
      const key = JSON.parse(json.slice(start, i)) as string;
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
      continue;
    }
    if (c === '{' || c === '[') open.push(new Set());
    else if (c === '}' || c === ']') open.pop();
    i++;
  }
  return undefined;
}

function skipSpace(json: string, from: number): number {
  let i = from;
  while (i < json.length && json.charCodeAt(i) <= 32) i++;
  return i;
}
