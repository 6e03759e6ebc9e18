/** Ctrl-C and the like, while a run is under way. */

type Signal = 'SIGINT' | 'SIGTERM';

interface Process {
  once(name: Signal, listener: () => void): unknown;
  removeListener(name: Signal, listener: () => void): unknown;
}

const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM'];

/**
 * Listens for SIGINT and SIGTERM until `release`. The first is only noted; after it they do again
 * what they did before, so that a second Ctrl-C ends the process at once. Browsers have no signals.
 */
export class Signals {
  received: Signal | null = null;
  private readonly listeners = new Map<Signal, () => void>();

  constructor() {
    const host = hostProcess();
    if (host === undefined) return;
    for (const name of SIGNALS) {
      const listener = (): void => {
        this.received = name;
        this.release();
      };
      this.listeners.set(name, listener);
      host.once(name, listener);
    }
  }

  release(): void {
    for (const [name, listener] of this.listeners) hostProcess()?.removeListener(name, listener);
    this.listeners.clear();
  }
}

function hostProcess(): Process | undefined {
  const host = (globalThis as { process?: Partial<Process> }).process;
  return typeof host?.once === 'function' && typeof host.removeListener === 'function'
    ? (host as Process)
    : undefined;
}
