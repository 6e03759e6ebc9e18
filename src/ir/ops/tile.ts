import { checkList, checkShape, type Shape } from '../../base/index.ts';
import type { Value } from '../value.ts';
import { reshape } from './reshape.ts';
import { expand } from './sum.ts';

/**
 * `x` repeated `repeats[d]` times along each dimension `d`. The shorter of `repeats` and x's shape
 * is filled with ones in front.
 *
 * Throws ShapeError unless `repeats` lists whole numbers from 0.
 *
 * @example
 * tensor([1, 2]).tile([2, 2]).toArray(); // [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export function tile(x: Value, repeats: Shape): Value {
  checkList(repeats, 'the repeats', 'tile', 'x.tile([2, 3])');
  checkShape(repeats, 'tile');
  const rank = Math.max(x.shape.length, repeats.length);
  const filled = (list: Shape): number[] => [...Array(rank - list.length).fill(1), ...list];
  const [sizes, times] = [filled(x.shape), filled(repeats)];
  const apart = reshape(
    x,
    sizes.flatMap((n) => [1, n]),
  );
  const wide = expand(
    apart,
    sizes.flatMap((n, d) => [times[d], n]),
  );
  return reshape(
    wide,
    sizes.map((n, d) => n * times[d]),
  );
}
