/**
 * What a worker of the WebAssembly engine runs, and where it finds modules.
 *
 * The program is text: a worker must start without a file of its own, whatever bundler the user has,
 * and a function's own text is not safe from what bundlers add to it.
 */
import { CLOSED, CONTROL, PHASE_SHIFT } from '../../target/wasm/index.ts';

/** Places in the memory of published modules, counted in 32-bit words. */
export const PUBLISHED = {
  /** How many there are. */
  count: 0,
  /** Where each lies: offset and length in bytes. */
  directory: 32,
} as const;

export const MAX_TILED_KERNELS = 4096;
/** Modules lie behind the directory. */
export const CODE_FROM = 4 * (PUBLISHED.directory + 2 * MAX_TILED_KERNELS);

/**
 * A worker's whole life. It is in `help` as long as there is something for it, and comes back for a
 * kernel that it lacks, which it compiles outside of phases, where nobody waits for it. With nothing
 * to do it compiles what else was published, and then sleeps. It counts itself among the sleepers
 * before it sleeps, and sleeps only while the phase is closed, or the one that it was in last; the
 * caller looks for sleepers after it opened a phase: so no wake-up is lost.
 */
export const WORKER_PROGRAM = `({ memory, shared, thread, driver }) => {
  const control = new Int32Array(memory.buffer);
  const words = new Int32Array(shared);
  const table = new WebAssembly.Table({ initial: 64, element: 'anyfunc' });
  const instantiate = (bytes) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, table } }).exports;
  const { help, leave } = instantiate(driver);
  let count = 0;
  let last = -1;
  const compile = () => {
    const at = words[${PUBLISHED.directory} + 2 * count];
    const bytes = words[${PUBLISHED.directory} + 2 * count + 1];
    if (count === table.length) table.grow(count);
    table.set(count, instantiate(new Uint8Array(shared).slice(at, at + bytes)).run);
    count++;
  };
  Atomics.add(control, ${CONTROL.started >> 2}, 1);
  for (;;) {
    try {
      last = help(thread, last, count);
    } catch {
      Atomics.store(control, ${CONTROL.trapped >> 2}, 1);
      last = control[${CONTROL.phase >> 2}] >>> ${PHASE_SHIFT};
      leave();
    }
    if (count < Atomics.load(words, ${PUBLISHED.count})) {
      compile();
      continue;
    }
    const phase = Atomics.load(control, ${CONTROL.phase >> 2});
    // After the phase was read: who stops the workers writes the other one first.
    if (Atomics.load(control, ${CONTROL.stop >> 2}) === 1) return;
    if ((phase & ${CLOSED}) === 0 && phase >>> ${PHASE_SHIFT} !== last) continue;
    Atomics.add(control, ${CONTROL.sleepers >> 2}, 1);
    Atomics.wait(control, ${CONTROL.phase >> 2}, phase);
    Atomics.sub(control, ${CONTROL.sleepers >> 2}, 1);
  }
}`;
