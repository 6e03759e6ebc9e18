/** Tiny Shakespeare: a million characters of plays. */
import { readFile } from '#data-node';
import { FormatError } from '../base/index.ts';
import type { RemoteFile } from './download.ts';
import { type DatasetOptions, obtain } from './locate.ts';
import { TextCorpus } from './text-corpus.ts';

/** @internal */
export const SHAKESPEARE: RemoteFile = {
  path: 'text/tinyshakespeare.txt',
  urls: [
    'https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt',
  ],
  bytes: 1115394,
  sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
};

/**
 * Plays of Shakespeare: 1 115 394 characters, 65 of them distinct, for models of text by character.
 * Found or downloaded as those of {@link mnist}, as `text/tinyshakespeare.txt`.
 *
 * Throws DownloadError, or FormatError for another text in its place.
 *
 * Source: A. Karpathy, char-rnn, 2015.
 *
 * @example
 * const corpus = await datasets.shakespeare();
 * const { train, test } = corpus.split(0.1);
 * const loader = new DataLoader(train.windows(128), { batchSize: 32, shuffle: true });
 */
export async function shakespeare(options: DatasetOptions = {}): Promise<TextCorpus> {
  const op = 'datasets.shakespeare';
  const path = await obtain(op, SHAKESPEARE, options);
  const bytes = await readFile(path);
  if (bytes.length !== SHAKESPEARE.bytes) {
    throw new FormatError({
      op,
      problem: `${path} is another text: expected ${SHAKESPEARE.bytes} bytes, found ${bytes.length}`,
      remedy: 'put the original there, or take it away to have it downloaded',
    });
  }
  return new TextCorpus(bytes.toString('utf8'));
}
