/** Einstein summation in terms of permute, matmul and sum. */
import { given, numelOf, type Shape, ShapeError, ValueError } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { checkTensor } from './options.ts';
import type { Tensor } from './tensor.ts';

/** A value whose dimensions have names. */
interface Named {
  readonly value: ops.Value;
  readonly labels: string;
}

/**
 * Sums of products over named dimensions: each operand's dimensions are letters, those missing
 * from the output are summed over. Without `->` the output has the letters that occur once, in
 * alphabetical order. Operands are contracted from left to right.
 *
 * Throws ShapeError if the letters do not fit the operands. A letter twice in one operand (a
 * diagonal) and `...` are not supported.
 *
 * @example
 * einsum('bij,bjk->bik', x, y); // a batched matrix product
 * einsum('i,i', u, v); // a dot product
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const { inputs, output } = parse(equation, operands);
  let left = inputs[0];
  for (let i = 1; i < inputs.length; i++) {
    const later =
      output +
      inputs
        .slice(i + 1)
        .map((x) => x.labels)
        .join('');
    left = contract(left, inputs[i], later);
  }
  return arrange(reduce(left, output), output).value as Tensor;
}

function fail(equation: string, problem: string, operands: readonly Tensor[] = []): never {
  throw new ShapeError({ op: 'einsum', problem: `'${equation}': ${problem}`, operands });
}

function parse(equation: string, operands: readonly Tensor[]): { inputs: Named[]; output: string } {
  if (typeof equation !== 'string') {
    throw new ValueError({
      op: 'einsum',
      problem: `the equation is a string, not ${given(equation)}`,
      remedy: "write einsum('ij,jk->ik', a, b)",
    });
  }
  const [left, right, more] = equation.replaceAll(/\s/g, '').split('->');
  const terms = left.split(',');
  if (more !== undefined) fail(equation, "more than one '->'");
  if (!/^[A-Za-z,]*$/.test(left) || !/^[A-Za-z]*$/.test(right ?? '')) {
    fail(equation, "dimensions are letters, separated by ',' and '->'; '...' is not supported");
  }
  if (terms.length !== operands.length) {
    fail(equation, `${terms.length} terms for ${operands.length} operands`, operands);
  }
  const sizes = new Map<string, number>();
  const inputs = terms.map((labels, i): Named => {
    const value = checkTensor('einsum', operands[i]);
    if (new Set(labels).size !== labels.length) {
      fail(equation, `'${labels}' repeats a letter, which is not supported`, operands);
    }
    if (labels.length !== value.rank) {
      fail(equation, `'${labels}' names ${labels.length} of ${value.rank} dimensions`, operands);
    }
    for (const [d, label] of [...labels].entries()) {
      const before = sizes.get(label) ?? value.shape[d];
      if (before !== value.shape[d]) {
        fail(equation, `'${label}' is ${before} here and ${value.shape[d]} there`, operands);
      }
      sizes.set(label, before);
    }
    return { value, labels };
  });
  const all = terms.join('');
  const once = [...sizes.keys()].filter((l) => all.indexOf(l) === all.lastIndexOf(l));
  const output = right ?? once.sort().join('');
  if (new Set(output).size !== output.length) fail(equation, 'the output repeats a letter');
  for (const l of output) if (!sizes.has(l)) fail(equation, `no operand has '${l}'`);
  return { inputs, output };
}

/** Sums over the dimensions that `keep` does not have. */
function reduce(x: Named, keep: string): Named {
  const dims = [...x.labels].flatMap((l, d) => (keep.includes(l) ? [] : [d]));
  if (dims.length === 0) return x;
  const labels = [...x.labels].filter((l) => keep.includes(l)).join('');
  return { value: ops.sum(x.value, dims), labels };
}

function arrange(x: Named, labels: string): Named {
  const order = [...labels].map((l) => x.labels.indexOf(l));
  return { value: ops.permute(x.value, order), labels };
}

/** The product of two, summed over what no one needs later. */
function contract(a: Named, b: Named, later: string): Named {
  const x = reduce(a, later + b.labels);
  const y = reduce(b, later + a.labels);
  const shared = [...x.labels].filter((l) => y.labels.includes(l));
  const batch = shared.filter((l) => later.includes(l)).join('');
  const inner = shared.filter((l) => !later.includes(l)).join('');
  const own = (labels: string) => [...labels].filter((l) => !shared.includes(l)).join('');
  const [m, n] = [own(x.labels), own(y.labels)];
  const left = grouped(x, [batch, m, inner]);
  const right = grouped(y, [batch, inner, n]);
  // Nothing to sum over: an outer product, exact in every dtype.
  const product =
    inner === '' ? ops.mul(left.value, right.value) : ops.matmul(left.value, right.value);
  const labels = batch + m + n;
  const shape = [...left.sizes(batch), ...left.sizes(m), ...right.sizes(n)];
  return { value: ops.reshape(product, shape), labels };
}

/** Dimensions gathered into one for each group. */
function grouped(x: Named, groups: readonly string[]) {
  const { value } = arrange(x, groups.join(''));
  const sizes = (labels: string): Shape =>
    [...labels].map((l) => x.value.shape[x.labels.indexOf(l)]);
  return {
    value: ops.reshape(
      value,
      groups.map((g) => numelOf(sizes(g))),
    ),
    sizes,
  };
}
