/**
 * Builds `dist`: the modules and their types by tsc (what bundlers and browsers take), and for Node
 * the same modules joined into a few files under `dist/node`, because opening two hundred files
 * takes longer than everything else that happens before the first result.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
try {
  execFileSync(`${root}node_modules/.bin/tsc`, ['-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
} catch {
  process.exit(1);
}
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    'index',
    'data/index',
    'format/index',
    'testing/index',
    'train/index',
    'cli/main',
  ].map((n) => `dist/${n}.js`),
  outdir: 'dist/node',
  outbase: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  // tsconfig.json leads '#names' to src, for the editor; here package.json decides. A class that came
  // in from both places would be two classes.
  tsconfigRaw: '{}',
  metafile: true,
});
const strangers = Object.keys(metafile.inputs).filter(
  (path) => !/^(dist|node_modules)\//.test(path),
);
if (strangers.length > 0) {
  console.log(`dist/node is made of dist alone, not of ${strangers.join(', ')}`);
  process.exitCode = 1;
}
