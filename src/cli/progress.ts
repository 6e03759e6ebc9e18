/** One line that says how far a run has come. */

export interface Progress {
  /** Replaces the line; where lines cannot be replaced, nothing is shown. */
  update(text: string): void;
  /** Ends the line with a last text. */
  done(text: string): void;
}

/** The part of a stream that is used, so that tests can listen. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const MIN_MS = 50;

/** On a terminal the line is written over and over; elsewhere only the last text of each appears. */
export function progressLine(out: Output, now: () => number = () => performance.now()): Progress {
  let last = Number.NEGATIVE_INFINITY;
  let width = 0;
  const show = (text: string, end: string): void => {
    const line = out.isTTY ? text.slice(0, (out.columns ?? 80) - 1) : text;
    const rest = out.isTTY ? ' '.repeat(Math.max(0, width - line.length)) : '';
    out.write(`${out.isTTY ? '\r' : ''}${line}${rest}${end}`);
    width = end === '' ? line.length : 0;
  };
  return {
    update(text) {
      if (!out.isTTY || now() - last < MIN_MS) return;
      last = now();
      show(text, '');
    },
    done(text) {
      last = Number.NEGATIVE_INFINITY;
      show(text, '\n');
    },
  };
}

/** `████░░░░` of the given width. */
export function bar(share: number, width = 16): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
