/** In place of Node's modules where there is no file system: whatever needs one says so. */
import { FormatError } from '../base/index.ts';
import type * as node from './node-modules.node.ts';

const none = (): never => {
  throw new FormatError({
    op: 'gradus/data',
    problem: 'there is no file system here: data sets and gzipped files are read in Node',
    remedy: 'fetch the bytes and pass tensors, or a data set of your own',
  });
};

const missing = none as never;
export const createHash: typeof node.createHash = missing;
export const createReadStream: typeof node.createReadStream = missing;
export const existsSync: typeof node.existsSync = missing;
export const readFileSync: typeof node.readFileSync = missing;
export const mkdir: typeof node.mkdir = missing;
export const open: typeof node.open = missing;
export const readdir: typeof node.readdir = missing;
export const readFile: typeof node.readFile = missing;
export const rename: typeof node.rename = missing;
export const rm: typeof node.rm = missing;
export const stat: typeof node.stat = missing;
export const homedir: typeof node.homedir = missing;
export const basename: typeof node.basename = missing;
export const dirname: typeof node.dirname = missing;
export const join: typeof node.join = missing;
export const resolve: typeof node.resolve = missing;
export const pipeline: typeof node.pipeline = missing;
export const Readable: typeof node.Readable = { from: none } as never;
export const sleep: typeof node.sleep = missing;
export const fileURLToPath: typeof node.fileURLToPath = missing;
export const createGunzip: typeof node.createGunzip = missing;
export const gunzipSync: typeof node.gunzipSync = missing;
