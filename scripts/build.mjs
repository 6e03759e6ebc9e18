/**
 * Builds `dist`: the modules and their types by tsc (what bundlers and browsers take), and for Node
 * the same modules joined into a few files under `dist/node`, because opening two hundred files
 * takes longer than everything else that happens before the first result.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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

/** All but the root. Whoever loads one of them loads the root too. */
const others = ['data/index', 'format/index', 'testing/index', 'train/index', 'cli/main'];

/**
 * Lets every entry lead to the whole root, so that this is one file: esbuild makes one for each set
 * of entries that share modules, and each file takes most of a millisecond of every start.
 */
const rootTogether = {
  name: 'root-together',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/]\w+[\\/]\w+\.js$/ }, ({ path }) => {
      if (!others.some((n) => path === join(root, 'dist', `${n}.js`))) return undefined;
      return { contents: `${readFileSync(path, 'utf8')}\nimport '../index.js';\n` };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['index', ...others].map((n) => `dist/${n}.js`),
  plugins: [rootTogether],
  // Every module counts as needed, else an entry would lead to the parts it uses.
  ignoreAnnotations: true,
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
