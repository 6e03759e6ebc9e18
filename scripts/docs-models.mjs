// Writes docs/models.md: the models of examples/models, eager and compiled. Usage: npm run docs:models
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readPackage, root } from './package-map.mjs';
import { run, translate } from './run-ts.mjs';

const program = await translate(join(root, 'bench/models.ts'));
try {
  process.exitCode = await run(program, [join(root, 'docs/models.md'), readPackage().version]);
} finally {
  rmSync(program, { force: true });
}
