import type { WorkersHere } from './wasm-workers.ts';

interface Surroundings {
  readonly crossOriginIsolated?: boolean;
  readonly document?: object;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

/** Web workers, or why there can be none. */
export function openWorkers(): WorkersHere | { readonly reason: string } {
  const here: Surroundings = globalThis;
  if (typeof Worker === 'undefined') return { reason: 'there are no web workers here' };
  // Without isolation the class may be there, but no worker would be given the memory.
  if (typeof SharedArrayBuffer === 'undefined' || here.crossOriginIsolated === false) {
    return { reason: 'the page is not cross-origin isolated, so threads cannot share memory' };
  }
  return {
    processors: here.navigator?.hardwareConcurrency ?? 1,
    mayWait: here.document === undefined,
    start(program, data, failed) {
      const text = `onmessage = ({ data }) => { (${program})(data); close(); };`;
      const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      try {
        const worker = new Worker(url);
        // A content-security policy may forbid workers of blobs.
        worker.onerror = (event) => {
          event.preventDefault();
          URL.revokeObjectURL(url);
          failed(event.message || 'the page does not allow it');
        };
        worker.postMessage(data);
      } catch (error) {
        failed(String(error));
      }
    },
  };
}
