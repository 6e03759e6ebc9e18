/** Finds packages where the user of the bench installed them; none is a dependency of Gradus. */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders with a `node_modules`, the first that has a package wins. */
export const FOLDERS = [
  process.env.GRADUS_BENCH_PEERS,
  fileURLToPath(new URL('./installed/', import.meta.url)),
  fileURLToPath(new URL('../../', import.meta.url)),
].filter((folder) => folder);

/** A `require` of the folder that has the package, or undefined. */
export function requireFor(name) {
  for (const folder of FOLDERS) {
    const require = createRequire(join(resolve(folder), 'any.js'));
    try {
      require.resolve(name);
      return require;
    } catch {
      // The next one may have it.
    }
  }
  return undefined;
}

/** The first version that a package's own package.json tells. */
export function versionOf(require, name) {
  for (const path of require.resolve.paths(name) ?? []) {
    try {
      return require(join(path, name, 'package.json')).version;
    } catch {
      // Not there.
    }
  }
  return '';
}
