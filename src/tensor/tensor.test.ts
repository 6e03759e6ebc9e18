import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as gradus from '../index.ts';
import {
  add,
  concat,
  device,
  devices,
  exp,
  matmul,
  Parameter,
  stack,
  sum,
  Tensor,
  tensor,
  where,
  zeros,
} from '../index.ts';
import { getDevice } from '../runtime/device.ts';

const x = tensor([
  [1, 2],
  [3, 4],
]);

describe('methods and functions', () => {
  it('agree', () => {
    const skip = new Set([
      'at',
      'to',
      't',
      'item',
      'data',
      'where',
      'assign',
      'backward',
      'dispose',
    ]);
    const functions = gradus as unknown as Record<string, unknown>;
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(Tensor.prototype)).filter(
      (name) => name !== 'constructor' && !name.startsWith('to') && !skip.has(name),
    );
    const renamed: Record<string, string> = { var: 'variance' };
    const none = ['float', 'double', 'int', 'bool', 'contiguous'];
    const missing = methods.filter(
      (name) => typeof functions[renamed[name] ?? name] !== 'function' && !none.includes(name),
    );
    expect(missing).toEqual([]);
    expect(add(2, x).toArray()).toEqual(x.add(2).toArray());
    expect(exp(x).toArray()).toEqual(x.exp().toArray());
    expect(sum(x, 0, { keepdim: true }).toArray()).toEqual([[4, 6]]);
    expect(matmul(x, x).toArray()).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect(where(x.gt(2), x, 0).toArray()).toEqual([
      [0, 0],
      [3, 4],
    ]);
    expect(concat([x, x], 1).shape).toEqual([2, 4]);
    expect(stack([x, x]).shape).toEqual([2, 2, 2]);
  });

  it('take keepdim alone or as an option', () => {
    expect(x.sum(1, true).shape).toEqual([2, 1]);
    expect(x.max([0, 1], { keepdim: true }).shape).toEqual([1, 1]);
    expect(x.argmax(0, true).toArray()).toEqual([[1, 1]]);
    expect(x.var(0, { correction: 0, keepdim: true }).toArray()).toEqual([[1, 1]]);
  });

  it('refuse what is no tensor', () => {
    for (const bad of [[1, 2], null, undefined, Promise.resolve(x), 'x', {}]) {
      expect(() => x.add(bad as never)).toThrow(expect.objectContaining({ name: 'DtypeError' }));
      expect(() => x.matmul(bad as never)).toThrow(expect.objectContaining({ name: 'DtypeError' }));
      expect(() => add(x, bad as never)).toThrow(expect.objectContaining({ name: 'DtypeError' }));
      expect(() => sum(bad as never)).toThrow(expect.objectContaining({ name: 'DtypeError' }));
      expect(() => concat([x, bad as never])).toThrow(
        expect.objectContaining({ name: 'DtypeError' }),
      );
      expect(() => where(x.gt(0), x, bad as never)).toThrow(
        expect.objectContaining({ name: 'DtypeError' }),
      );
    }
    expect(() => add(1, 2)).toThrow(/neither operand is a tensor/);
    expect(() => concat(x as never)).toThrow(/takes an array of tensors/);
  });
});

describe('conversions', () => {
  it('go to dtypes and devices', async () => {
    expect(x.to('int64').toArray()).toEqual([
      [1n, 2n],
      [3n, 4n],
    ]);
    expect(x.to('cpu')).toBe(x);
    expect(await x.cpu()).toBe(x);
    expect(x.gt(2).float().toArray()).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect([x.int().dtype, x.bool().dtype, x.double().dtype]).toEqual(['int32', 'bool', 'float64']);
    expect(() => x.to('float23')).toThrow(/'float23' is neither a dtype nor a device/);
  });

  it('copy only where they must', () => {
    expect(x.contiguous()).toBe(x);
    expect(x.t().contiguous().spec.contiguous).toBe(true);
    expect(x.clone().storage).not.toBe(x.storage);
  });

  it('give nested arrays', () => {
    expect(tensor(3).toArray()).toBe(3);
    expect(x.gt(1).toArray()).toEqual([
      [false, true],
      [true, true],
    ]);
    expect(tensor([1n]).toArray()).toEqual([1n]);
    expect(x.t().toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(zeros([2, 0]).toArray()).toEqual([[], []]);
    expect(JSON.stringify({ x })).toBe('{"x":[[1,2],[3,4]]}');
  });

  it('print', () => {
    expect(String(x)).toBe('[[1. 2.]\n [3. 4.]]');
    expect(inspect(x)).toBe('tensor([[1., 2.],\n        [3., 4.]], shape [2, 2], float32)');
    expect(inspect(Parameter(tensor([1])))).toBe('tensor([1.], shape [1], float32, requiresGrad)');
  });

  it('go through the first dimension', () => {
    expect([...x].map((row) => row.toArray())).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe('dispose', () => {
  it('makes a tensor unusable and leaves views alone', () => {
    const y = x.mul(2);
    const view = y.at(0);
    y.dispose();
    expect(view.toArray()).toEqual([2, 4]);
    expect(() => y.add(1).toArray()).toThrow(/used after it had been disposed of/);
    expect(() => y.toArray()).toThrow(/disposed/);
    {
      using z = x.add(1);
      expect(z.sum().item()).toBe(14);
    }
  });
});

describe('devices', () => {
  it('are listed and chosen', () => {
    expect(devices()[0]).toMatchObject({ name: 'cpu', engine: expect.any(String) });
    expect(device()).toBe('cpu');
    expect(device('cpu', () => zeros([1]).device)).toBe('cpu');
    expect(() => device('moon')).toThrow(/there is no device 'moon'/);
    expect(() => device('cpu', (async () => 1) as never)).toThrow(/asynchronous/);
  });
});

describe('dispose', () => {
  const device = getDevice('cpu');
  // The reference keeps no account of memory.
  const counts = !device.engine.startsWith('reference');

  it.runIf(counts)('gives large memory back at once, but not what others still read', () => {
    const used = () => device.memory().usedBytes;
    const before = used();
    const a = zeros([512, 512]);
    const alone = a.add(1);
    const base = a.add(2);
    const view = base.narrow(0, 0, 2);
    // Three megabytes, and on some engines whatever else has a buffer.
    const held = used();
    expect(held - before).toBeGreaterThan(2 * 2 ** 20);
    alone.dispose();
    base.dispose();
    expect(held - used()).toBe(2 ** 20);
    expect(view.sum().item()).toBe(2048);
    expect(() => alone.add(1)).toThrow(/disposed/);
  });
});

describe("JavaScript's operators", () => {
  it('take a tensor of one element as its number', () => {
    const loss = tensor([2, 3]).sum() as unknown as number;
    expect(loss > 4 && loss < 6).toBe(true);
    expect(loss + 1).toBe(6);
    expect(Math.max(loss, 7)).toBe(7);
    expect(`${loss}`).toBe('5.0');
    const two = tensor([1, 2]) as unknown as number;
    expect(() => two > 1).toThrow(/2 elements has no single value/);
  });
});
