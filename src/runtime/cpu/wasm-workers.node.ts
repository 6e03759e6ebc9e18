import { SHARE_ENV, Worker } from 'node:worker_threads';
import { processors } from './native/processors.node.ts';
import type { WorkersHere } from './wasm-workers.ts';

/** Node's worker threads; their program is a string, so that bundles need no second file. */
export const openWorkers = (): WorkersHere | { readonly reason: string } => ({
  processors: processors(),
  // All of Node's threads may sleep, the main one too.
  mayWait: true,
  start(program, data, failed) {
    const text = `(${program})(require('node:worker_threads').workerData)`;
    // Options that the process was started with, such as loaders, are not for this program.
    const worker = new Worker(text, { eval: true, workerData: data, env: SHARE_ENV, execArgv: [] });
    worker.on('error', (error) => failed(String(error)));
    worker.unref();
  },
});
