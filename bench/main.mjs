/**
 * `npm run bench -- [W1 W3 W5 ...] [--json] [--rounds n] [--peers]`: times the workloads.
 *
 * Workloads take turns (A B C, A B C, ...), so that a machine that drifts drifts for all; each is
 * warmed up first, its result is consumed, and the minimum and the median of its rounds are given.
 * `--peers` adds PyTorch, if `python3` (or GRADUS_BENCH_PYTHON) has it, in the same run.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startTorch } from './peers/torch.mjs';
import { workloads } from './workloads/index.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});

const names = [...new Set(workloads.map((w) => w.group))];
if (values.help) {
  console.log(`npm run bench -- [${names.join(' ')}] [--json] [--rounds n] [--peers]`);
  process.exit(0);
}
const unknown = positionals.filter((p) => !names.includes(p));
if (unknown.length > 0) {
  console.error(`no workload ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}
const chosen = workloads.filter((w) => positionals.length === 0 || positionals.includes(w.group));
const rounds = Math.max(1, Number(values.rounds) || 5);

/** Runs a prepared workload for about `budget` ms and returns the time of each turn. */
function timeTurns(run, budget) {
  const times = [];
  const end = performance.now() + budget;
  do {
    const t = performance.now();
    run();
    times.push(performance.now() - t);
  } while (performance.now() < end && times.length < 400);
  return times;
}

const torch = values.peers ? await startTorch() : null;
const entries = [];
for (const w of chosen) {
  if (w.measure !== undefined) {
    entries.push({ peer: 'gradus', workload: w, time: async () => w.measure(), all: [] });
    continue;
  }
  const run = w.prepare();
  timeTurns(run, w.warmUp ?? 400);
  entries.push({ peer: 'gradus', workload: w, time: async (ms) => timeTurns(run, ms), all: [] });
  if (torch !== null && (await torch.has(w.name))) {
    entries.push({ peer: torch.name, workload: w, time: (ms) => torch.time(w.name, ms), all: [] });
  }
}
for (let r = 0; r < rounds; r++) {
  for (const e of entries) e.all.push(...(await e.time(e.workload.budget ?? 600)));
}
torch?.close();

const round = (x) => Number(x.toPrecision(4));
const results = entries.map(({ peer, workload: w, all }) => {
  all.sort((a, b) => a - b);
  const min = all[0];
  return {
    peer,
    workload: w.name,
    ms_min: round(min),
    ms_median: round(all[all.length >> 1]),
    turns: all.length,
    ...(w.flops === undefined ? {} : { gflops: round(w.flops / min / 1e6) }),
    ...(w.ops === undefined ? {} : { us_per_op: round((min * 1e3) / w.ops) }),
  };
});

if (values.json) {
  for (const r of results) console.log(JSON.stringify(r));
} else {
  console.log(
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}; ` +
      `${rounds} rounds, milliseconds`,
  );
  console.table(
    Object.fromEntries(results.map(({ peer, workload, ...rest }) => [`${workload} ${peer}`, rest])),
  );
}
