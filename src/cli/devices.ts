/** `gradus devices`: what there is to compute on, and what the machine allows at most. */
import { type DeviceInfo, type DeviceSpeed, devices } from '../index.ts';

/** A device with all that is found out about it; null is what is not measured. */
export interface DeviceReport {
  readonly name: string;
  readonly engine: string;
  readonly isa: string;
  readonly threads: number;
  readonly heapBytes: number;
  readonly speed: DeviceSpeed | null;
  readonly notice: string | null;
}

interface ShowOptions {
  readonly json?: boolean;
  readonly out?: { write(text: string): unknown };
}

export function showDevices({ json = false, out = process.stdout }: ShowOptions = {}): void {
  const reports = devices().map(reportOf);
  out.write(`${json ? JSON.stringify(reports, null, 2) : reports.map(describe).join('\n')}\n`);
}

function reportOf({ name, engine, isa, threads, heapBytes, ...device }: DeviceInfo): DeviceReport {
  const speed = device.measure();
  return { name, engine, isa, threads, heapBytes, speed, notice: device.notice() };
}

export function describe({
  name,
  engine,
  isa,
  threads,
  heapBytes,
  speed,
  notice,
}: DeviceReport): string {
  const lines: [string, string][] = [
    ['engine', engine],
    ['instructions', `${isa}, ${threads} thread${threads === 1 ? '' : 's'}`],
    ['tensors', `${(heapBytes / 2 ** 20).toFixed(0)} MB held`],
  ];
  if (speed !== null) {
    const gb = (x: number): string => `${x.toFixed(x < 100 ? 1 : 0)} GB/s`;
    const moves = [`${gb(speed.memoryReadGBs)} read`];
    if (speed.memoryCopyGBs !== null) moves.push(`${gb(speed.memoryCopyGBs)} copied`);
    if (speed.memoryStreamGBs !== null) moves.push(`${gb(speed.memoryStreamGBs)} streamed`);
    lines.push(
      ['peak', `${speed.peakGflops.toFixed(0)} GF/s, float32 multiply-adds`],
      ['last cache', `${gb(speed.cacheReadGBs)} read`],
      ['memory', moves.join(', ')],
    );
  }
  if (notice !== null) lines.push(['notice', notice]);
  return [name, ...lines.map(([word, text]) => `  ${word.padEnd(13)} ${text}`)].join('\n');
}
