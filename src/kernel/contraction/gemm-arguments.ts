/** What the matrix schedules' kernels have in common: arguments and the loops over batches. */
import { bytesOf } from '../../base/index.ts';
import type { KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import { Arguments, numberElem, type Params } from './arguments.ts';
import { EpilogueCode } from './epilogue-code.ts';
import type { Problem } from './problem.ts';

export interface GemmArguments {
  readonly args: Arguments;
  readonly epilogue: EpilogueCode | undefined;
  /** dtype, batch rank, stride classes, epilogue and ISA. */
  readonly key: string;
}

export function gemmArguments(p: Problem, info: TargetInfo): GemmArguments {
  const bytes = bytesOf(p.dtype);
  const args = new Arguments().pointer('a', p.a).pointer('b', p.b).pointer('c', p.out);
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);
  for (const [d, dim] of p.batch.entries()) {
    args.indices({
      [`batch.${d}`]: dim.size,
      [`a.${d}`]: dim.a * bytes,
      [`b.${d}`]: dim.b * bytes,
      [`c.${d}`]: dim.out * outBytes,
    });
  }
  args.indices({
    m: p.m.size,
    n: p.n.size,
    k: p.k.size,
    unrolled: p.k.size - (p.k.size % 4),
    'a.m': p.m.a * bytes,
    'a.k': p.k.a * bytes,
    'b.n': p.n.b * bytes,
    'b.k': p.k.b * bytes,
    'c.m': p.m.out * outBytes,
    'c.n': p.n.out * outBytes,
  });
  const dims = [...p.batch, p.m, p.n];
  const epilogue =
    p.epilogue === null
      ? undefined
      : new EpilogueCode(
          p.epilogue,
          p.epilogue.operands.map((_, x) => dims.map((d) => d.extra[x])),
          p.dtype,
          args,
        );
  const elem = numberElem(p.dtype);
  return { args, epilogue, key: `${elem} b${p.batch.length} [${epilogue?.key ?? ''}] ${info.isa}` };
}

export interface BatchStart {
  readonly a: Reg;
  readonly b: Reg;
  readonly c: Reg;
  /** The batch indices, outermost first. */
  readonly outer: readonly Reg[];
}

/** The operands' and the result's first element in a batch. */
export function batchStart(b: KernelBuilder, params: Params, outer: readonly Reg[]): BatchStart {
  const place = (name: 'a' | 'b' | 'c'): Reg =>
    outer.reduce(
      (pointer, index, d) => b.add(pointer, b.mul(index, params(`${name}.${d}`))),
      params(name),
    );
  return { a: place('a'), b: place('b'), c: place('c'), outer };
}
