/**
 * A program, not a test: keeps twice the heap's cap alive, uses all of it twice, and prints whether
 * every sum was right.
 */
import { full, type Tensor } from '../../src/index.ts';

const MB = 2 ** 20;
const cap = Number(process.env.GRADUS_WASM_HEAP) * MB;
const each = 4 * MB;
const kept: Tensor[] = [];
for (let i = 0; i * each < 2 * cap; i++) kept.push(full([each / 4], i));
let right = true;
for (let round = 1; round <= 2; round++) {
  kept.forEach((t, i) => {
    kept[i] = t.add(1);
  });
  kept.forEach((t, i) => {
    right &&=
      t
        .sub(i + round)
        .abs()
        .sum()
        .item() === 0;
  });
}
console.log(JSON.stringify({ right, tensors: kept.length, rss: process.memoryUsage().rss / MB }));
