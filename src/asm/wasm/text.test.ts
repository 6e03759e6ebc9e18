import { expect, test } from 'vitest';
import wabtInit from 'wabt';
import { encodeModule, functionsFromText } from './index.ts';

const wabt = await wabtInit();
const SIGNATURES = [{ params: ['i32'], results: ['i32'] }] as const;

const TEXT = `
  ;; Sums what the table's first function makes of n, n - 1, ... 1.
  (func $sum (param $n i32) (result i32) (local $all i32) (local $wide i64)
    block $done
      loop $turn
        local.get $n i32.eqz br_if $done
        local.get $all
        local.get $n i32.const 0 call_indirect (type $unary)
        i32.add local.set $all
        local.get $n call $less local.set $n
        br $turn
      end
    end
    i64.const -5 local.set $wide
    i32.const 8 local.get $all i32.atomic.store offset=40
    local.get $all
  )
  (func $less (param $n i32) (result i32)
    local.get $n i32.const -1 i32.add
    local.get $n
    if
      local.get $n drop
    else
      unreachable
    end
  )`;

test('text becomes what wabt makes of it, and runs', () => {
  const functions = functionsFromText(TEXT, ['unary']);
  const ours = encodeModule(functions, { min: 1 }, { min: 1, signatures: SIGNATURES });
  const exported = TEXT.replace(/\(func \$(\w+)/g, '(func $$$1 (export "$1")');
  const whole = `(module (type $unary (func (param i32) (result i32)))
    (import "env" "memory" (memory 1)) (import "env" "table" (table 1 funcref)) ${exported})`;
  const module = wabt.parseWat('test.wat', whole, { threads: true });
  expect(ours).toEqual(module.toBinary({}).buffer);

  const memory = new WebAssembly.Memory({ initial: 1 });
  const table = new WebAssembly.Table({ initial: 1, element: 'anyfunc' });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(ours), {
    env: { memory, table },
  });
  table.set(0, exports.less as () => void);
  expect((exports.sum as (n: number) => number)(4)).toBe(6);
  expect(new Int32Array(memory.buffer)[12]).toBe(6);
});

test.each([
  ['local.get $b', /nothing is named '\$b'/],
  ['block $a br $b end', /nothing is named '\$b'/],
  ['call_indirect (type $none)', /nothing is named/],
  ['block $a', /no end/],
  ['end', /too many/],
  ['i32.plus', /i32.plus/],
  ['f32.const 1', /no f32/],
])('%s throws', (body, message) => {
  expect(() => functionsFromText(`(func $f (param $a i32)\n ${body})`, [])).toThrow(message);
  expect(() => functionsFromText('(func $f\n nop', [])).toThrow(/not closed/);
});
