/** Kernel IR to machine IR: control by the selector, values by lanes. */
import type { Kernel, Reg } from '../../kernel/index.ts';
import { AVX2 } from './avx2.ts';
import { AVX512 } from './avx512.ts';
import type { Isa } from './isa-code.ts';
import type { MNode } from './machine.ts';
import { scalarTest, selectScalar } from './scalar-code.ts';
import { type ConstantPool, Selector, type Simple, type ValueCode } from './selector.ts';
import { selectVector } from './vector-code.ts';

const CODE: ValueCode = {
  value(s, inst, dst) {
    if (isVector(inst, dst)) selectVector(s, inst);
    else selectScalar(s, inst);
  },
  test: scalarTest,
};

/** Whether an instruction takes or gives lanes. */
function isVector(inst: Simple, dst: Reg | undefined): boolean {
  if (dst === undefined) return inst.op === 'store' && inst.value.type.lanes > 1;
  return dst.type.lanes > 1 || takesLanes(inst);
}

const takesLanes = (inst: Simple): boolean =>
  (inst.op === 'extract' || inst.op === 'horizontal') && inst.a.type.lanes > 1;

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
