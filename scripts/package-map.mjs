// What package.json's `exports` and `imports` say, told in source files.
// Shared by the checks and by vitest.config.ts, so that the map is written down once.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export function readPackage() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/** The target that `entry` (a string, or conditions in order) gives under `conditions`. */
export function pick(entry, conditions) {
  if (typeof entry === 'string' || entry == null) return entry ?? undefined;
  for (const [condition, value] of Object.entries(entry)) {
    if (condition !== 'default' && !conditions.includes(condition)) continue;
    const found = pick(value, conditions);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** './dist/data/index.js' -> 'src/data/index.ts'; undefined for what is not built from src. */
export function sourceOf(target) {
  const match = /^\.\/dist\/(?:node\/)?(.*?)(?:\.d\.ts|\.js)$/.exec(target ?? '');
  return match ? `src/${match[1]}.ts` : undefined;
}

/** Every source file that an entry may choose, whatever the conditions. */
export function allSources(entry) {
  const targets = typeof entry === 'string' ? [entry] : Object.values(entry ?? {});
  const leaves = targets.flatMap((t) => (typeof t === 'string' ? [sourceOf(t)] : allSources(t)));
  return [...new Set(leaves.filter((file) => file !== undefined))];
}

/**
 * The names that code may import ('gradus', 'gradus/data', '#thread-pool') -> source file.
 * @returns {Map<string, string>}
 */
export function sourceNames(pkg, conditions = ['node', 'import']) {
  const names = new Map();
  const add = (name, entry) => {
    const file = sourceOf(pick(entry, conditions));
    if (file) names.set(name, file);
  };
  for (const [key, entry] of Object.entries(pkg.exports ?? {})) add(pkg.name + key.slice(1), entry);
  for (const [key, entry] of Object.entries(pkg.imports ?? {})) add(key, entry);
  return names;
}
