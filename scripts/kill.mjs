// The SIGKILL test (test/kill). Usage: npm run test:kill [-- --kills 50 --seed 1]
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './package-map.mjs';
import { run, translate } from './run-ts.mjs';

const [kill, child] = [
  await translate(join(root, 'test/kill/kill.ts')),
  await translate(join(root, 'test/kill/child.ts')),
];
try {
  process.exitCode = await run(kill, ['--child', child, ...process.argv.slice(2)]);
} finally {
  for (const program of [kill, child]) rmSync(program, { force: true });
}
