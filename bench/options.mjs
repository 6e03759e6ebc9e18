/** The command line of the bench. */
import { parseArgs } from 'node:util';
import { peerNames } from './peers/index.mjs';
import { choose } from './workloads/index.mjs';

export const USAGE = `npm run bench -- [workloads] [options]

  workloads         groups or single ones: W1 W2 ... W9, W1-512, W3-polluted, W5-parts, loader
  --peers <list>    measure these too, in the same run: torch,torch-compile,ort,tfjs,jax
  --rounds <n>      how often each takes its turn (default 5)
  --compiled        run the workloads as compiled functions
  --threads <n>     threads of Gradus (as GRADUS_THREADS) and of the peers; without it the peers
                    have as many as Gradus uses
  --json            one JSON document instead of the table
  --svg <path>      draws how Gradus compares with PyTorch; needs the peer torch
  --help            this text

Peers from npm are looked for in GRADUS_BENCH_PEERS, bench/peers/installed and the project.`;

/** What was asked for; throws an Error with a sentence for mistakes. */
export function readOptions(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      peers: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      threads: { type: 'string' },
      compiled: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      svg: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const peers = values.peers === undefined ? [] : peerNames(values.peers);
  if (values.svg !== undefined && !peers.includes('torch')) {
    throw new Error('--svg compares with PyTorch: add --peers torch');
  }
  return {
    help: values.help,
    json: values.json,
    compiled: values.compiled,
    svg: values.svg,
    peers,
    rounds: whole('rounds', values.rounds),
    threads: values.threads === undefined ? undefined : whole('threads', values.threads),
    chosen: choose(positionals),
  };
}

function whole(name, text) {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new Error(`--${name} takes a whole number, not '${text}'`);
  return Number(text);
}
