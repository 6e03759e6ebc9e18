import { type ErrorParts, GradusError } from '../base/index.ts';

/**
 * What went wrong: `network` no connection or one that broke, `status` the server refused,
 * `stalled` it fell silent, `truncated` it sent too little, `checksum` it sent something else,
 * `disk` the file cannot be written.
 */
export type DownloadFailure = 'network' | 'status' | 'stalled' | 'truncated' | 'checksum' | 'disk';

/** Thrown when a data set is neither on this machine nor to be had from its public homes. */
export class DownloadError extends GradusError {
  readonly code: DownloadFailure;

  constructor(code: DownloadFailure, parts: ErrorParts) {
    super(parts);
    this.code = code;
  }
}
