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
    into(n.edge0 as Node, n.which, g, f);
    return;
  }
  g.storage.pins++;
  if (n.grad === null) {
    n.grad = g;
    n.owned = fresh;
    f.push(n);
    return;
  }
  const before = n.grad;
  n.grad = sum(before, g, n.owned);
  if (n.grad !== before) {
    n.grad.storage.pins++;
    unpin(before.storage);
  }
  n.owned = true;
  unpin(g.storage);
}

/** The same for output `which` of a node with many. */
function into(n: Node, which: number, g: Tensor, f: Frontier): void {
  if (n.grads === null) {
    n.grads = [];
    f.push(n);
  }
  const before = n.grads[which] ?? null;
  g.storage.pins++;
  n.grads[which] = before === null ? g : sum(before, g, false);
}

/** before + g; into `before` itself where its buffer is ours alone and nothing is recorded. */
function sum(before: Tensor, g: Tensor, owned: boolean): Tensor {
  if (owned && !gradMode() && before.spec.contiguous) {
    before.accumulate(g);
    return before;
  }
  return add(before, g) as Tensor;
}
