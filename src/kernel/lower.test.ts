import { describe, expect, it } from 'vitest';
import { specOf } from '../base/index.ts';
import { graphOf } from '../ir/index.ts';
import { ADD } from '../ir/ops/add.ts';
import { lowerGraph, WASM_TARGET, printKernel } from './index.ts';

describe('lower', () => {
  it('add', () => {
    const s = specOf('float32', [4]);
    const g = graphOf(ADD, [s, s], null, 'cpu');
    const p = lowerGraph(g, [s, s], WASM_TARGET);
    expect(p.launches.length).toBe(1);
    console.log(p.launches[0].key, p.launches[0].args, printKernel(p.launches[0].build()));
  });
});
