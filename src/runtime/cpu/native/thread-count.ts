import { threadsWanted, ValueError } from '../../../base/index.ts';
import { MAX_THREADS } from './layout.ts';

/** How many threads `GRADUS_THREADS` asks for, or `undefined`: Gradus then asks the machine. */
export function threadsFromFlag(text = threadsWanted()): number | undefined {
  if (text === undefined || text === '') return undefined;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  throw new ValueError({
    op: 'GRADUS_THREADS',
    problem: `'${text}' is no number of threads from 1 to ${MAX_THREADS}`,
    remedy: 'set it to a whole number such as 4, or unset it to use every processor',
  });
}
