/** What reading files takes of Node, in one place: in browsers `#data-node` leads to another file. */
export { createHash } from 'node:crypto';
export { createReadStream, existsSync, readFileSync } from 'node:fs';
export { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
export { homedir } from 'node:os';
export { basename, dirname, join, resolve } from 'node:path';
export { pipeline, Readable } from 'node:stream';
export { setTimeout as sleep } from 'node:timers/promises';
export { fileURLToPath } from 'node:url';
export { createGunzip, gunzipSync } from 'node:zlib';
