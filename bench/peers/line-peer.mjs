/** The other side of `serve.mjs`: starts a process that times workloads and asks it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts the process; null and the last thing it said if it ends before its first line. */
export async function startPeer(command, args, env) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)));
  child.stdin.on('error', () => {}); // it has ended: the next answer says so
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise((resolve) => {
    child.once('error', (error) => {
      said = error.message;
      resolve({ done: true });
    });
  });
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    return done ? null : JSON.parse(value);
  };
  const lastWords = () => said.trim().split('\n').at(-1) || 'it ended without a word';

  const hello = await next();
  if (hello === null) return { peer: null, reason: lastWords() };
  const workloads = new Set(hello.workloads);
  const peer = {
    name: hello.name,
    has: (name) => workloads.has(name),
    /** {times} in ms, or {error}. */
    async time(workload, { warmUp, budget }) {
      child.stdin.write(`${JSON.stringify({ workload, warmUp, budget })}\n`);
      return (await next()) ?? { error: lastWords() };
    },
    close: () => child.stdin.end(),
  };
  return { peer, reason: '' };
}
