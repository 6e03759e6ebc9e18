// Programs of a few imports, bundled by esbuild and by rollup for a browser and for Node, then run; and
// one that TypeScript checks against the package's types, none skipped.
// What it guards: in a browser no Node module is pulled in and none needs `process`; the wiring survives
// tree shaking (package.json "sideEffects"); the whole stays small; no type names what is not there.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { pick, readPackage, root } from './package-map.mjs';

/** `limits` are bytes, minified. Node's bundles hold the x86-64 engine, browsers' do not. */
const PROGRAMS = {
  root: {
    limits: { browser: 400_000, node: 650_000 },
    code: "import { tensor } from 'gradus';\nconsole.log(tensor([1, 2]).add(1).toString());\n",
    expected: /\b2(\.0*)?,? +3(\.0*)?(?!\d)/,
  },
  training: {
    limits: { browser: 550_000, node: 750_000 },
    code: `
import { nn, optim, tensor } from 'gradus';
import { DataLoader } from 'gradus/data';
import { decodeSafetensors, encodeSafetensors } from 'gradus/formats';
import { Trainer } from 'gradus/train';
const net = nn.linear(1, 1);
const examples = [0, 1, 2, 3].map((x) => ({ x: tensor([x]), y: tensor([2 * x]) }));
const trainer = new Trainer(net, {
  loss: nn.mseLoss,
  optimizer: optim.adam(net.parameters(), { lr: 0.1 }),
});
const loader = new DataLoader(examples, { batchSize: 2, shuffle: true });
const { epochs } = await trainer.fit(loader, { epochs: 2, progress: 'none' });
const names = Object.keys(decodeSafetensors(encodeSafetensors(net.stateDict())).tensors);
console.log(epochs.length, names.join());
`,
    expected: /^2 weight,bias$/m,
  },
};
const CONSUMER = `
import { tensor, nn, optim } from 'gradus';
import { DataLoader, datasets } from 'gradus/data';
import { loadModel, saveModel } from 'gradus/formats';
import { allClose } from 'gradus/testing';
import { accuracy, Trainer } from 'gradus/train';
export { accuracy, allClose, DataLoader, datasets, loadModel, nn, optim, saveModel, tensor, Trainer };
`;
const CONDITIONS = {
  browser: ['browser', 'module', 'import', 'default'],
  node: ['node', 'module', 'import', 'default'],
};
// What a browser lacks is taken away before the browser bundle runs.
const BROWSER_BANNER = 'globalThis.process = globalThis.Buffer = undefined;';

const pkg = readPackage();
const external = Object.keys({ ...pkg.dependencies, ...pkg.optionalDependencies });

/** Errors and saved models name layers by their classes: joining must not have renamed any. */
async function checkNames() {
  const { nn } = await import(pathToFileURL(join(root, 'dist/node/index.js')).href);
  for (const [name, value] of Object.entries(nn)) {
    if (typeof value !== 'function' || !String(value).startsWith('class')) continue;
    if (value.name === name) continue;
    console.log(`nn.${name} is called ${value.name} in dist/node: a constant has its name too`);
    process.exitCode = 1;
  }
}

async function withEsbuild(entry, platform) {
  const result = await build({
    entryPoints: [entry],
    platform,
    conditions: CONDITIONS[platform],
    external: platform === 'node' ? external : [],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    // The repository's own tsconfig maps names to src; a user's bundler does not see it.
    tsconfigRaw: '{}',
    logLevel: 'error',
  });
  return result.outputFiles[0].text;
}

async function withRollup(entry, platform) {
  const bundle = await rollup({
    input: entry,
    plugins: [packageResolver(platform)],
    onwarn: (warning) => console.log(`rollup: ${warning.message}`),
  });
  const { output } = await bundle.generate({ format: 'es', inlineDynamicImports: true });
  await bundle.close();
  const { code } = await transform(output[0].code, { minify: true, format: 'esm' });
  return code;
}

/** Resolves this package's own names as package.json says (rollup alone knows relative paths). */
function packageResolver(platform) {
  const kept = new Set((pkg.sideEffects ?? []).map((path) => resolve(root, path)));
  return {
    name: 'package-resolver',
    resolveId(id, importer) {
      if (importer === undefined) return null;
      if (isBuiltin(id) || external.includes(id)) {
        if (platform === 'browser' && isBuiltin(id))
          throw new Error(`${importer} imports ${id} in a browser`);
        return { id, external: true };
      }
      const entry = id.startsWith('#')
        ? pkg.imports?.[id]
        : (id === pkg.name || id.startsWith(`${pkg.name}/`)) &&
          pkg.exports[`.${id.slice(pkg.name.length)}`];
      const target = entry && pick(entry, CONDITIONS[platform]);
      const path = target ? join(root, target) : resolve(dirname(importer), id);
      return { id: path, moduleSideEffects: kept.has(path) };
    },
  };
}

/** What a bundle does wrong, in words. */
function faultsOf(code, platform, file, { limits, expected }) {
  const faults = [];
  const bytes = Buffer.byteLength(code);
  if (bytes > limits[platform]) faults.push(`${bytes} bytes; the limit is ${limits[platform]}`);
  if (platform === 'browser') {
    const names = [
      ...code.matchAll(/(?:from|import|import\(|require\w*\()\s*["'`]([^"'`]+)["'`]/g),
    ];
    const left = names.map((match) => match[1]).filter((name) => isBuiltin(name));
    if (left.length > 0 || /["'`]node:/.test(code))
      faults.push(`Node's modules are left in it: ${left.join(', ') || 'a node: name'}`);
  }
  fs.writeFileSync(file, platform === 'browser' ? `${BROWSER_BANNER}\n${code}` : code);
  const printed = execFileSync(process.execPath, [file], {
    encoding: 'utf8',
    timeout: 60_000,
    stdio: 'pipe',
  });
  if (!expected.test(printed)) faults.push(`printed ${JSON.stringify(printed)}, not ${expected}`);
  return faults;
}

/** TypeScript reads every type of the package, as it does for users who do not skip them. */
function checkTypes() {
  fs.writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  fs.symlinkSync(
    join(root, 'node_modules/@types'),
    join(folder, 'node_modules/@types'),
    'junction',
  );
  const options =
    '--noEmit --strict --target es2022 --module nodenext --lib es2023,esnext.disposable,dom --types node';
  try {
    execFileSync(
      join(root, 'node_modules/.bin/tsc'),
      [...options.split(' '), '--skipLibCheck', 'false', 'consumer.ts'],
      { cwd: folder, encoding: 'utf8', stdio: 'pipe' },
    );
  } catch (error) {
    console.log(`types of the package:\n${error.stdout}`);
    process.exitCode = 1;
  }
}

if (!fs.existsSync(join(root, 'dist/index.js'))) {
  console.log('dist/index.js is missing: npm run build first');
  process.exit(1);
}
const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'bundles-')));
const sizes = [];
try {
  for (const name of [pkg.name, ...external]) {
    const link = join(folder, 'node_modules', name);
    fs.mkdirSync(dirname(link), { recursive: true });
    fs.symlinkSync(name === pkg.name ? root : join(root, 'node_modules', name), link, 'junction');
  }
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const entry = join(folder, `${name}.js`);
    fs.writeFileSync(entry, program.code);
    for (const [bundler, bundle] of Object.entries({ esbuild: withEsbuild, rollup: withRollup })) {
      for (const platform of ['browser', 'node']) {
        const what = `${name} ${bundler} ${platform}`;
        try {
          const code = await bundle(entry, platform);
          const file = join(folder, `${name}-${bundler}-${platform}.mjs`);
          sizes.push(`${what} ${(Buffer.byteLength(code) / 1000).toFixed(1)} kB`);
          const faults = faultsOf(code, platform, file, program);
          for (const fault of faults) console.log(`${what}: ${fault}`);
          if (faults.length > 0) process.exitCode = 1;
        } catch (error) {
          const lines = error.message.split('\n').map((line) => line.slice(0, 200));
          console.log(`${what}: ${lines.join('\n')}`);
          process.exitCode = 1;
        }
      }
    }
  }
  checkTypes();
  await checkNames();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
console.log(sizes.join(', '));
