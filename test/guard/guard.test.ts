/** Guarded memory: what goes one byte too far ends the process, what does not runs. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { openNative } from '../../src/runtime/cpu/native/index.ts';
import { bundled } from '../bundled.test-util.ts';

const outfile = bundled('guard/stray.ts');

function run(op: string, short: string, end: string) {
  const args = [outfile, op, short, end];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
  });
  return { status, signal, stdout, stderr };
}

describe.runIf(openNative({ threads: 1 }).host !== null)('memory between guard pages', () => {
  test.each(['add', 'sum', 'matmul'].flatMap((op) => ['end', 'start'].map((end) => [op, end])))(
    '%s runs where its memory is whole (%s)',
    (op, end) => {
      expect(run(op, 'nothing', end)).toEqual({
        status: 0,
        signal: null,
        stdout: 'ran\n',
        stderr: '',
      });
    },
  );

  test.each([
    ['add', 'operand', 'end'],
    ['add', 'second', 'start'],
    ['add', 'result', 'end'],
    ['add', 'result', 'start'],
    ['sum', 'operand', 'end'],
    ['matmul', 'operand', 'start'],
    ['matmul', 'second', 'end'],
  ])('%s dies if its %s is a byte short (%s)', (op, short, end) => {
    expect(run(op, short, end).signal).toBe('SIGSEGV');
  });

  test('temporaries are guarded too', () => {
    expect(run('matmul', 'temporary', 'end').signal).toBe('SIGSEGV');
  });

  test.each(['end', 'start'])('what is written to the slack is found (%s)', (end) => {
    const { status, stderr } = run('add', 'canary', end);
    expect(status).toBe(1);
    expect(stderr).toMatch(/byte -?\d+ of a block of 4012 bytes was written/);
  });
});
