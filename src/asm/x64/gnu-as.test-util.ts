/** GNU as, an independent assembler, where it is installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Its first line of `--version`, or `undefined` where it is missing or for another processor. */
export function gnuAsVersion(): string | undefined {
  const run = spawnSync('as', ['--64', '--version'], { encoding: 'utf8' });
  const copy = spawnSync('objcopy', ['--version'], { encoding: 'utf8' });
  return run.status === 0 && copy.status === 0 ? run.stdout.split('\n')[0] : undefined;
}

/** The bytes of one section of an assembly file; throws with the lines that were refused. */
function sections(source: string, names: readonly string[]): Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-x64-'));
  try {
    const file = (name: string): string => join(folder, name);
    writeFileSync(file('a.s'), source);
    const args = ['--64', '-msyntax=intel', '-mnaked-reg', file('a.s'), '-o', file('a.o')];
    const run = spawnSync('as', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (run.status !== 0) throw new Error(refusedLines(source, run.stderr));
    return names.map((name) => {
      const copy = ['-O', 'binary', '-j', name, '--set-section-flags', `${name}=alloc,load`];
      execFileSync('objcopy', [...copy, file('a.o'), file('a.bin')]);
      return new Uint8Array(readFileSync(file('a.bin')));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function refusedLines(source: string, errors: string): string {
  const lines = source.split('\n');
  const refused = [...errors.matchAll(/:(\d+): Error: (.*)/g)].slice(0, 40);
  return `as refuses:\n${refused.map(([, at, why]) => `${lines[Number(at) - 1]}   ${why}`).join('\n')}`;
}

/** Assembles each instruction by itself. */
export function assembleEach(texts: readonly string[]): Uint8Array[] {
  const lines = texts.flatMap((text) => [
    `0: ${text}`,
    '1: .pushsection .sizes; .byte 1b-0b; .popsection',
  ]);
  const source = ['.section .sizes', '.text', ...lines].join('\n');
  const [bytes, sizes] = sections(`${source}\n`, ['.text', '.sizes']);
  let at = 0;
  return Array.from(sizes, (size) => bytes.slice(at, (at += size)));
}

/** Assembles a whole program. */
export const assembleProgram = (source: string): Uint8Array => sections(source, ['.text'])[0];
