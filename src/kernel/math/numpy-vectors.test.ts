/** NumPy's own validation vectors (numpy/_core/tests/data, BSD-3-Clause), where they are at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate, wasmModes } from './evaluate.test-util.ts';
import { FUNCTIONS } from './functions.test-util.ts';

const folder = resolve(process.env.GRADUS_DATA ?? '../shared/data', 'numpy-vectors');
const fileOf = (name: string): string => resolve(folder, `umath-validation-set-${name}.csv`);

/** Rows are dtype, input and correctly rounded output in hexadecimal, tolerance. */
function readRows(name: string, dtype: string): (readonly [bigint, bigint])[] {
  return readFileSync(fileOf(name), 'utf8')
    .split('\n')
    .map((line) => line.trim().split(','))
    .filter((cells) => cells[0] === dtype)
    .map((cells) => [BigInt(cells[1]), BigInt(cells[2])] as const);
}

function floats(bits: readonly bigint[], width: 32 | 64): Float32Array | Float64Array {
  return width === 32
    ? new Float32Array(Uint32Array.from(bits, Number).buffer)
    : new Float64Array(BigUint64Array.from(bits).buffer);
}

/** Floats in order as integers, so that a difference counts the steps between them. */
function ordinals(xs: Float32Array | Float64Array): bigint[] {
  const narrow = xs instanceof Float32Array;
  const ints = narrow
    ? Array.from(new Int32Array(xs.buffer), BigInt)
    : Array.from(new BigInt64Array(xs.buffer));
  const least = narrow ? -(2n ** 31n) : -(2n ** 63n);
  return ints.map((i) => (i < 0n ? least - i : i));
}

describe("NumPy's validation vectors, within 2 steps", () => {
  for (const f of FUNCTIONS.filter((f) => f.name !== 'erf')) {
    it(`${f.name}`, (context) => {
      if (!existsSync(fileOf(f.name))) context.skip(`no ${fileOf(f.name)}: set GRADUS_DATA`);
      for (const width of [32, 64] as const) {
        const rows = readRows(f.name, `np.float${width}`);
        if (rows.length === 0) continue;
        const xs = floats(
          rows.map((r) => r[0]),
          width,
        );
        const want = floats(
          rows.map((r) => r[1]),
          width,
        );
        const limit = f.limit[width === 32 ? 0 : 1];
        for (const mode of wasmModes()) {
          const got = evaluate(f.fn, mode, 128 / width, xs);
          const ordered = ordinals(got);
          const steps = ordinals(want).map((o, i) => o - ordered[i]);
          for (let i = 0; i < xs.length; i++) {
            const label = `${f.name}(${xs[i]}) is ${want[i]}, got ${got[i]}, ${mode.name}`;
            if (Number.isNaN(want[i])) expect(got[i], `${label}`).toBeNaN();
            else if (Math.abs(xs[i]) > limit)
              expect(Math.abs(got[i]), `${label}`).toBeLessThanOrEqual(1);
            else expect(steps[i] >= -2n && steps[i] <= 2n, `${label}`).toBe(true);
          }
        }
      }
    });
  }
});
