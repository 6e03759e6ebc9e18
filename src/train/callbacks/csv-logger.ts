import { given, ValueError } from '../../base/index.ts';
import { writeFile } from '../../format/index.ts';
import type { Callback, Run } from '../callback.ts';
import type { EpochRecord } from '../history.ts';

/**
 * Writes a CSV file with a line for each epoch: `epoch`, `step`, `seconds`, and the numbers of the
 * log by name. The file is written whole after each epoch, under a temporary name first: it is never
 * half there, and a resumed run goes on with the lines before.
 *
 * Throws FileError when it cannot be written.
 *
 * @example
 * await trainer.fit(train, { epochs: 10, callbacks: [csvLogger('log.csv')] });
 */
export function csvLogger(path: string): Callback {
  if (typeof path !== 'string' || path === '') {
    throw new ValueError({ op: 'csvLogger', problem: `the path is a string, not ${given(path)}` });
  }
  return {
    name: 'csvLogger',
    // Written at once, so that a folder that is not there is told before the first epoch.
    onFitStart: (run: Run) => write(path, run.records),
    onEpochEnd: (run: Run) => write(path, run.records),
  };
}

function write(path: string, records: readonly EpochRecord[]): void {
  const names = [...new Set(records.flatMap((r) => Object.keys(r.logs)))];
  const lines = [
    ['epoch', 'step', 'seconds', ...names],
    ...records.map((r) => [
      r.epoch,
      r.step,
      r.seconds.toFixed(3),
      ...names.map((name) => r.logs[name] ?? ''),
    ]),
  ];
  const text = `${lines.map((line) => line.map(quoted).join(',')).join('\n')}\n`;
  writeFile('csvLogger', path, [new TextEncoder().encode(text)]);
}

/** RFC 4180, section 2: fields with commas, quotes or line breaks are quoted. */
function quoted(field: string | number): string {
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
