import { type ErrorParts, GradusError } from '../base/index.ts';

/** Thrown when the system refuses to open, read or write a file: none there, disk full, no right. */
export class FileError extends GradusError {
  /** The system's code: `ENOENT`, `ENOSPC`, `EACCES`, ... */
  readonly code: string;

  constructor(code: string, parts: ErrorParts) {
    super(parts);
    this.code = code;
  }
}
