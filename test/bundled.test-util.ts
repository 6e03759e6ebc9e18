/** Programs that tests run in processes of their own. */
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The file that a program in `test/` is bundled to before a test file's tests; it is taken away after
 * them. It lies under node_modules, so that the package of koffi is found from there.
 */
export function bundled(program: string): string {
  const name = basename(program, '.ts');
  const folder = join(root, `node_modules/.${name}-test-${process.pid}`);
  const outfile = join(folder, `${name}.mjs`);
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    buildSync({
      entryPoints: [join(root, 'test', program)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      tsconfig: join(root, 'tsconfig.json'),
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return outfile;
}
