import { expect, test } from 'vitest';
import { at, KernelBuilder } from './builder.ts';
import { printKernel } from './print.ts';

test('loops, carried values, addresses', () => {
  const b = new KernelBuilder('dot');
  const x = b.param('x', 'ptr');
  const n = b.param('n', 'index');
  const zero = b.splat(b.const('f32', -0), 4);
  const [sum] = b.loop(0, n, 4, [zero], (i, [acc]) => {
    b.prefetch(at(x, 256));
    const one = b.load('f32', 4, at(x, -4, i), { splat: true });
    return [b.fma(b.load('f32', 4, at(x, 16, i, 4)), one, acc)];
  });
  b.stream('f32', at(x, 16), sum);
  b.store('f32', at(x), b.horizontal('add', sum));
  expect(printKernel(b.finish())).toMatchInlineSnapshot(`
    "kernel dot(x: ptr, n: index)
      %0:index = param 0 x
      %1:index = param 1 n
      %2:f32 = -0
      %3:f32x4 = splat %2
      %4:index = 0
      for %5:index = %4 to %1 step 4
        carry %6:f32x4 = %3 -> %9 -> %10
        prefetch [%0 + 256]
        %7:f32x4 = load.splat f32 [%0 + %5 - 4]
        %8:f32x4 = load f32 [%0 + %5*4 + 16]
        %9:f32x4 = fma %8 %7 %6
      stream f32 [%0 + 16] = %10
      %11:f32 = horizontal.add %10
      store f32 [%0] = %11
    "
  `);
});

test('branches, masks, faults', () => {
  const b = new KernelBuilder('edges');
  const x = b.param('x', 'ptr');
  const n = b.param('n', 'index');
  const mask = b.edge(n, 16);
  const value = b.load('i32', 16, at(x), { mask });
  const cond = b.compare('lt', n, b.index(4));
  const first = b.extract(value, 0);
  const [y] = b.if(
    cond,
    () => [b.binary('shl', first, b.const('i32', 2))],
    () => [b.convert(n, 'i32')],
  );
  b.if(cond, () => {
    b.fault(cond, y);
    return [];
  });
  const more = b.add(b.select(mask, value, b.splat(y, 16)), b.lanes('i32', 16));
  b.store('f32', at(x), b.bitcast(b.unary('abs', more), 'f32'), mask);
  expect(printKernel(b.finish())).toMatchInlineSnapshot(`
    "kernel edges(x: ptr, n: index)
      %0:index = param 0 x
      %1:index = param 1 n
      %2:maskx16 = edge %1
      %3:i32x16 = load i32 [%0] if %2
      %4:index = 4
      %5:mask = lt %1 %4
      %6:i32 = extract %3 0
      %7:i32 = 2
      %8:i32 = shl %6 %7
      %9:i32 = convert %1
      if %5
      %10:i32 = then %8 else %9
      if %5
        fault %10 if %5
      %11:i32x16 = splat %10
      %12:i32x16 = select %2 %3 %11
      %13:i32x16 = lanes
      %14:i32x16 = add %12 %13
      %15:i32x16 = abs %14
      %16:f32x16 = bitcast %15
      store f32 [%0] = %16 if %2
    "
  `);
});
