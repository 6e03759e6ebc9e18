// How long the files are, room by room, and how large the published package is.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './package-map.mjs';

const ASK_WHY_LINES = 400;
const MAX_LINES = 800; // past this, only with a reason in size-exceptions.json
const MAX_UNPACKED_BYTES = 15e6;
const FOLDERS = ['src', 'test', 'bench', 'scripts', 'examples'];

const exceptions = JSON.parse(readFileSync(join(root, 'scripts/size-exceptions.json'), 'utf8'));
const failures = [];
const rooms = new Map(); // room -> { files, lines, testLines }
let sourceLines = 0;

for (const folder of FOLDERS.filter((name) => existsSync(join(root, name)))) {
  for (const entry of readdirSync(join(root, folder), { recursive: true }).sort()) {
    if (!/\.(ts|mts|mjs|js)$/.test(entry)) continue;
    const file = `${folder}/${entry.replaceAll('\\', '/')}`;
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
    const [, room] = file.split('/');
    const name = folder === 'src' && !room.endsWith('.ts') ? `src/${room}` : folder;
    const total = rooms.get(name) ?? { files: 0, lines: 0, testLines: 0 };
    rooms.set(name, total);
    total.files += 1;
    if (/\.test(-util)?\.ts$/.test(file)) total.testLines += lines;
    else total.lines += lines;
    if (folder === 'src' && !/\.test(-util)?\.ts$/.test(file)) sourceLines += lines;

    if (file.endsWith('.gen.ts')) continue;
    if (lines > MAX_LINES && !exceptions[file])
      failures.push(`${file}: ${lines} lines; past ${MAX_LINES} give a reason in size-exceptions`);
    else if (lines > ASK_WHY_LINES && !exceptions[file])
      console.log(`${file}: ${lines} lines; past ${ASK_WHY_LINES}: is it one thing?`);
  }
}
for (const file of Object.keys(exceptions))
  if (!existsSync(join(root, file)))
    failures.push(`size-exceptions.json names ${file}: no such file`);

console.log('room              files   lines  test lines');
for (const [name, { files, lines, testLines }] of [...rooms].sort())
  console.log(
    `${name.padEnd(16)} ${String(files).padStart(6)} ${String(lines).padStart(7)} ` +
      String(testLines).padStart(11),
  );

const packed = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  }),
);
const [{ unpackedSize, entryCount }] = Array.isArray(packed) ? packed : Object.values(packed);
if (unpackedSize > MAX_UNPACKED_BYTES)
  failures.push(`the package unpacks to ${unpackedSize} bytes; the limit is ${MAX_UNPACKED_BYTES}`);

for (const failure of failures) console.log(failure);
console.log(
  `${sourceLines} lines in src; package of ${entryCount} files, ` +
    `${(unpackedSize / 1e6).toFixed(2)} MB unpacked`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
