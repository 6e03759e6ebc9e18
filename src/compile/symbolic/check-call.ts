/** What a graph is called with, against its placeholders. */
import { DtypeError, formatShape, GraphError, given, ShapeError } from '../../base/index.ts';
import { Tensor } from '../../tensor/index.ts';
import type { Origin } from './tracer.ts';

type Placeholder = Extract<Origin, { kind: 'placeholder' }>;

/** The open sizes of a call. Throws if an argument does not fit its placeholder. */
export function sizesOf(
  name: string,
  inputs: readonly (Placeholder & { readonly dtype: string })[],
  args: readonly unknown[],
): Map<string, number> {
  if (args.length !== inputs.length) {
    throw new GraphError({
      op: name,
      problem: `takes ${inputs.length} tensors, not ${args.length}`,
      remedy: `call it as ${name}(${inputs.map((x) => x.name).join(', ')})`,
    });
  }
  const sizes = new Map<string, { readonly n: number; readonly by: string }>();
  inputs.forEach((input, i) => {
    const t = args[i];
    if (!(t instanceof Tensor)) {
      throw new DtypeError({
        op: name,
        problem: `${input.name} is ${given(t)}, not a tensor`,
        remedy: 'wrap numbers and arrays with tensor(...)',
      });
    }
    if (t.dtype !== input.dtype) {
      throw new DtypeError({
        op: name,
        problem: `${input.name} is ${input.dtype}, and was given ${t.dtype}`,
        operands: [t],
        remedy: `convert it: x.to('${input.dtype}')`,
      });
    }
    const wanted = `[${input.shape.join(', ')}]`;
    const misfit = (problem: string): ShapeError =>
      new ShapeError({
        op: name,
        problem: `${input.name} is ${wanted}, ${problem}`,
        operands: [t],
      });
    if (t.rank !== input.shape.length) throw misfit(`and was given ${formatShape(t.shape)}`);
    input.shape.forEach((size, d) => {
      const n = t.shape[d];
      if (typeof size === 'number') {
        if (n !== size) throw misfit(`and dimension ${d} is ${n}, not ${size}`);
        return;
      }
      const known = sizes.get(size);
      if (known === undefined) sizes.set(size, { n, by: input.name });
      else if (known.n !== n) {
        throw misfit(`and ${size} is ${n} in dimension ${d}, but ${known.n} in ${known.by}`);
      }
    });
  });
  return new Map([...sizes].map(([size, { n }]) => [size, n]));
}
