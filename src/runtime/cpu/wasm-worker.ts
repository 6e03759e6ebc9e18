/**
 * What a worker of the WebAssembly engine runs, and the words that it shares with JavaScript.
 *
 * The program is text: a worker must start without a file of its own, whatever bundler the user has,
 * and a function's own text is not safe from what bundlers add to it.
 */

/** Places in the shared words, counted in 32-bit words. What different threads write lies apart. */
export const WORDS = {
  /**
   * The phase: in the low byte how many workers are inside; then CLOSED, if no more may enter; above
   * it the phase's number. A worker enters by compare-and-swap of the whole. It reads what runs after
   * it entered, so it does no harm if the number has come round in the meantime.
   */
  phase: 0,
  /** Workers that sleep or are about to; whether the calling thread sleeps until all are out. */
  sleepers: 32,
  waiting: 33,
  /** The next tile. */
  tile: 64,
  /** What runs: number of the kernel, argument block, tiles. */
  kernel: 96,
  args: 97,
  tiles: 98,
  /** Kernels that have been published, workers that run, whether a kernel trapped in one. */
  published: 128,
  started: 129,
  trapped: 130,
  /** Whether the workers shall end. */
  stop: 131,
  /** Where each kernel's module lies: offset and length in bytes. */
  directory: 160,
} as const;

export const CLOSED = 0x100;
export const INSIDE = 0xff;
export const PHASE_SHIFT = 9;
export const MAX_TILED_KERNELS = 4096;
/** Modules lie behind the directory. */
export const CODE_FROM = 4 * (WORDS.directory + 2 * MAX_TILED_KERNELS);

/** How long a worker looks for work before it sleeps: waking it takes longer than natively. */
export const SPIN_MS = 0.1;

/**
 * A worker's whole life. It counts itself among the sleepers before it sleeps, and sleeps only while
 * the phase is the one it saw; the caller looks for sleepers after it opened a phase: so no wake-up
 * is lost. A kernel that it lacks it compiles outside of phases, where nobody waits for it.
 */
export const WORKER_PROGRAM = `({ memory, shared, thread }) => {
  const words = new Int32Array(shared);
  const kernels = [];
  let behind = 0;
  let last = -1;
  const compile = (id) => {
    if (kernels[id] !== undefined) return;
    const at = words[${WORDS.directory} + 2 * id];
    const bytes = new Uint8Array(shared).slice(at, at + words[${WORDS.directory} + 2 * id + 1]);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    kernels[id] = instance.exports.run;
  };
  const work = () => {
    const kernel = kernels[words[${WORDS.kernel}]];
    if (kernel === undefined) return;
    const args = words[${WORDS.args}];
    const tiles = words[${WORDS.tiles}];
    try {
      for (;;) {
        const tile = Atomics.add(words, ${WORDS.tile}, 1);
        if (tile >= tiles) return;
        kernel(args, tile, tile + 1, thread);
      }
    } catch {
      Atomics.store(words, ${WORDS.trapped}, 1);
    }
  };
  const look = () => {
    const end = performance.now() + ${SPIN_MS};
    for (let turn = 1; ; turn++) {
      const phase = Atomics.load(words, ${WORDS.phase});
      if ((phase & ${CLOSED}) === 0 && phase >>> ${PHASE_SHIFT} !== last) return phase;
      if (turn % 64 === 0 && performance.now() > end) {
        if (behind < Atomics.load(words, ${WORDS.published})) {
          compile(behind++);
          continue;
        }
        if (Atomics.load(words, ${WORDS.stop}) === 1) return -2;
        Atomics.add(words, ${WORDS.sleepers}, 1);
        Atomics.wait(words, ${WORDS.phase}, phase);
        Atomics.sub(words, ${WORDS.sleepers}, 1);
        return -1;
      }
    }
  };
  Atomics.add(words, ${WORDS.started}, 1);
  for (;;) {
    const phase = look();
    if (phase === -1) continue;
    if (phase === -2) return;
    const id = Atomics.load(words, ${WORDS.kernel});
    if (kernels[id] === undefined) {
      compile(id);
      continue;
    }
    if (Atomics.compareExchange(words, ${WORDS.phase}, phase, phase + 1) !== phase) continue;
    last = phase >>> ${PHASE_SHIFT};
    work();
    const left = Atomics.sub(words, ${WORDS.phase}, 1) & ${CLOSED | INSIDE};
    if (left === ${CLOSED + 1} && Atomics.compareExchange(words, ${WORDS.waiting}, 1, 0) === 1) {
      Atomics.notify(words, ${WORDS.waiting}, 1);
    }
  }
}`;
