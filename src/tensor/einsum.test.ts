import { expect, it } from 'vitest';
import { arange, einsum, randn } from '../index.ts';
import { allClose, gradCheck } from '../testing/index.ts';

const a = arange(6, { dtype: 'float64' }).reshape([2, 3]);
const b = arange(12, { dtype: 'float64' }).reshape([3, 4]).sub(5);
const v = arange(3, { dtype: 'float64' });

it('multiplies, transposes, sums', () => {
  expect(allClose(einsum('ij,jk->ik', a, b), a.matmul(b))).toBe(true);
  expect(allClose(einsum('ij,jk', a, b), a.matmul(b))).toBe(true);
  expect(allClose(einsum('ij,jk->ki', a, b), a.matmul(b).t())).toBe(true);
  expect(allClose(einsum('ij->ji', a), a.t())).toBe(true);
  expect(allClose(einsum('ji', a), a.t())).toBe(true);
  expect(allClose(einsum('ij->', a), 15)).toBe(true);
  expect(allClose(einsum('ij->j', a), a.sum(0))).toBe(true);
  expect(allClose(einsum('i,i', v, v), 5)).toBe(true);
  expect(allClose(einsum('i,j->ij', v, v), v.unsqueeze(1).mul(v))).toBe(true);
  expect(allClose(einsum('ij,j->ij', a, v), a.mul(v))).toBe(true);
  expect(allClose(einsum('ij,kl->', a, b), a.sum().mul(b.sum()))).toBe(true);
});

it('keeps batches apart and takes three operands', () => {
  const x = randn([5, 2, 3], { dtype: 'float64' });
  const y = randn([5, 3, 4], { dtype: 'float64' });
  expect(allClose(einsum('bij,bjk->bik', x, y), x.matmul(y))).toBe(true);
  expect(allClose(einsum('bij,bjk->ik', x, y), x.matmul(y).sum(0))).toBe(true);
  expect(allClose(einsum('bij, bjk, ij -> k', x, y, a), x.mul(a).matmul(y).sum([0, 1]))).toBe(true);
  expect(gradCheck((p, q) => einsum('bij,bjk->kb', p, q), [x, y])).toBe(true);
});

it('says what does not fit', () => {
  expect(() => einsum('ij,jk->ik', a)).toThrow(/2 terms for 1 operands/);
  expect(() => einsum('ij,jk->ik', a, a)).toThrow(/'j' is 3 here and 2 there/);
  expect(() => einsum('ii->i', a)).toThrow(/repeats a letter/);
  expect(() => einsum('i->i', a)).toThrow(/names 1 of 2 dimensions/);
  expect(() => einsum('ij->k', a)).toThrow(/no operand has 'k'/);
  expect(() => einsum('...i->i', a)).toThrow(/not supported/);
  expect(() => einsum('i', [1] as never)).toThrow(/is an array, not a tensor/);
});
