/** The peers: what `--peers` may name, how each is started, and how to get those that are missing. */
import { fileURLToPath } from 'node:url';
import { requireFor } from './installed.mjs';
import { startPeer } from './line-peer.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env.GRADUS_BENCH_PYTHON ?? 'python3';
const torch = (...mode) => ({
  command: [python, here('./torch_peer.py'), ...mode],
  install: 'pip install torch, or name a Python that has it in GRADUS_BENCH_PYTHON',
});
const node = (script, ...packages) => ({
  command: [process.execPath, here(script)],
  packages,
  install: `npm install --ignore-scripts --prefix bench/peers/installed ${packages.join(' ')}`,
});

const PEERS = {
  torch: torch(),
  'torch-compile': torch('compile'),
  ort: node('./ort-peer.mjs', 'onnxruntime-node'),
  tfjs: node('./tfjs-peer.mjs', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'),
  jax: node('./jax-peer.mjs', '@jax-js/jax'),
};

/** The names in a comma list; throws for what is no peer. */
export function peerNames(list) {
  const names = list.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !Object.hasOwn(PEERS, name));
  if (unknown.length > 0 || names.length === 0) {
    const what = unknown.length > 0 ? `no peer ${unknown.join(', ')}` : '--peers names none';
    throw new Error(`${what}; there are ${Object.keys(PEERS).join(', ')}`);
  }
  return [...new Set(names)];
}

/** Starts the peers that are there; for each that is not, says in one line what to do. */
export async function startPeers(names, threads) {
  const peers = [];
  for (const id of names) {
    const { command, packages = [], install } = PEERS[id];
    const lacking = packages.filter((name) => requireFor(name) === undefined);
    const { peer, reason } =
      lacking.length > 0
        ? { peer: null, reason: `${lacking.join(', ')} not found` }
        : await startPeer(command[0], command.slice(1), { THREADS: String(threads) });
    if (peer === null) console.error(`without ${id} (${reason}); to have it: ${install}`);
    else peers.push({ id, ...peer });
  }
  return peers;
}
