import { setFlagsFromString } from 'node:v8';

/** Sets V8 flags for the modules compiled from now on. */
export function setV8Flag(flag: string): void {
  setFlagsFromString(flag);
}
