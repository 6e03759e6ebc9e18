/**
 * The gathering of gradients during one backward run: the frontier (a heap on sequence numbers)
 * and the sums. Kept apart from the run itself so that nodes can feed it.
 */
import { add } from '../ir/index.ts';
import { gradMode } from './grad-mode.ts';
import type { Node } from './node.ts';
import { OUTPUT_NAME } from './node-names.ts';
import { unpin } from './scope.ts';
import type { Tensor } from './tensor.ts';

/** Nodes that wait for their turn, the latest first. */
export class Frontier {
  private readonly heap: Node[] = [];
  /** Nodes at or below this sequence number are outside the run: their gradients are dropped. */
  readonly floor: number;

  constructor(floor: number) {
    this.floor = floor;
  }

  get size(): number {
    return this.heap.length;
  }

  push(n: Node): void {
    const heap = this.heap;
    let i = heap.push(n) - 1;
    while (i > 0) {
      const p = (i - 1) >> 1;
      if (heap[p].seq >= n.seq) break;
      heap[i] = heap[p];
      i = p;
    }
    heap[i] = n;
  }

  pop(): Node {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop() as Node;
    const n = heap.length;
    if (n > 0) {
      let i = 0;
      for (;;) {
        let c = 2 * i + 1;
        if (c >= n) break;
        if (c + 1 < n && heap[c + 1].seq > heap[c].seq) c++;
        if (heap[c].seq <= last.seq) break;
        heap[i] = heap[c];
        i = c;
      }
      heap[i] = last;
    }
    return top;
  }

  /** Forgets every pending gradient, after a gradient function threw. */
  clear(): void {
    for (const n of this.heap) {
      n.grad = null;
      n.grads = null;
      n.owned = false;
    }
    this.heap.length = 0;
  }
}

let frontier: Frontier | null = null;

export function setFrontier(f: Frontier | null): Frontier | null {
  const before = frontier;
  frontier = f;
  return before;
}

/** Adds `g` to what node `n` has gathered; `fresh` says that nobody else holds `g`. */
export function accumulate(n: Node, g: Tensor, fresh: boolean): void {
  const f = frontier as Frontier;
  if (n.seq <= f.floor) return;
  if (n.op.name === OUTPUT_NAME) {
    const whole = n.edge0 as Node;
    if (whole.grads === null) {
      whole.grads = [];
      f.push(whole);
    }
    whole.grads[n.which] = join(whole.grads[n.which] ?? null, g, false);
    return;
  }
  if (n.grad === null) f.push(n);
  const first = n.grad === null;
  n.grad = join(n.grad, g, n.owned);
  n.owned = fresh || !first;
}

/** `before + g`, pinned; into `before` itself where its buffer is `owned` and nothing is recorded. */
function join(before: Tensor | null, g: Tensor, owned: boolean): Tensor {
  if (before === null) {
    g.storage.pins++;
    return g;
  }
  const { storage } = before;
  let total = before;
  if (owned && !gradMode() && before.spec.contiguous && before.offset === 0) before.accumulate(g);
  else total = add(before, g) as Tensor;
  if (total.storage !== storage) {
    total.storage.pins++;
    unpin(storage);
  }
  return total;
}
