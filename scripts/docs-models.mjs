// Writes docs/models.md: the models of examples/models, eager and compiled. Usage: npm run docs:models
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPackage, root } from './package-map.mjs';
import { run, translate } from './run-ts.mjs';

const USAGE = `npm run docs:models

Runs the models of examples/models eagerly and compiled, some minutes, and writes docs/models.md anew.
It takes no options but --help.`;

let help = false;
try {
  help = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } }).values.help === true;
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
if (help) {
  console.log(USAGE);
  process.exit(0);
}

const program = await translate(join(root, 'bench/models.ts'));
try {
  process.exitCode = await run(program, [join(root, 'docs/models.md'), readPackage().version]);
} finally {
  rmSync(program, { force: true });
}
