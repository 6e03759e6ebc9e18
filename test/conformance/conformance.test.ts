import { describe, expect, test } from 'vitest';
import { ops } from '../../src/ir/index.ts';
import { cases } from './cases.ts';
import { both, type Case, compare, graphOfCase } from './harness.ts';

const families = new Map<string, Case[]>();
for (const c of cases) {
  const family = c.name.split(' ')[0];
  families.set(family, [...(families.get(family) ?? []), c]);
}

describe('every op agrees with the reference', () => {
  for (const [family, list] of families) {
    test(`${family} (${list.length} cases)`, () => {
      const failures: string[] = [];
      for (const c of list) {
        try {
          const { actual, expected } = both(c);
          expect(actual).toHaveLength(expected.length);
          actual.forEach((t, i) => {
            const message = compare(c, t, expected[i]);
            if (message !== null) failures.push(`${c.name}: ${message}`);
          });
        } catch (e) {
          failures.push(`${c.name}: ${(e as Error).stack?.slice(0, 600)}`);
        }
      }
      expect(failures.slice(0, 8)).toEqual([]);
    });
  }

  test('no op is left out', () => {
    const seen = new Set<string>();
    for (const c of cases) for (const n of graphOfCase(c).nodes) seen.add(n.def.name);
    // Choices and loops take functions: src/compile/control/ tests them.
    const missing = [...ops.values()]
      .filter(({ name, lower }) => !seen.has(name) && lower?.kind !== 'regions')
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('test.'));
    // Gradients run in the gradient checks; `alias` is where a transform begins.
    expect(missing.filter((name) => !/Grad$|^alias$/.test(name))).toEqual([]);
  });
});
