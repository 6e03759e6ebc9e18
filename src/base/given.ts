/** What the user gave, for messages: strings quoted, objects by their kind. */
export function given(x: unknown): string {
  if (typeof x === 'string') return `'${x.length > 40 ? `${x.slice(0, 40)}...` : x}'`;
  if (typeof x === 'bigint') return `${x}n`;
  if (typeof x === 'function') return 'a function';
  if (typeof x === 'symbol') return 'a symbol';
  if (typeof x !== 'object' || x === null) return String(x);
  if (Array.isArray(x)) return x.length <= 8 && x.every(isPlain) ? givenList(x) : 'an array';
  if (isTensorLike(x)) return `a ${x.dtype} tensor of shape [${x.shape.join(', ')}]`;
  if (x instanceof Promise) return 'a Promise (await it first)';
  return withArticle(className(x));
}

/** `['2', 3]`. */
export const givenList = (list: readonly unknown[]): string => `[${list.map(given).join(', ')}]`;

/** What has a shape and a dtype is a tensor, or stands for one in a graph. */
export const isTensorLike = (
  x: unknown,
): x is { readonly shape: readonly number[]; readonly dtype: string } =>
  typeof x === 'object' &&
  x !== null &&
  'dtype' in x &&
  'shape' in x &&
  Array.isArray((x as { shape: unknown }).shape);

const isPlain = (x: unknown): boolean => typeof x !== 'object' || x === null;

/** The constructor's name, without the underscores that bundlers put before it. */
function className(x: object): string {
  const name = x.constructor?.name.replace(/^_+/, '') ?? '';
  return name === '' || name === 'Object' ? 'object' : name;
}

const withArticle = (noun: string): string => `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
