import { describe, expect, it } from 'vitest';
import { checkArrows } from '../../scripts/check-arrows.mjs';

const pkg = {
  name: 'gradus',
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './data': { types: './dist/data/index.d.ts', default: './dist/data/index.js' },
  },
  imports: {
    '#pool': { node: './dist/runtime/pool.node.js', default: './dist/runtime/pool.js' },
  },
  sideEffects: ['./dist/wiring.js', './dist/index.js'],
  dependencies: { koffi: '3.3.4' },
};

/** The violations of a small house, as `file:line message`. */
function check(files: Record<string, string>): string[] {
  const found = checkArrows(new Map(Object.entries(files)), pkg);
  return found.map(({ file, line, message }) => `${file}:${line} ${message}`);
}

describe('arrows between rooms', () => {
  it('lets a room import what the table allows, through its door', () => {
    expect(
      check({
        'src/base/index.ts': "export * from './dtype.ts';",
        'src/base/dtype.ts': 'export const float32 = 0;',
        'src/ir/index.ts': "import { float32 } from '../base/index.ts';\nexport { float32 };",
        'src/tensor/index.ts': "import { device } from '../runtime/device.ts';\nexport { device };",
        'src/runtime/device.ts': "import type { Value } from '../ir/index.ts';",
        'src/target/wasm/index.ts': "export * from '../../asm/wasm/index.ts';",
        'src/asm/wasm/index.ts': 'export const bytes = 1;',
      }),
    ).toEqual([]);
  });

  it('names file and line of an import against the arrows', () => {
    expect(
      check({
        'src/base/shape.ts': "// a comment\nimport { apply } from '../ir/index.ts';",
        'src/ir/index.ts': 'export const apply = 1;',
      }),
    ).toEqual(['src/base/shape.ts:2 base may not import ir']);
  });

  it('counts imports of types, and types written import(...)', () => {
    expect(
      check({
        'src/nn/index.ts': "import type { Device } from '../runtime/index.ts';",
        'src/optim/index.ts': "export type D = import('../runtime/index.ts').Device;",
        'src/runtime/index.ts': 'export interface Device {}',
      }),
    ).toEqual([
      'src/nn/index.ts:1 nn may not import runtime',
      'src/optim/index.ts:1 optim may not import runtime',
    ]);
  });

  it('wants rooms to meet through an index.ts', () => {
    expect(
      check({
        'src/ir/apply.ts': "import { float32 } from '../base/dtype.ts';",
        'src/base/dtype.ts': 'export const float32 = 0;',
      }),
    ).toEqual(['src/ir/apply.ts:1 ../base/dtype.ts: rooms meet through their index.ts']);
  });

  it('opens runtime/device alone to the tensor room, and no backend through it', () => {
    expect(
      check({
        'src/tensor/eager.ts': "import '../runtime/index.ts';",
        'src/runtime/device.ts': "import './cpu/index.ts';",
        'src/runtime/index.ts': '',
        'src/runtime/cpu/index.ts': "import '../device.ts';",
      }),
    ).toEqual([
      'src/tensor/eager.ts:1 tensor may not import runtime',
      'src/runtime/device.ts:1 runtime/device may not import runtime',
      'src/runtime/cpu/index.ts:1 import cycle: runtime/device.ts -> runtime/cpu/index.ts -> ' +
        'runtime/device.ts',
    ]);
  });

  it('gives the tools around it public subpaths only', () => {
    expect(
      check({
        'src/cli/main.ts':
          "import 'gradus';\nimport 'gradus/data';\nimport '../data/index.ts';\n" +
          "import '../tensor/index.ts';",
        'src/index.ts': "export * from './tensor/index.ts';",
        'src/data/index.ts': '',
        'src/tensor/index.ts': '',
      }),
    ).toEqual(['src/cli/main.ts:4 cli may import public subpaths only: ../tensor/index.ts']);
  });

  it('keeps inner rooms from the public name and from packages that are not dependencies', () => {
    expect(
      check({
        'src/nn/index.ts': "import 'gradus';",
        'src/runtime/index.ts': "import koffi from 'koffi';\nimport _ from 'lodash';",
        'src/index.ts': '',
      }),
    ).toEqual([
      'src/nn/index.ts:1 gradus: import the room instead',
      'src/runtime/index.ts:2 lodash is neither a dependency nor a name of this package',
    ]);
  });

  it('lets public entries alone import the wiring, and the root hold nothing but re-exports', () => {
    expect(
      check({
        'src/wiring.ts': "import './runtime/index.ts';",
        'src/runtime/index.ts': '',
        'src/data/index.ts': "import '../wiring.ts';",
        'src/nn/index.ts': "import '../wiring.ts';",
        'src/index.ts': "import './wiring.ts';\nexport * as nn from './nn/index.ts';\nconst a = 1;",
      }),
    ).toEqual([
      'src/data/index.ts:1 package.json "sideEffects" must list ./dist/data/index.js, ' +
        'or bundlers drop the wiring',
      'src/nn/index.ts:1 nn may not import wiring.ts',
      'src/index.ts:3 the public root holds imports and re-exports only',
    ]);
  });

  it('knows no room that the table does not know', () => {
    expect(check({ 'src/utils/index.ts': '' })).toEqual([
      'src/utils/index.ts:1 room utils is not in the table of scripts/check-arrows.mjs',
    ]);
  });
});

describe('cycles and the syntax of imports', () => {
  it('finds a run-time cycle once, and none through types', () => {
    expect(
      check({
        'src/base/a.ts': "import { b } from './b.ts';",
        'src/base/b.ts': "import { c } from './c.ts';\nexport const b = 1;",
        'src/base/c.ts': "\nexport * from './a.ts';",
        'src/ir/d.ts': "import type { E } from './e.ts';",
        'src/ir/e.ts': "import { d } from './d.ts';",
      }),
    ).toEqual(['src/base/c.ts:2 import cycle: base/a.ts -> base/b.ts -> base/c.ts -> base/a.ts']);
  });

  it('wants .ts in relative imports, in tests too', () => {
    expect(
      check({
        'src/base/a.ts': "import './b';",
        'src/base/a.test.ts': "import './a.js';\nimport '../nn/deep.ts';\nimport 'node:fs';",
      }),
    ).toEqual([
      'src/base/a.ts:1 ./b: name the .ts file',
      'src/base/a.test.ts:1 ./a.js: name the .ts file',
    ]);
  });

  it('keeps imports out of functions, but for loaders of backends', () => {
    expect(
      check({
        'src/nn/index.ts': "export const f = () => import('./linear.ts');",
        'src/nn/old.ts': "const fs = require('node:fs');",
        'src/nn/late.node.ts': "const fs = require('node:fs');",
        'src/nn/linear.ts': '',
        'src/wiring.ts': "export const gpu = () => import('./runtime/webgpu/index.ts');",
        'src/runtime/webgpu/index.ts': '',
      }),
    ).toEqual([
      "src/nn/index.ts:1 import('./linear.ts') inside code: only loaders of backends may",
      "src/nn/old.ts:1 require('node:fs'): use import",
      'src/nn/old.ts:1 node:fs belongs in a *.node.ts file, chosen by package.json "imports"',
    ]);
  });

  it('keeps Node modules in data, cli and *.node.ts', () => {
    expect(
      check({
        'src/runtime/pool.ts':
          "import 'node:os';\nimport type { Worker } from 'node:worker_threads';",
        'src/runtime/pool.node.ts': "import 'node:os';",
        'src/runtime/index.ts': "import '#pool';",
        'src/data/index.ts': "import { readFile } from 'node:fs/promises';",
        'src/cli/main.ts': "import 'fs';",
      }),
    ).toEqual([
      'src/runtime/pool.ts:1 node:os belongs in a *.node.ts file, chosen by package.json "imports"',
      'src/cli/main.ts:1 write node:fs',
    ]);
  });
});
