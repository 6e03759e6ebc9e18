/** What the WebAssembly engine asks of its surroundings to run on several threads. */

/** All that a worker is told, once; the rest it reads from `shared`. */
export interface WorkerStart {
  readonly memory: WebAssembly.Memory;
  readonly shared: SharedArrayBuffer;
  /** Its number, from 1 on: 0 is the thread that runs JavaScript. */
  readonly thread: number;
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
