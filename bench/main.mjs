/**
 * `npm run bench`: times the workloads, beside other libraries if asked to; `-- --help` says how.
 *
 * Each is warmed up first, its result is consumed, and the minimum and the median of all rounds are
 * given. What the machine allows at most is measured in the same run.
 */
import { writeFileSync } from 'node:fs';
import { better, machine, versions } from './machine.mjs';
import { readOptions, USAGE } from './options.mjs';
import { startPeers } from './peers/index.mjs';
import { picture } from './picture.mjs';
import { heading, rowsOf, table } from './report.mjs';
import { timeAll } from './rounds.mjs';

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error.message}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
if (options.compiled) process.env.GRADUS_BENCH_COMPILED = '1';
// Before Gradus is loaded; processes that are started inherit it.
if (options.threads !== undefined) process.env.GRADUS_THREADS = String(options.threads);
const { devices } = await import('gradus');
const [device] = devices();
const { engine, isa } = device;
// Before the peers start: their threads look for work even while they have none.
const before = device.measure();
const peers = await startPeers(options.peers, options.threads ?? device.threads);

const onTerminal = process.stderr.isTTY;
const tell = (text) => {
  if (onTerminal) process.stderr.write(`\r\x1b[K${text}`);
};
const entries = await timeAll(options.chosen, peers, options.rounds, tell);
const speed = better(before, device.measure());
const result = {
  machine: machine(),
  node: process.version,
  versions: versions(peers),
  engine,
  isa,
  threads: device.threads,
  peerThreads: options.threads ?? device.threads,
  rounds: options.rounds,
  compiled: options.compiled,
  speed,
  rows: rowsOf(entries, speed),
};

if (options.json) console.log(JSON.stringify(result, null, 2));
else console.log([...heading(result), '', ...table(result.rows, peers)].join('\n'));
if (options.svg !== undefined) {
  const { cpu } = result.machine;
  const threads = `${result.threads} thread${result.threads === 1 ? '' : 's'}`;
  const caption = `${cpu}, ${threads}, Node ${result.node}, ${result.versions.torch}; logarithmic`;
  const title = 'Gradus, times as fast as PyTorch on the CPU';
  writeFileSync(options.svg, picture(result.rows, title, caption));
}
