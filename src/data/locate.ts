/** Finds a data set's files on this machine, or downloads them. */
import { fileURLToPath, homedir, join, resolve, stat } from '#data-node';
import { checkOptions, given, ValueError } from '../base/index.ts';
import { type DownloadProgress, download, type RemoteFile } from './download.ts';
import { DownloadError } from './download-error.ts';

export interface DatasetOptions {
  /** Called while a file is downloaded. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Whether files that are not on this machine may be downloaded. Default true. */
  readonly download?: boolean;
}

/** The data folders in the order in which they are searched; the last is the cache. */
export function dataFolders(): string[] {
  const own = fileURLToPath(new URL('.', import.meta.url)); // src/data, dist/data or dist/node
  const { GRADUS_DATA, XDG_CACHE_HOME } = process.env;
  const folders = [
    ...(GRADUS_DATA ? [resolve(GRADUS_DATA)] : []),
    resolve('../shared/data'),
    ...['../../../shared/data', '../../../../shared/data'].map((up) => resolve(own, up)),
    join(XDG_CACHE_HOME ? resolve(XDG_CACHE_HOME) : join(homedir(), '.cache'), 'gradus'),
  ];
  return [...new Set(folders)];
}

/** Where `file` lies: in the first folder that has it, or in the last, to which it is brought. */
export async function obtain(
  op: string,
  file: RemoteFile,
  options: DatasetOptions = {},
  folders: readonly string[] = dataFolders(),
): Promise<string> {
  checkOptions(op, options, ['onProgress', 'download']);
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function') {
    throw new ValueError({
      op,
      problem: `onProgress is a function, not ${given(options.onProgress)}`,
    });
  }
  // Unpacked copies serve as well.
  const names = [file.path, ...(file.path.endsWith('.gz') ? [file.path.slice(0, -3)] : [])];
  for (const folder of folders) {
    for (const name of names) {
      const path = join(folder, name);
      if ((await stat(path).catch(() => null))?.isFile()) return path;
    }
  }
  if (options.download === false) {
    throw new DownloadError('network', {
      op,
      problem: `${file.path} is in none of ${folders.join(', ')}, and download is false`,
      remedy: `put it there, or set GRADUS_DATA to the folder that holds ${file.path}`,
    });
  }
  const target = join(folders[folders.length - 1], file.path);
  await download(file, target, { onProgress: options.onProgress });
  return target;
}
