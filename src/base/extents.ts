/** Free memory as extents, sorted by address and merged with their neighbours. Best fit. */
export class Extents {
  private readonly starts: number[] = [];
  private readonly sizes: number[] = [];

  /** Address of `bytes` bytes, or -1. */
  take(bytes: number): number {
    let best = -1;
    for (let i = 0; i < this.sizes.length; i++) {
      const s = this.sizes[i];
      if (s >= bytes && (best < 0 || s < this.sizes[best])) {
        best = i;
        if (s === bytes) break;
      }
    }
    if (best < 0) return -1;
    const at = this.starts[best];
    if (this.sizes[best] === bytes) {
      this.starts.splice(best, 1);
      this.sizes.splice(best, 1);
    } else {
      this.starts[best] += bytes;
      this.sizes[best] -= bytes;
    }
    return at;
  }

  give(start: number, bytes: number): void {
    const { starts, sizes } = this;
    let lo = 0;
    let hi = starts.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (starts[mid] < start) lo = mid + 1;
      else hi = mid;
    }
    const joinsBefore = lo > 0 && starts[lo - 1] + sizes[lo - 1] === start;
    const joinsAfter = lo < starts.length && start + bytes === starts[lo];
    if (joinsBefore && joinsAfter) {
      sizes[lo - 1] += bytes + sizes[lo];
      starts.splice(lo, 1);
      sizes.splice(lo, 1);
    } else if (joinsBefore) sizes[lo - 1] += bytes;
    else if (joinsAfter) {
      starts[lo] = start;
      sizes[lo] += bytes;
    } else {
      starts.splice(lo, 0, start);
      sizes.splice(lo, 0, bytes);
    }
  }

  /** Bytes of the extent that ends at `end`; 0 if none does. */
  before(end: number): number {
    const last = this.starts.findLastIndex((start, i) => start + this.sizes[i] === end);
    return last < 0 ? 0 : this.sizes[last];
  }

  largest(): number {
    let n = 0;
    for (const s of this.sizes) n = Math.max(n, s);
    return n;
  }

  total(): number {
    return this.sizes.reduce((a, b) => a + b, 0);
  }
}
