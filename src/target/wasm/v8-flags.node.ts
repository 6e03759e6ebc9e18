import { createRequire } from 'node:module';
import type * as v8 from 'node:v8';

const require = createRequire(import.meta.url);

/** Sets V8 flags for the modules compiled from now on. */
export function setV8Flag(flag: string): void {
  // Loaded at first need: as an import it would take part of every start.
  const { setFlagsFromString } = require('node:v8') as typeof v8;
  setFlagsFromString(flag);
}
