/** One line that says how far a run has come. */

/** The part of a stream that is used, so that tests can listen. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  /** Replaces the line; where lines cannot be replaced, a line appears now and then. */
  update(text: string): void;
  /** Ends the line with a last text. */
  done(text: string): void;
  /** Says something above the line. */
  say(text: string): void;
  /** Leaves the line as it is, for what others write. */
  end(): void;
}

const BAR_MS = 50;
const LINES_MS = 15_000;

/** Nothing is shown. */
export const SILENT: Progress = { update: () => {}, done: () => {}, say: () => {}, end: () => {} };

/** Where programs write: the process's output, or the console of a page, line by line. */
export function defaultOutput(): Output {
  const { process } = globalThis as { process?: { stdout?: Output } };
  if (typeof process?.stdout?.write === 'function') return process.stdout;
  return { write: (text) => console.log(text.replace(/\n$/, '')) };
}

/** On a terminal one line is written over and over; elsewhere plain lines appear, not too often. */
export function progressLine(
  out: Output,
  live: boolean = out.isTTY ?? false,
  now: () => number = () => performance.now(),
): Progress {
  let last = live ? Number.NEGATIVE_INFINITY : now();
  let current = '';
  const width = (): number => (out.columns || 80) - 1;
  const replace = (line: string, end: string): void => {
    const rest = ' '.repeat(Math.max(0, current.length - line.length));
    out.write(`\r${line}${rest}${end}`);
    current = end === '' ? line : '';
  };
  return {
    update(text) {
      if (now() - last < (live ? BAR_MS : LINES_MS)) return;
      last = now();
      if (live) replace(fitting(text, width()), '');
      else out.write(`${text}\n`);
    },
    done(text) {
      last = live ? Number.NEGATIVE_INFINITY : now();
      if (live)
        replace(text, '\n'); // in full: it stays
      else out.write(`${text}\n`);
    },
    say(text) {
      if (!live || current === '') return void out.write(`${text}\n`);
      const line = current;
      replace(text, '\n');
      replace(line, '');
    },
    end() {
      if (live && current !== '') out.write('\n');
      current = '';
    },
  };
}

/** As many of the fields, which two spaces part, as a line holds. */
function fitting(text: string, width: number): string {
  let line = text;
  while (line.length > width && line.includes('  ')) line = line.slice(0, line.lastIndexOf('  '));
  return line.slice(0, width);
}

/** `████░░░░` of the given width. */
export function bar(share: number, width = 16): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** `0.0812`, `1.2e-5`: about four digits that matter. */
export function number(x: number): string {
  if (!Number.isFinite(x) || x === 0 || Number.isSafeInteger(x)) return String(x);
  const size = Math.abs(x);
  return size >= 1e-3 && size < 1e5 ? x.toFixed(size < 100 ? 4 : 1) : x.toExponential(2);
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
