import { expect, test } from 'vitest';
import { ops } from '../../src/ir/index.ts';
import { X64Device } from '../../src/runtime/cpu/x64-device.ts';
import { getDevice } from '../../src/runtime/index.ts';
import { Coverage } from './coverage.ts';
import { build, gradients } from './program.ts';

const device = getDevice('cpu');
const coverage = new Coverage(device);

// Of the kernels' names in their keys: a schedule that programs no longer reach is missed here.
const SCHEDULES = [
  'conv',
  'conv weight',
  'conv weight preparation',
  'conv weight sum',
  'conv weights',
  'gemm',
  'gemm direct',
  'gemm dot',
  'gemm lanes',
  'loops',
  'loops gather',
  'loops gather reduce',
  'loops philox',
  'loops reduce',
  'loops reduce philox',
  'max window',
  'max window grad',
  'scatterAdd',
  'weave',
];

test('random programs reach every op and every schedule', () => {
  for (let i = 0; i < 500; i++) {
    const p = build(1, i);
    for (const { fn } of p.steps) coverage.called(fn);
    if (p.mode === 'grad') gradients(p, 'plain', null);
  }
  const report = coverage.report();
  // `alias` is where a transform begins.
  const wanted = [...ops.values()]
    .filter(({ lower }) => lower?.kind !== 'regions')
    .map(({ name }) => name)
    .filter((name) => name !== 'alias' && !name.startsWith('test.'));
  expect(wanted.filter((name) => !(name in report.ops))).toEqual([]);
  if (!(device instanceof X64Device)) return;
  const kinds = new Set(Object.keys(report.kernels).map((kind) => kind.replace(' in tiles', '')));
  expect(SCHEDULES.filter((name) => !kinds.has(name))).toEqual([]);
  // A schedule that is new belongs into the list.
  expect([...kinds].filter((kind) => !SCHEDULES.includes(kind))).toEqual([]);
});
