/** What the WebAssembly engine asks of its surroundings to run on several threads. */

/** All that a worker is told, once; the rest it reads from `memory` and `shared`. */
export interface WorkerStart {
  /** The heap's, with the control words. */
  readonly memory: WebAssembly.Memory;
  /** Modules of published kernels. */
  readonly shared: SharedArrayBuffer;
  /** Its number, from 1 on: 0 is the thread that runs JavaScript. */
  readonly thread: number;
  /** The module that goes through launches. */
  readonly driver: Uint8Array<ArrayBuffer>;
}

export interface WorkersHere {
  readonly processors: number;
  /** Whether this thread may sleep until another wakes it; a page's main thread may not. */
  readonly mayWait: boolean;
  /**
   * Starts a worker that calls `program`, the text of a function, and neither keeps the process
   * alive nor stops it. `failed` is told why if the worker does not start.
   */
  start(program: string, data: WorkerStart, failed: (reason: string) => void): void;
}
