/** The last argument of reductions. */
import { checkOptions, given, ValueError } from '../base/index.ts';

/** The last argument of reductions: `true` or `{ keepdim: true }`. */
export type Keep<K extends boolean> = K | { readonly keepdim?: K };

/** What the last argument of reduction `op` says. */
export function keep(op: string, k: Keep<boolean> | undefined): boolean {
  if (k === undefined || typeof k === 'boolean') return k ?? false;
  checkOptions(op, k, ['keepdim']);
  if (k.keepdim === undefined || typeof k.keepdim === 'boolean') return k.keepdim ?? false;
  throw new ValueError({ op, problem: `keepdim is true or false, not ${given(k.keepdim)}` });
}
