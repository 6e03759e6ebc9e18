/** Modules that keep something in plain fields while they are recorded. */
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { compile, nn, ones, type Tensor, tensor, zeros } from '../index.ts';

let warn: MockInstance;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

class Running extends nn.Module {
  total: Tensor = zeros([2]) as Tensor;
  forward(x: Tensor): Tensor {
    this.total = this.total.add(x) as Tensor;
    return this.total;
  }
}

describe('fields of modules', () => {
  test('a tensor that is read and replaced is refused, and put back', () => {
    const m = new Running();
    const { total } = m;
    const f = compile((x: Tensor) => m.forward(x), { name: 'f' });
    expect(() => f(ones([2]) as Tensor)).toThrow(
      /f: forward of Running reads its field 'total' and replaces it[^]*nn\.buffer/,
    );
    expect(m.total).toBe(total);
    expect(m.forward(ones([2]) as Tensor).toArray()).toEqual([1, 1]);
  });

  test('with fallback the lines run, from what the field held', () => {
    const m = new Running();
    const f = compile((x: Tensor) => m.forward(x), { fallback: true });
    const results = [1, 2, 3].map(() => f(ones([2]) as Tensor).toArray());
    expect(results).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test('what a recording that fails has written is as before, new fields and arrays too', () => {
    class Reads extends nn.Module {
      seen: Tensor | null = null;
      list: unknown[] = [1];
      fixed = Object.freeze([1, 2]);
      calls = 0;
      [other: string]: unknown;
      forward(x: Tensor): Tensor {
        this.calls++;
        this.seen = x.mul(2) as Tensor;
        this.list[0] = this.seen;
        this.list.push(this.seen);
        this.fresh = this.seen;
        return this.seen.item() > 0 ? x : (x.neg() as Tensor);
      }
    }
    const m = new Reads();
    const f = compile((x: Tensor) => m.forward(x));
    expect(() => f(tensor([1]) as Tensor)).toThrow(/item/);
    expect([m.calls, m.seen, m.list, 'fresh' in m]).toEqual([0, null, [1], false]);
    expect(m.forward(tensor([1]) as Tensor).toArray()).toEqual([1]);
  });

  test('what it changes otherwise is told once', () => {
    class Counts extends nn.Module {
      n = 0;
      last: Tensor | null = null;
      forward(x: Tensor): Tensor {
        this.n++;
        this.last = x.add(1) as Tensor;
        return x.mul(this.n) as Tensor;
      }
    }
    const m = new Counts();
    const f = compile((x: Tensor) => m.forward(x), { name: 'counted' });
    for (const size of [1, 1, 2]) f(ones([size]) as Tensor);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/counted changed the field 'n' of Counts.*buffers/s);
    expect(() => m.last?.toArray()).toThrow(/while a function was recorded/);
  });

  test('a buffer goes on from call to call', () => {
    class Kept extends nn.Module {
      total = nn.buffer(zeros([2]));
      forward(x: Tensor): Tensor {
        this.total.assign(this.total.add(x));
        return this.total.mul(1) as Tensor;
      }
    }
    const m = new Kept();
    const f = compile((x: Tensor) => m.forward(x));
    for (let i = 1; i < 4; i++) expect(f(ones([2]) as Tensor).toArray()).toEqual([i, i]);
    expect(warn).not.toHaveBeenCalled();
  });
});
