/** GNU as, the independent assembler that the bytes of this folder are compared with. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasAssembler = (): boolean =>
  ['as', 'objcopy'].every((tool) => spawnSync(tool, ['--version']).status === 0);

/** What Intel-syntax assembly assembles to, in hexadecimal. */
export function assemble(assembly: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assemble-'));
  const file = (name: string): string => join(folder, name);
  try {
    writeFileSync(file('in.s'), `.intel_syntax noprefix\n.text\n${assembly}\n`);
    execFileSync('as', ['--64', '-o', file('out.o'), file('in.s')]);
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', file('out.o'), file('out.bin')]);
    return readFileSync(file('out.bin')).toString('hex');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
