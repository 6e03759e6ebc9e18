import { expect, test } from 'vitest';
import { fma32, fma64 } from './fused.ts';

test('the product is not rounded', () => {
  const x = 1 + 2 ** -12;
  expect(fma32(x, x, -1)).toBe(2 ** -11 + 2 ** -24);
  const y = 1 + 2 ** -27;
  expect(fma64(y, y, -1)).toBe(2 ** -26 + 2 ** -54);
});

test('the sum is rounded once', () => {
  // 1 + 2^-24 is halfway between two float32 values; the tiny term decides.
  expect(fma32(1 + 2 ** -23, 1, 2 ** -24 - 2 ** -48)).toBe(1 + 2 ** -23);
  expect(fma32(2 ** -30, 2 ** -50, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
  expect(fma32(2 ** -12, 2 ** -12, 1)).toBe(1);
  expect(fma32(2 ** -12 + 2 ** -35, 2 ** -12, 1)).toBe(1 + 2 ** -23);
  expect(fma32(-(2 ** -40), 2 ** -40, 1 + 2 ** -23 + 2 ** -24)).toBe(1 + 2 ** -23);
});

test('float64: exact cancellation, subnormals, overflow, halves to even', () => {
  expect(fma64(3, 5, -15)).toBe(0);
  expect(fma64(2 ** -540, 2 ** -540, 0)).toBe(0);
  expect(fma64(2 ** -537, 2 ** -537, 0)).toBe(5e-324);
  expect(fma64(1.5 * 2 ** -538, 2 ** -537, 0)).toBe(5e-324);
  expect(fma64(2 ** 600, 2 ** 600, -(2 ** 1023))).toBe(Infinity);
  expect(fma64(2 ** 600, 2 ** 423, -(2 ** 1022))).toBe(2 ** 1022);
  expect(fma64(1, 2 ** 53, 1)).toBe(2 ** 53);
  expect(fma64(1, 2 ** 53, 3)).toBe(2 ** 53 + 4);
});

test('what is not finite', () => {
  for (const fma of [fma32, fma64]) {
    expect(fma(Infinity, 2, -1)).toBe(Infinity);
    expect(fma(Infinity, 0, 1)).toBeNaN();
    expect(fma(Infinity, 1, -Infinity)).toBeNaN();
    expect(fma(2, 3, -Infinity)).toBe(-Infinity);
    expect(fma(-0, 1, -0)).toBe(-0);
  }
});
