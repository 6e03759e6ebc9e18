/**
 * One side of the bench, as a process: reads {"workload", "warmUp", "budget"} lines, answers
 * {"times"} in milliseconds or {"error"}. The first line it writes is its name and what it can run.
 */
import { createInterface } from 'node:readline';

const MAX_TURNS = 400;

/** Runs for about `budget` ms, once at least, and returns the time of each turn. */
async function timeTurns(run, budget, leastTurns = 1) {
  const times = [];
  const end = performance.now() + budget;
  do {
    const start = performance.now();
    const result = run();
    // Waiting for what is no promise would be timed too.
    if (result instanceof Promise) await result;
    times.push(performance.now() - start);
  } while (times.length < leastTurns || (performance.now() < end && times.length < MAX_TURNS));
  return times;
}

/**
 * `makers`: name of a workload -> what prepares it: gives the function to time, or a promise of it; or
 * an object whose `measure()` gives the times of its turns itself.
 */
export async function serve(name, makers) {
  // What libraries print must not be taken for answers.
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const answer = (message) => write(`${JSON.stringify(message)}\n`);
  answer({ name, workloads: Object.keys(makers) });
  const ready = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const { workload, warmUp, budget } = JSON.parse(line);
    try {
      const maker = makers[workload];
      if (maker.measure !== undefined) {
        answer({ times: await maker.measure() });
        continue;
      }
      let run = ready.get(workload);
      if (run === undefined) {
        run = await maker();
        await timeTurns(run, warmUp, 3);
        ready.set(workload, run);
      }
      answer({ times: await timeTurns(run, budget) });
    } catch (error) {
      const [first] = String(error?.message ?? error).split('\n');
      answer({ error: first });
    }
  }
  process.exit(0);
}
