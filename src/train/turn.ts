/** Lets other work have its turn: signals, timers, the collector's callbacks, the page. */

const immediate = (globalThis as { setImmediate?: (f: () => void) => unknown }).setImmediate;

/** Resolves in a later turn of the event loop, as soon as may be. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate !== undefined) return void immediate(resolve);
    // Timers of a page wait for 4 ms when they are nested; messages do not.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
