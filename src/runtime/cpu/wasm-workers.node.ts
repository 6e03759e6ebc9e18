import { createRequire } from 'node:module';
import type * as workers from 'node:worker_threads';
import { processors } from './native/processors.node.ts';
import type { WorkersHere } from './wasm-workers.ts';

// Loaded by the first launch on several threads.
const require = createRequire(import.meta.url);

/** Node's worker threads; their program is a string, so that bundles need no second file. */
export const openWorkers = (): WorkersHere | { readonly reason: string } => ({
  processors: processors(),
  // All of Node's threads may sleep, the main one too.
  mayWait: true,
  start(program, data, failed) {
    const threads = require('node:worker_threads') as typeof workers;
    const text = `(${program})(require('node:worker_threads').workerData)`;
    // Options that the process was started with, such as loaders, are not for this program.
    const worker = new threads.Worker(text, {
      eval: true,
      workerData: data,
      env: threads.SHARE_ENV,
      execArgv: [],
    });
    worker.on('error', (error) => failed(String(error)));
    worker.unref();
  },
});
