// Random programs on the wasm engine, in a small heap and by the reference, compared case by case.
//   node scripts/fuzz.mjs [--seed 1] [--count 2000] [--only N] [--cpu x64] [--coverage]
// With --cpu x64 machine code takes the place of both WebAssembly engines (GRADUS_ISA as usual), on
// memory between guard pages. Ends with status 1 if a result differs or an engine's process dies.
// See test/fuzz/README.md.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { readPackage, root, sourceNames } from './package-map.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '2000' },
    only: { type: 'string' },
    cpu: { type: 'string', default: 'wasm' },
    refused: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const first = Number(values.only ?? 0);
const count = values.only === undefined ? Number(values.count) : 1;
if (![seed, first, count].every(Number.isInteger)) throw new Error('--seed and --count are whole');

// Where the programs find the optional native package.
const dir = mkdtempSync(join(root, 'node_modules/.gradus-fuzz-'));
const children = [];

function bundle(name) {
  const outfile = join(dir, `${name}.mjs`);
  buildSync({
    entryPoints: [join(root, `test/fuzz/${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    alias: Object.fromEntries(
      [...sourceNames(readPackage())].map(([name, to]) => [name, join(root, to)]),
    ),
  });
  return outfile;
}

/** The results of one engine, case by case; a process that dies is an outcome, and another goes on. */
function start(program, env) {
  const {
    GRADUS_WASM_HEAP: _heap,
    GRADUS_VERIFY: _verify,
    FUZZ_GUARD: _guard,
    ...rest
  } = process.env;
  let [next, lines, ended] = [first, null, null];
  const open = () => {
    const range = [next, first + count - next].map(String);
    const args = ['--expose-gc', program, String(seed), ...range];
    const child = spawn(process.execPath, args, {
      env: { ...rest, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    ended = new Promise((done) => {
      child.on('close', (code, signal) => done(signal ?? `status ${code}`));
    });
    lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  };
  open();
  return async () => {
    const { value, done } = await lines.next();
    if (!done) {
      next++;
      return JSON.parse(value);
    }
    const died = `the process (${Object.entries(env).join(' ')}) ended with ${await ended}`;
    const outcome = { index: next++, died, lines: [], results: [], refused: [], wrong: [died] };
    if (next < first + count) open();
    return outcome;
  };
}

function show({ index, what, lines }, against) {
  console.log(`\ncase ${index}, ${against}: ${what}\n`);
  console.log(lines.map((line) => `  ${line}`).join('\n'));
  console.log(
    `\n  again: node scripts/fuzz.mjs --seed ${seed} --cpu ${values.cpu} --only ${index}`,
  );
}

const began = performance.now();
let failures = 0;
let compared = 0;
const worst = { by: 0, index: first };
const refused = new Map();
try {
  const { compare } = await import(pathToFileURL(bundle('compare')).href);
  const program = bundle('fuzz');
  const { cpu } = values;
  const wasm = cpu === 'wasm';
  // Guards keep temporaries apart that else share memory: every other seed does without.
  const guardOfSmall = seed % 2 === 0 ? { FUZZ_GUARD: 'start' } : {};
  const fast = start(program, {
    GRADUS_CPU: cpu,
    GRADUS_VERIFY: '1',
    ...(wasm ? {} : { FUZZ_GUARD: 'end' }),
  });
  // Machine code has no heap of its own; it must give the same bits on one thread.
  const small = start(program, {
    GRADUS_CPU: cpu,
    ...(wasm ? { GRADUS_WASM_HEAP: '1' } : { GRADUS_THREADS: '1', ...guardOfSmall }),
  });
  const reference = start(program, { GRADUS_CPU: 'reference' });
  for (let i = 0; i < count; i++) {
    const [a, b, c] = await Promise.all([fast(), small(), reference()]);
    const dead = [a, b, c].filter((o) => o.died !== undefined);
    const lines = [a, b, c].find((o) => o.lines.length > 0)?.lines ?? [];
    for (const { index, died } of dead) show({ index, what: died, lines }, 'a crash');
    failures += dead.length;
    if (dead.length > 0) continue;
    const byReference = compare(a, c, false);
    for (const d of byReference.differences) show(d, `${cpu} and the reference`);
    const bySmall = compare(b, a, true);
    for (const d of bySmall.differences) show(d, `${cpu} with less and with more`);
    failures += byReference.differences.length + bySmall.differences.length;
    compared += a.results.filter((r) => r.flag !== 'skip').length;
    if (byReference.worst > worst.by)
      Object.assign(worst, { by: byReference.worst, index: a.index });
    for (const text of a.refused) refused.set(text, (refused.get(text) ?? 0) + 1);
  }
  if (values.coverage) {
    const { ops, kernels } = await fast();
    const print = (what, counts) => {
      const sorted = Object.entries(counts).sort();
      console.log(`${what}:`);
      for (const [name, times] of sorted) console.log(`  ${name}: ${times}`);
    };
    print('ops, by graphs compiled', ops);
    print('kernels, by kind', kernels);
  }
} finally {
  for (const child of children) child.kill();
  rmSync(dir, { recursive: true });
}
if (values.refused)
  for (const [text, times] of [...refused].sort((a, b) => b[1] - a[1])) console.log(times, text);
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(
  `seed ${seed}: ${count} programs, ${compared} results compared, ${failures} differ; ` +
    `the worst allowed is ${worst.by.toFixed(3)} of its limit, case ${worst.index}; ${seconds} s`,
);
process.exitCode = failures > 0 ? 1 : 0;
