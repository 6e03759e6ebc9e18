/** PyTorch as a peer: one Python process that times a workload when told to. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./torch_peer.py', import.meta.url));

/** Starts the peer, or returns null (with a line that says why) where there is no PyTorch. */
export async function startTorch() {
  const python = process.env.GRADUS_BENCH_PYTHON ?? 'python3';
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise((resolve) => child.once('error', () => resolve({ done: true })));
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    return done ? null : JSON.parse(value);
  };
  const hello = await next();
  if (hello === null) {
    console.error('no PyTorch here: its rows are left out');
    return null;
  }
  const ask = (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return next();
  };
  return {
    name: hello.name,
    has: async (name) => hello.workloads.includes(name),
    time: async (workload, budget) => (await ask({ workload, budget })).times,
    close: () => child.stdin.end(),
  };
}
