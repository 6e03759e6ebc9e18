import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = `
import { tensor } from 'gradus';
const r = tensor([[1, 2], [3, 4]]).matmul(tensor([[1, 0], [0, 1]])).toArray();
if (r[1][0] !== 3) process.exit(1);
`;

/** W9: process start to the first matmul result, the process's own start included. */
export const start = {
  group: 'W9',
  name: 'W9',
  title: 'process start to first result',
  warmUp: 200,
  prepare: () => () => {
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: root,
    });
    if (status !== 0) throw new Error('the start-up program failed');
  },
};

/** The same process without Gradus: what Node itself takes. */
export const startNode = {
  group: 'W9',
  name: 'W9-node-alone',
  title: 'start of Node alone',
  warmUp: 200,
  prepare: () => () => {
    spawnSync(process.execPath, ['--input-type=module', '-e', ''], { cwd: root });
  },
};
