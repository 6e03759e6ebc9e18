/** Kernel IR to machine IR: control by the selector, values by lanes. */
import type { Kernel } from '../../kernel/index.ts';
import { AVX2 } from './avx2.ts';
import { AVX512 } from './avx512.ts';
import type { Isa } from './isa-code.ts';
import type { MNode } from './machine.ts';
import { scalarTest, selectScalar } from './scalar-code.ts';
import { type ConstantPool, Selector, type Simple, type ValueCode } from './selector.ts';
import { selectVector } from './vector-code.ts';

const CODE: ValueCode = {
  value: (s, inst) => (isVector(inst) ? selectVector(s, inst) : selectScalar(s, inst)),
  test: scalarTest,
};

/** Whether an instruction takes or gives lanes. */
function isVector(inst: Simple): boolean {
  if ('dst' in inst) return inst.dst.type.lanes > 1 || ('a' in inst && inst.a.type.lanes > 1);
  return inst.op === 'store' && inst.value.type.lanes > 1;
}

/** `pool` keeps a constant with the code and tells its label. */
export function select(kernel: Kernel, pool: ConstantPool, isa: Isa): Selected {
  const selector = new Selector(kernel, pool, CODE, isa === 'avx2' ? AVX2 : AVX512);
  const body = selector.kernel();
  return { body, tiled: selector.tiled };
}

export interface Selected {
  readonly body: readonly MNode[];
  /** Whether it reads what it was called with: tiles or thread. */
  readonly tiled: boolean;
}
