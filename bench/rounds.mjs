/** Times workloads in rounds, in which Gradus and the peers take turns. */
import { fileURLToPath } from 'node:url';
import { startPeer } from './peers/line-peer.mjs';

const worker = fileURLToPath(new URL('./gradus.mjs', import.meta.url));

/** A process for each group of workloads. */
async function startGroups(chosen) {
  const processes = new Map();
  for (const { group } of chosen) {
    if (processes.has(group)) continue;
    const { peer, reason } = await startPeer(process.execPath, [worker, group], {});
    if (peer === null) throw new Error(`bench of ${group}: ${reason}`);
    processes.set(group, peer);
  }
  return processes;
}

/**
 * Every workload with every side that has it: [{ workload, peer, times, error }]. A B C, A B C, ...,
 * so that a machine that drifts drifts for all.
 */
export async function timeAll(chosen, peers, rounds, tell) {
  const groups = await startGroups(chosen);
  const entries = chosen.flatMap((workload) => {
    const own = { id: 'gradus', ...groups.get(workload.group) };
    return [own, ...peers.filter((p) => p.has(workload.name))].map((side) => {
      return { workload, peer: side.id, side, times: [], error: null };
    });
  });
  for (let round = 1; round <= rounds; round++) {
    for (const entry of entries) {
      if (entry.error !== null) continue;
      const { warmUp = 400, budget = 600, name } = entry.workload;
      tell(`round ${round} of ${rounds}: ${name}, ${entry.peer}`);
      const { times, error } = await entry.side.time(name, { warmUp, budget });
      if (error !== undefined) entry.error = error;
      else entry.times.push(...times);
    }
  }
  tell('');
  for (const side of [...groups.values(), ...peers]) side.close();
  return entries.map(({ workload, peer, times, error }) => ({ workload, peer, times, error }));
}
