/** What the figures were measured on, and what this machine allows at most. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
}

export function versions(peers) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    gradus: version,
    commit: commit(),
    ...Object.fromEntries(peers.map((p) => [p.id, p.name])),
  };
}

function commit() {
  try {
    const cwd = new URL('../', import.meta.url);
    const options = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync('git', ['describe', '--always', '--dirty'], options).trim();
  } catch {
    return null;
  }
}

/** The better of two measurements, one before and one after the rounds; null if there is none. */
export function better(a, b) {
  if (a === null || b === null) return a ?? b;
  return Object.fromEntries(
    Object.entries(a).map(([key, value]) => [key, value === null ? null : Math.max(value, b[key])]),
  );
}
