/**
 * A program, not a test: runs one kernel on guarded memory that is a byte short where argv says, as
 * a kernel would find it that goes a byte too far, and prints 'ran'.
 */
import { specOf } from '../../src/base/index.ts';
import { add, matmul, record, sum } from '../../src/ir/index.ts';
import type { GuardedEnd } from '../../src/runtime/cpu/guarded-memory.test-util.ts';
import { guardedDevice } from './guarded-device.ts';

const [, , op, short, end] = process.argv;
const { device, memory } = guardedDevice(end as GuardedEnd, 2);
if (short === 'temporary') {
  // Each thread has a part of its own, of which a test cannot say who takes it.
  const scratch = memory.scratch.bind(memory);
  memory.scratch = (t) => scratch({ ...t, tempSizes: t.tempSizes.map((n) => n >> 2) });
}

const GRAPHS = {
  add: [[1003], [1003], (x, y) => add(x, y)],
  sum: [[17, 131], [1], (x) => sum(x, 0)],
  matmul: [[67, 130], [130, 71], (x, y) => matmul(x, y)],
} satisfies Record<string, [number[], number[], Parameters<typeof record>[1]]>;
const [left, right, run] = GRAPHS[op as keyof typeof GRAPHS];
const specs = [left, right].map((shape) => specOf('float32', shape));
const executable = device.compile(record('test', run, specs, 'cpu'), specs);
/** Room for so many elements; a byte less at the end that has a guard, if that is asked for. */
const slot = (name: string, n: number) => {
  const less = short === name ? 1 : 0;
  const storage = device.allocate(4 * n - less);
  return { storage, offset: end === 'start' ? -less : 0 };
};
const numel = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const inputs = [slot('operand', numel(left)), slot('second', numel(right))];
const outputs = executable.outputs.map((s) => slot('result', s.numel));
executable.runAll(outputs, inputs);
if (short === 'canary') {
  // What no guard sees: the other end of the page.
  const { storage } = outputs[0];
  const { buffer, offset, bytes } = storage.handle as {
    buffer: ArrayBuffer;
    offset: number;
    bytes: number;
  };
  new Uint8Array(buffer)[end === 'end' ? offset - 1 : offset + bytes] = 7;
}
memory.check();
console.log('ran');
