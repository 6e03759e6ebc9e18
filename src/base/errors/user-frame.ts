/** Finds the user's own line in a stack trace: the first frame outside Gradus. */

// The package's own folder, from this module's URL: `.../src/base/errors/`, `.../dist/base/errors/`,
// or `.../dist/node/` where modules were joined. Inside a user's own bundle there is none.
const here = import.meta.url;
const folder = (part: string, keep: number): string =>
  here.includes(part) ? here.slice(0, here.lastIndexOf(part) + keep) : '';
const root = folder('/base/errors/', 1) || folder('/dist/node/', '/dist/node/'.length) || here;
const rootPath = root.startsWith('file://') ? decodeURIComponent(root.slice(7)) : root;

/** `file:line:column` of the first frame that is neither Gradus nor Node itself. */
export function userFrame(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const at = /^\s*at (?:.* \()?((?:file|https?):\/\/.+|\/.+|[A-Za-z]:\\.+?):(\d+):(\d+)\)?$/.exec(
      line,
    );
    if (at === null) continue;
    const file = at[1].replace(/^file:\/\//, '');
    const own = (file.startsWith(rootPath) || at[1].startsWith(root)) && !file.includes('.test.');
    if (own || file.split(':')[0] === 'node') continue;
    return `${file}:${at[2]}:${at[3]}`;
  }
  return undefined;
}
