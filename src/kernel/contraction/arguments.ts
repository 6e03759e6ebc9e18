/** A kernel's argument block, written once: the values for the launch, the slots for the kernel. */
import type { DType } from '../../base/index.ts';
import type { KernelBuilder } from '../builder.ts';
import type { Elem, Reg } from '../ir.ts';
import type { Arg, BufferRef } from '../launch.ts';

/** Makes a buffer that lives as long as the launches. */
export type Temp = (bytes: number) => BufferRef;

/** Elems that a contraction multiplies and adds. */
export type NumberElem = 'f32' | 'f64' | 'i32' | 'i64';

const ELEMS = { float32: 'f32', float64: 'f64', int32: 'i32', int64: 'i64' } as const;

/** The register elem of a numeric dtype. */
export function numberElem(dtype: DType): NumberElem {
  if (dtype === 'bool') throw new Error('a contraction of bool must be cast first');
  return ELEMS[dtype];
}

export const bytesOfElem = (elem: NumberElem): number => (elem === 'f64' || elem === 'i64' ? 8 : 4);

/** Argument registers of a kernel under construction, by name. */
export type Params = (name: string) => Reg;

export class Arguments {
  readonly args: Arg[] = [];
  private readonly slots: { readonly name: string; readonly elem: 'ptr' | 'index' | Elem }[] = [];

  pointer(name: string, buffer: BufferRef): this {
    return this.push(name, 'ptr', { kind: 'pointer', buffer, bytes: 0 });
  }

  index(name: string, value: number): this {
    return this.push(name, 'index', { kind: 'index', value });
  }

  /** Several `index` arguments, named by the object's keys. */
  indices(values: Readonly<Record<string, number>>): this {
    for (const [name, value] of Object.entries(values)) this.index(name, value);
    return this;
  }

  scalar(name: string, input: number, elem: NumberElem): this {
    return this.push(name, elem, { kind: 'scalar', input, elem });
  }

  /** Declares every slot, in order, at the head of a kernel. */
  declare(b: KernelBuilder): Params {
    const regs = new Map(this.slots.map(({ name, elem }) => [name, b.param(name, elem)]));
    return (name) => {
      const reg = regs.get(name);
      if (reg === undefined) throw new Error(`kernel argument ${name} is not declared`);
      return reg;
    };
  }

  private push(name: string, elem: 'ptr' | 'index' | Elem, arg: Arg): this {
    if (this.slots.some((s) => s.name === name)) {
      throw new Error(`kernel argument ${name} is declared twice`);
    }
    this.slots.push({ name, elem });
    this.args.push(arg);
    return this;
  }
}
