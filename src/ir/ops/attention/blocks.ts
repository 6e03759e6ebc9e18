/** Into which blocks of queries and keys attention cuts its scores. */
import { bytesOf, numelOf, type Type } from '../../../base/index.ts';

/** Queries or keys: `size` of them, starting with `from`. */
export interface Span {
  readonly from: number;
  readonly size: number;
}

/** The scores of some queries and some keys. */
export interface Block {
  readonly queries: Span;
  readonly keys: Span;
  /** Which of all blocks it is. */
  readonly number: number;
}

/** Most queries and most keys of a block. */
export interface BlockSize {
  readonly queries: number;
  readonly keys: number;
}

/**
 * From so many scores of a matrix on causal attention is cut: what it leaves out then saves more
 * time than blocks cost.
 */
const CAUSAL_SCORES = 256 ** 2;
/** Bytes of all scores up to which they are held at once; blocks cost up to a sixth of the time. */
const HELD_BYTES = 64 * 2 ** 20;
const CAUSAL_BLOCK: BlockSize = { queries: 128, keys: 128 };
const BLOCK: BlockSize = { queries: 512, keys: 256 };
/** Most blocks along one side: the graph has ten nodes or so for each block. */
const MOST = 16;
/** Blocks are numbered below this. */
export const MOST_BLOCKS = MOST ** 2;

const sizeOf = (x: Type): number => x.shape.at(-2) as number;

/** A function of the scores' type alone, as it decides the order of sums. */
export function blockSize({ shape, dtype }: Type, isCausal: boolean): BlockSize {
  const [queries, keys] = shape.slice(-2);
  const cut = isCausal
    ? queries * keys >= CAUSAL_SCORES
    : numelOf(shape) * bytesOf(dtype) > HELD_BYTES;
  if (!cut) return { queries, keys };
  const least = isCausal ? CAUSAL_BLOCK : BLOCK;
  const side = (size: number, n: number): number => n * Math.max(1, Math.ceil(size / (MOST * n)));
  return { queries: side(queries, least.queries), keys: side(keys, least.keys) };
}

/** At least one span, of nothing if there is nothing. */
function spans(size: number, most: number): Span[] {
  const count = Math.max(1, Math.ceil(size / Math.max(1, most)));
  return Array.from({ length: count }, (_, i) => ({
    from: i * most,
    size: Math.min(most, size - i * most),
  }));
}

/**
 * For each block of queries the blocks of keys that they attend to: where `isCausal`, not those
 * that lie behind the last query.
 */
export function blocksOf(
  q: Type,
  k: Type,
  size: BlockSize,
  isCausal: boolean,
): readonly (readonly Block[])[] {
  const columns = spans(sizeOf(k), size.keys);
  return spans(sizeOf(q), size.queries).map((queries, i) =>
    columns
      .filter(({ from }) => !isCausal || from === 0 || from < queries.from + queries.size)
      .map((keys, j) => ({ queries, keys, number: i * columns.length + j })),
  );
}
