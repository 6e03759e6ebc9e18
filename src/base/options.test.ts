import { expect, test } from 'vitest';
import { checkOptions, given, ValueError } from './index.ts';

const check = (options: unknown) => () =>
  checkOptions('conv2d', options, ['stride', 'padding', 'dilation', 'ceilMode']);

test('known options pass', () => {
  expect(check(undefined)).not.toThrow();
  expect(check({})).not.toThrow();
  expect(check({ stride: 1, ceilMode: undefined })).not.toThrow();
});

test('what is no object of options is named', () => {
  const tensor = { shape: [2], dtype: 'float32' };
  for (const wrong of [1, true, 'x', null, [1], tensor, new Float32Array(1), () => 1]) {
    expect(check(wrong)).toThrow(ValueError);
  }
  expect(check(1)).toThrow('conv2d: the last argument must be an object of options, not 1');
  expect(check('same')).toThrow("not 'same'");
  expect(check(tensor)).toThrow('not a float32 tensor of shape [2]');
});

test('an unknown name is refused with the one that was meant', () => {
  expect(check({ ceil_mode: true })).toThrow("there is no option 'ceil_mode'");
  expect(check({ ceil_mode: true })).toThrow("did you mean 'ceilMode'?");
  expect(check({ strides: 1 })).toThrow("did you mean 'stride'?");
  expect(check({ paddign: 1 })).toThrow("did you mean 'padding'?");
  expect(check({ colour: 1 })).toThrow(/remedy: the options are stride, padding/);
});

test('what was given reads as a phrase', () => {
  class _Tensor {}
  class Elephant {}
  expect(given({})).toBe('an object');
  expect(given(new _Tensor())).toBe('a Tensor');
  expect(given(new Elephant())).toBe('an Elephant');
  expect(given(['2', 3])).toBe("['2', 3]");
  expect(given(Object.create(null))).toBe('an object');
  expect(given(1n)).toBe('1n');
});
