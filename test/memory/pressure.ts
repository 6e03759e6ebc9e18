/**
 * A program, not a test: keeps a changing set of tensors of many sizes (slabs and large blocks,
 * views too) in a heap that is much too small, and counts the elements that come back wrong.
 */
import { full, type Tensor, tensor } from '../../src/index.ts';
import { sequence } from '../conformance/sequence.ts';

const next = sequence(Number(process.argv[2]));
const below = (n: number): number => Math.floor(next() * n);
const SIZES = [1, 3, 10, 60, 200, 900, 5000, 16000, 16385, 60000, 200000, 400000];

/** A tensor whose elements are all `value`. */
interface Kept {
  readonly t: Tensor;
  readonly value: number;
}
const kept: Kept[] = [];
let wrong = 0;
let checked = 0;

function check({ t, value }: Kept): void {
  const data = t.data({ copy: next() < 0.5 });
  for (const i of [0, data.length >> 1, data.length - 1]) {
    checked++;
    if (data[i] !== value) wrong++;
  }
}

function make(): Kept {
  const n = SIZES[below(SIZES.length)];
  const value = below(50);
  const t = next() < 0.5 ? full([n], value) : tensor(new Float32Array(n).fill(value));
  return { t: t as Tensor, value };
}

for (let i = 0; i < 4000; i++) {
  const kind = below(10);
  const a = kept[below(Math.max(1, kept.length))];
  if (kept.length < 4 || kind < 3) kept.push(make());
  else if (kind < 6) {
    const partner = kept.find((k) => k !== a && k.t.numel === a.t.numel) ?? a;
    if (a.value + partner.value < 1e6) {
      kept.push({ t: a.t.add(partner.t), value: a.value + partner.value });
    }
  } else if (kind === 6 && a.t.numel > 4) {
    kept.push({ t: a.t.narrow(0, 1, a.t.numel - 2), value: a.value });
  } else check(a);
  if (kept.length > 60) {
    const at = below(kept.length);
    check(kept[at]);
    kept.splice(at, 1);
  }
}
kept.forEach(check);
console.log(JSON.stringify({ wrong, checked }));
