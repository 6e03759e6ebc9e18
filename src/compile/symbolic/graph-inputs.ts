/** The inputs of a symbolic graph: placeholders, then what it captured. */
import { GraphError, isFloat } from '../../base/index.ts';
import { Tensor } from '../../tensor/index.ts';
import type { Collected } from './collect.ts';
import type { InputLabel } from './op-graph.ts';
import { standIn } from './sizes.ts';
import type { Origin } from './tracer.ts';

/** Open sizes as they are while a graph is built. */
export const STAND_INS = { get: standIn } as unknown as ReadonlyMap<string, number>;

/** What the graph reads of its own. */
export const capturedOf = ({ origins }: Collected): Tensor[] =>
  origins.flatMap((o) => (o.kind === 'captured' ? [o.tensor] : []));

/** All that it takes, in the order of its inputs. */
export const inputsOf = (collected: Collected, placeholders: readonly Tensor[]): Tensor[] => [
  ...placeholders,
  ...capturedOf(collected),
];

/** Which input a tensor is, to differentiate by. */
export function placeOf(op: string, inputs: readonly Tensor[], t: Tensor, i: number): number {
  const place = inputs.indexOf(t);
  if (place >= 0 && isFloat(t.dtype)) return place;
  throw new GraphError({
    op,
    problem:
      place < 0
        ? `tensor ${i} is neither a placeholder nor a parameter of the graph`
        : `tensor ${i} is ${t.dtype}: only float tensors have gradients`,
    operands: t instanceof Tensor ? [t] : [],
    remedy: 'pass what the graph was built from',
  });
}

/** What inputs are called. */
export function labels(origins: readonly Origin[]): InputLabel[] {
  const counts = { parameter: 0, buffer: 0, constant: 0 };
  return origins.map((o) => {
    if (o.kind === 'placeholder') return { name: o.name, kind: 'argument' };
    const { cell, requiresGrad } = o.tensor;
    const kind = !cell ? 'constant' : requiresGrad ? 'parameter' : 'buffer';
    return { name: `${kind}${++counts[kind]}`, kind };
  });
}
