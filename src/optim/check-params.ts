/** What may be given to an optimiser, checked. */
import { formatShape, ValueError } from '../base/index.ts';
import { Tensor } from '../tensor/index.ts';

/** Parameters that share settings; what is left out comes from the options of all. */
export type ParamGroup<Options> = { readonly params: Iterable<Tensor> } & Partial<Options>;

/** A list of parameters, or of groups of them. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>>;

/** The groups that were given, every parameter checked. Throws ValueError. */
export function checkParams<Options extends object>(
  op: string,
  given: Params<Options>,
): { readonly params: readonly Tensor[]; readonly options: Partial<Options> }[] {
  const list = listOf(op, given);
  const grouped = list.length > 0 && list.every(isGroup);
  const groups = grouped
    ? (list as ParamGroup<Options>[])
    : [{ params: list } as unknown as ParamGroup<Options>];
  const seen = new Set<Tensor>();
  return groups.map(({ params, ...options }) => {
    const members = listOf(op, params);
    if (members.length === 0) {
      throw new ValueError({
        op,
        problem: 'there are no parameters',
        remedy: 'keep layers and parameters in public fields of the module: #private is not seen',
      });
    }
    members.forEach((p, i) => checkParam(op, p, i, seen));
    return { params: members as Tensor[], options: options as unknown as Partial<Options> };
  });
}

const isGroup = (x: unknown): boolean =>
  typeof x === 'object' && x !== null && !(x instanceof Tensor) && 'params' in x;

function listOf(op: string, given: unknown): unknown[] {
  const wrong = (what: string, remedy: string): never => {
    throw new ValueError({ op, problem: `takes a list of parameters, not ${what}`, remedy });
  };
  if (given instanceof Tensor) return wrong('one tensor', 'put it in brackets: [w]');
  if (typeof given !== 'object' || given === null) {
    return wrong(
      given === null ? 'null' : `a ${typeof given}`,
      typeof given === 'function' ? 'call it: net.parameters()' : 'pass net.parameters()',
    );
  }
  if (typeof (given as { parameters?: unknown }).parameters === 'function') {
    return wrong('a module', 'pass its parameters: net.parameters()');
  }
  if (isGroup(given)) return wrong('one group', 'put it in brackets: [{ params, lr }]');
  if (typeof (given as Iterable<unknown>)[Symbol.iterator] !== 'function') {
    return wrong('an object', 'pass net.parameters(), or [{ params, lr }] for groups');
  }
  return [...(given as Iterable<unknown>)];
}

function checkParam(op: string, p: unknown, i: number, seen: Set<Tensor>): void {
  const fail = (problem: string, remedy: string): never => {
    throw new ValueError({ op, problem: `parameter ${i} ${problem}`, remedy });
  };
  if (Array.isArray(p) && p[1] instanceof Tensor) {
    return fail('is a name and a tensor', 'pass net.parameters(), not namedParameters()');
  }
  if (!(p instanceof Tensor)) return fail('is not a tensor', 'pass net.parameters()');
  const what = `(${p.dtype} ${formatShape(p.shape)})`;
  if (!p.cell) {
    return fail(`${what} is a plain tensor, which cannot be changed`, 'make it with Parameter(t)');
  }
  if (!p.requiresGrad) {
    return fail(
      `${what} does not require a gradient`,
      'leave it out: net.parameters().filter((p) => p.requiresGrad)',
    );
  }
  if (seen.has(p)) return fail(`${what} is listed twice`, 'give each parameter once, in one group');
  seen.add(p);
}
