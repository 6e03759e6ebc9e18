import { GraphError, given, ValueError } from '../base/index.ts';
import { noGrad, Tensor } from '../tensor/index.ts';

/** Against division by 0, as in PyTorch. */
const EPS = 1e-6;

/**
 * Makes gradients smaller, all by one factor, where their norm `sqrt(sum(g^2))` over all parameters
 * is above `maxNorm`: `g *= min(1, maxNorm / (norm + 1e-6))`. Call it between `backward` and `step`.
 *
 * Returns the norm before, a 0-d float64 tensor: nothing is read, so that nothing waits. Parameters
 * without a gradient are left out. A norm of NaN or infinity passes on to every gradient. Throws
 * ValueError unless maxNorm is above 0, and for what is no list of tensors; GraphError when no
 * parameter has a gradient.
 *
 * Source: Pascanu et al., On the Difficulty of Training Recurrent Neural Networks, 2013, section 3.2.
 *
 * @example
 * loss.backward();
 * nn.clipGradNorm(net.parameters(), 1);
 * opt.step();
 */
export function clipGradNorm(params: Tensor | Iterable<Tensor>, maxNorm: number): Tensor {
  const op = 'nn.clipGradNorm';
  if (typeof maxNorm !== 'number' || !(maxNorm > 0)) {
    throw new ValueError({ op, problem: `maxNorm must be above 0, not ${given(maxNorm)}` });
  }
  const withGrad = listOf(op, params).filter((p) => p.grad !== null);
  if (withGrad.length === 0) {
    throw new GraphError({
      op,
      problem: 'no parameter has a gradient',
      remedy: 'call it after loss.backward() and before opt.step()',
    });
  }
  for (const { grad } of withGrad) {
    if (grad instanceof Tensor) continue;
    throw new ValueError({ op, problem: `a gradient is ${given(grad)}, not a tensor` });
  }
  return noGrad(() => {
    const squares = withGrad.map((p) => (p.grad as Tensor).square().sum().to('float64') as Tensor);
    const norm = squares.reduce((a, b) => a.add(b) as Tensor).sqrt();
    const factor = norm.add(EPS).reciprocal().mul(maxNorm).minimum(1) as Tensor;
    for (const p of withGrad) p.grad = (p.grad as Tensor).mul(factor.to(p.dtype)) as Tensor;
    return norm;
  });
}

function listOf(op: string, params: unknown): Tensor[] {
  if (params instanceof Tensor) return [params];
  const iterable = typeof (params as Iterable<unknown> | null)?.[Symbol.iterator] === 'function';
  const list = iterable && typeof params !== 'string' ? [...(params as Iterable<unknown>)] : null;
  const wrong = list === null ? params : list.find((p) => !(p instanceof Tensor));
  if (list !== null && wrong === undefined) return list as Tensor[];
  throw new ValueError({
    op,
    problem: `takes a list of parameters, not ${list === null ? '' : 'one with '}${given(wrong)}`,
    remedy: 'pass net.parameters()',
  });
}
