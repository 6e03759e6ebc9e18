/** Where `compile()` was called: tells compiling in a loop, which records at every turn, from compiling before it. */
import { userFrame } from '../base/index.ts';

/** So many functions compiled at one line may each record, none of them called again, without a word. */
const MANY = 8;

export interface Site {
  readonly line: string | undefined;
  recordings: number;
  /** Whether a recording made here has been used a second time. */
  reused: boolean;
}

const sites = new Map<string, Site>();

/** The line of the user's own that is calling now, for functions of this text: one line may compile many. */
export function siteHere(fn: object): Site {
  const line = userFrame(new Error().stack ?? '');
  const key = `${line} ${fn}`;
  let site = sites.get(key);
  if (site === undefined) {
    site = { line, recordings: 0, reused: false };
    sites.set(key, site);
  }
  return site;
}

/** Counts a recording, and says once at a line that no function compiled there is ever called again. */
export function noteRecording(site: Site, name: string): void {
  site.recordings++;
  if (site.line === undefined || site.reused || site.recordings !== MANY + 1) return;
  console.warn(
    `[gradus] ${name} was compiled and recorded ${site.recordings} times at ${site.line}, and no result was ` +
      'called twice: compile a function once, before the loop, and call the result in it',
  );
}
