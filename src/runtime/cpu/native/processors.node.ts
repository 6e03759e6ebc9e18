import type * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

// For `fs`, of which an import makes every name at every start.
const require = createRequire(import.meta.url);

/** What the affinity mask and, in a container, the quota of processor time allow. */
export function processors(): number {
  const { readFileSync } = require('node:fs') as typeof fs;
  const allowed = availableParallelism();
  try {
    const [quota, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').split(' ').map(Number);
    // 'max' is no number: no quota.
    return quota > 0 ? Math.max(1, Math.min(allowed, Math.ceil(quota / period))) : allowed;
  } catch {
    return allowed;
  }
}
