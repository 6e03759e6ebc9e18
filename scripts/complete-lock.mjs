// Completes package-lock.json after a change of dependencies: npm leaves out the optional packages
// for other platforms that its registry does not hold (a mirror may hold only some), and `npm ci`
// then calls the lock out of date. Each is written down here as npm would, without a checksum.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './package-map.mjs';

const SYSTEMS = 'android darwin freebsd linux netbsd openbsd openharmony sunos win32 aix'.split(
  ' ',
);
const EXACT_VERSION = /^\d+\.\d+\.\d+[\w.+-]*$/;

/** What the name of a platform package says: '@oxlint/binding-linux-arm-musleabihf'. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-');
  const at = words.findIndex((word) => SYSTEMS.includes(word));
  if (at < 0 || !words[at + 1]) return undefined;
  const libc = words[at + 2]?.startsWith('musl') ? 'musl' : 'glibc';
  const hasLibc = words[at] === 'linux' && words[at + 2] !== undefined;
  return { os: [words[at]], cpu: [words[at + 1]], libc: hasLibc ? [libc] : undefined };
}

const file = join(root, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
let added = 0;
for (const [path, { optionalDependencies, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
    const where = `node_modules/${name}`;
    if (lock.packages[where] || lock.packages[`${path}/${where}`]) continue;
    const platform = platformOf(name);
    if (!platform || !EXACT_VERSION.test(version)) {
      console.log(`${name}@${version}, wanted by ${path}: cannot tell its platform or version`);
      process.exitCode = 1;
      continue;
    }
    const { cpu, libc, os } = platform;
    lock.packages[where] = { version, cpu, dev, libc, optional: true, os };
    added += 1;
  }
}
// npm's own order: the root first, then by name.
const entries = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries(entries);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional packages added to package-lock.json`);
