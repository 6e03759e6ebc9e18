import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** What the affinity mask and, in a container, the quota of processor time allow. */
export function processors(): number {
  const allowed = availableParallelism();
  try {
    const [quota, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').split(' ').map(Number);
    // 'max' is no number: no quota.
    return quota > 0 ? Math.max(1, Math.min(allowed, Math.ceil(quota / period))) : allowed;
  } catch {
    return allowed;
  }
}
