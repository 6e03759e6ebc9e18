// Kills a training run with SIGKILL at random moments and starts it again, and checks that it loses at
// most the steps since its last checkpoint and that it ends with the bits of a run that nobody killed.
// Usage: npm run test:kill [-- --kills 50 --seed 1]
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { safetensorsInfo } from 'gradus/formats';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    child: { type: 'string', default: '' },
  },
});
const kills = Number(values.kills);
let state = Number(values.seed);
/** From 0 to 1 (mulberry32). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

interface Outcome {
  /** The step from which it went on. */
  readonly start: number | null;
  /** The last step that it said was safe. */
  readonly safe: number;
  /** What it told at its end. */
  readonly end: string | null;
  readonly errors: string;
}

/** Runs the child until its end, or until it is killed `afterMs` after it has begun to train. */
function run(checkpoint: string, afterMs = Number.POSITIVE_INFINITY): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [values.child, checkpoint], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    let timer: NodeJS.Timeout | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (afterMs < 1e9 && timer === undefined && output.includes('start')) {
        timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
      }
    });
    child.on('close', () => {
      clearTimeout(timer);
      const lines = output.split('\n').slice(0, -1); // the last may be cut off
      const numbers = (word: string): number[] =>
        lines.filter((l) => l.startsWith(`${word} `)).map((l) => Number(l.split(' ')[1]));
      resolve({
        start: numbers('start')[0] ?? null,
        safe: Math.max(0, ...numbers('safe')),
        end: lines.find((l) => l.startsWith('end ')) ?? null,
        errors,
      });
    });
  });
}

const dir = mkdtempSync(join(tmpdir(), 'gradus-kill-'));
const failures: string[] = [];
let passed = 0;
const check = (ok: boolean, what: string): void => {
  if (ok) passed++;
  else failures.push(what);
};
try {
  const began = performance.now();
  const whole = await run(join(dir, 'whole.safetensors'));
  const wholeMs = performance.now() - began;
  check(whole.end !== null, `the run that nobody kills ends (${whole.errors})`);

  let killed = 0;
  let runs = 0;
  let leftBehind = 0;
  while (killed < kills) {
    // A run of several lives; the next begins when one has ended.
    const checkpoint = join(dir, `run-${runs++}.safetensors`);
    let safe = 0;
    for (let ended = false; !ended; ) {
      const life = await run(checkpoint, killed < kills ? random() * wholeMs * 0.3 : undefined);
      const start = life.start ?? 0;
      check(start >= safe, `kill ${killed}: went on from step ${start}; step ${safe} was safe`);
      safe = Math.max(safe, life.safe);
      ended = life.end !== null;
      if (ended) check(life.end === whole.end, `run ${runs} ends with the bits of the whole one`);
      else killed++;
      if (life.errors !== '') failures.push(`kill ${killed}: ${life.errors}`);
      if (readdirSync(dir).includes(`run-${runs - 1}.safetensors`)) safetensorsInfo(checkpoint);
      if (killed > kills * 4) throw new Error('it never ends');
    }
    leftBehind = readdirSync(dir).filter((name) => name.endsWith('.tmp')).length;
  }
  console.log(
    `${killed} kills in ${runs} runs; ${leftBehind} temporary files are left for the next run to tidy`,
  );
} finally {
  rmSync(dir, { recursive: true });
}
for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
