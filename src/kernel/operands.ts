/** What an instruction reads and assigns, for passes and targets. */
import type { Address, Inst, Reg } from './ir.ts';

export const addressOperands = (addr: Address): Reg[] =>
  addr.index === undefined ? [addr.base] : [addr.base, addr.index];

/**
 * Registers that an instruction itself reads, in order. Of a loop, that is its bounds and initial
 * values, of a branch its condition: what their bodies read and give back is not included.
 */
export function operandsOf(inst: Inst): Reg[] {
  switch (inst.op) {
    case 'param':
      return inst.from === undefined ? [] : [inst.from];
    case 'const':
    case 'tile':
    case 'lanes':
      return [];
    case 'unary':
    case 'convert':
    case 'bitcast':
    case 'splat':
    case 'extract':
    case 'horizontal':
      return [inst.a];
    case 'binary':
    case 'compare':
    case 'zip':
    case 'unzip':
      return [inst.a, inst.b];
    case 'fma':
      return [inst.a, inst.b, inst.c];
    case 'select':
      return [inst.mask, inst.a, inst.b];
    case 'edge':
      return [inst.count];
    case 'load':
      return [...addressOperands(inst.addr), ...(inst.mask === undefined ? [] : [inst.mask])];
    case 'store':
      return [
        ...addressOperands(inst.addr),
        inst.value,
        ...(inst.mask === undefined ? [] : [inst.mask]),
      ];
    case 'prefetch':
      return addressOperands(inst.addr);
    case 'loop':
      return [inst.from, inst.to, ...inst.carried.map((c) => c.init)];
    case 'if':
      return [inst.cond];
    case 'fault':
      return [inst.cond, inst.position];
  }
}

/** Whether the instruction only computes its `dst` from its operands: no memory, no control. */
export function isPure(inst: Inst): boolean {
  return 'dst' in inst && inst.op !== 'load';
}
