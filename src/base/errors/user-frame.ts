/** Finds the user's own line in a stack trace: the first frame outside Gradus. */

// The package's own folder, from this module's URL: `.../src/base/errors/`, `.../dist/base/errors/`,
// or `.../dist/node/` where modules were joined. Inside a user's own bundle there is none.
// A classic script, which bundlers also make, has no URL of its own.
const here: string = import.meta.url ?? '';
const folder = (part: string, keep: number): string =>
  here.includes(part) ? here.slice(0, here.lastIndexOf(part) + keep) : '';
const root = folder('/base/errors/', 1) || folder('/dist/node/', '/dist/node/'.length) || here;
const rootPath = root.startsWith('file://') ? decodeURIComponent(root.slice(7)) : root;

/** The place in a line of a stack trace, and whether that is Gradus or Node itself. */
function placeOf(line: string): { readonly text: string; readonly own: boolean } | null {
  const at = /^\s*at (?:.* \()?((?:file|https?):\/\/.+|\/.+|[A-Za-z]:\\.+?):(\d+):(\d+)\)?$/.exec(
    line,
  );
  if (at === null) return null;
  const file = at[1].replace(/^file:\/\//, '');
  const inside = root !== '' && (file.startsWith(rootPath) || at[1].startsWith(root));
  const own = (inside && !file.includes('.test.')) || file.split(':')[0] === 'node';
  return { text: `${file}:${at[2]}:${at[3]}`, own };
}

/** `file:line:column` of the first frame that is neither Gradus nor Node itself. */
export function userFrame(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const place = placeOf(line);
    if (place !== null && !place.own) return place.text;
  }
  return undefined;
}

/** The frames of a stack from the user's own on; all of them if there is none of his. */
export function userFrames(stack: string): string {
  const lines = stack.split('\n').filter((line) => line.startsWith('    at '));
  const first = lines.findIndex((line) => placeOf(line)?.own === false);
  return (first < 0 ? lines : lines.slice(first)).join('\n');
}
