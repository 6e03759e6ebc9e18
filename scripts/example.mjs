// Runs a program of examples/ by its name. Usage: npm run example -- <name> [arguments]
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './package-map.mjs';
import { run, translate } from './run-ts.mjs';

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(join(root, 'examples'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
if (!names.includes(name)) {
  const problem = name === undefined ? 'which example?' : `there is no example '${name}'`;
  console.error(`${problem} There are:\n  ${names.join('\n  ')}`);
  process.exit(2);
}
const program = await translate(join(root, 'examples', `${name}.ts`));
try {
  process.exitCode = await run(program, args);
} finally {
  rmSync(program, { force: true });
}
