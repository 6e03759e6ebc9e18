// Everything that must hold before a change lands: one line a step, output only of what fails.
// `--fast` leaves out the bundles and the tests. The last line is "N passed, N failed": the tests,
// and every other step that failed.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { root } from './package-map.mjs';

const fast = process.argv.includes('--fast');
const steps = [
  { name: 'format', command: 'biome check .' },
  { name: 'lint', command: 'oxlint' },
  { name: 'typecheck', command: 'tsc -p tsconfig.json --noEmit' },
  { name: 'arrows', command: 'node scripts/check-arrows.mjs', tells: true },
  { name: 'build', command: 'npm run -s build' },
  { name: 'sizes', command: 'node scripts/check-sizes.mjs', needs: 'build', tells: true },
  {
    name: 'bundles',
    command: 'node scripts/check-bundles.mjs',
    needs: 'build',
    tells: true,
    slow: true,
  },
  { name: 'type tests', command: 'node scripts/check-types.mjs', tells: true },
  { name: 'tests', command: 'vitest run', tells: true, slow: true },
];

function run(command) {
  return new Promise((done) => {
    const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
    const child = spawn(command, {
      cwd: root,
      shell: true,
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('close', (code) => {
      const lastLine = stdout.trimEnd().split('\n').at(-1);
      done({ ok: code === 0, output: output.trimEnd(), lastLine });
    });
  });
}

const start = performance.now();
const secondsSince = (from) => ((performance.now() - from) / 1000).toFixed(1).padStart(6);
const failed = new Set();
let tests = { passed: 0, failed: 0 };
let ran = 0;

for (const { name, command, needs, tells, slow } of steps) {
  if (fast && slow) continue;
  ran += 1;
  if (failed.has(needs)) {
    console.log(`skip  ${name.padEnd(10)}         needs ${needs}`);
    failed.add(name);
    continue;
  }
  const from = performance.now();
  const { ok, output, lastLine } = await run(command);
  const counts = name === 'tests' && /^(\d+) passed, (\d+) failed$/.exec(lastLine);
  if (counts) tests = { passed: Number(counts[1]), failed: Number(counts[2]) };
  if (!ok) failed.add(name);
  console.log(
    `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)} ${secondsSince(from)} s  ${tells ? lastLine : ''}`.trimEnd(),
  );
  if (!ok && output) console.log(output.replace(/^/gm, '      '));
}

const testsSaidWhy = failed.has('tests') && tests.failed > 0;
const otherFailures = failed.size - (testsSaidWhy ? 1 : 0);
console.log(
  `check: ${ran - failed.size} of ${ran} steps hold, ${secondsSince(start).trim()} s` +
    (failed.size > 0 ? `; not: ${[...failed].join(', ')}` : ''),
);
console.log(`${tests.passed} passed, ${tests.failed + otherFailures} failed`);
process.exitCode = failed.size > 0 ? 1 : 0;
