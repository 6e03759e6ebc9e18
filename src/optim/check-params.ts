/** What may be given to an optimiser, checked. */
import { checkOptions, formatShape, given, isFloat, ValueError } from '../base/index.ts';
import { Tensor } from '../tensor/index.ts';

/** Parameters, or names and parameters: with names, errors tell them. */
export type ParamList = Iterable<Tensor> | Iterable<readonly [string, Tensor]>;

/** Parameters that share settings; what is left out comes from the options of all. */
export type ParamGroup<Options> = { readonly params: ParamList } & Partial<Options>;

/** A list of parameters, with or without names, or of groups of them. */
export type Params<Options> = ParamList | Iterable<ParamGroup<Options>>;

export interface CheckedParams<Options> {
  readonly params: readonly Tensor[];
  readonly options: Partial<Options>;
  /** What errors call each parameter: `'head.weight' (float32 [10, 64])`. */
  readonly labels: readonly string[];
}

/** The groups that were given, every parameter and name of an option checked. Throws ValueError. */
export function checkParams<Options extends object>(
  op: string,
  list: Params<Options>,
  known: readonly string[],
): CheckedParams<Options>[] {
  const entries = listOf(op, list);
  const grouped = entries.length > 0 && entries.every(isGroup);
  const groups = grouped
    ? (entries as ParamGroup<Options>[])
    : [{ params: entries } as unknown as ParamGroup<Options>];
  const seen = new Set<Tensor>();
  return groups.map(({ params, ...options }, g) => {
    const where = grouped ? `group ${g}, ` : '';
    checkOptions(grouped ? `${op}, group ${g}` : op, options, known);
    const members = listOf(op, params);
    if (members.length === 0) {
      throw new ValueError({
        op,
        problem: `${where}there are no parameters`,
        remedy: 'keep layers and parameters in public fields of the module: #private is not seen',
      });
    }
    const checked = members.map((p, i) => checkParam(op, p, `${where}parameter ${i}`, seen));
    return {
      params: checked.map((c) => c.param),
      labels: checked.map((c) => c.label),
      // What is undefined is left out: it must not hide the option of all groups.
      options: Object.fromEntries(
        Object.entries(options).filter(([, value]) => value !== undefined),
      ) as Partial<Options>,
    };
  });
}

const isGroup = (x: unknown): boolean =>
  typeof x === 'object' && x !== null && !(x instanceof Tensor) && 'params' in x;

function listOf(op: string, list: unknown): unknown[] {
  const wrong = (what: string, remedy: string): never => {
    throw new ValueError({ op, problem: `takes a list of parameters, not ${what}`, remedy });
  };
  if (list instanceof Tensor) return wrong('one tensor', 'put it in brackets: [w]');
  if (typeof list !== 'object' || list === null) {
    return wrong(
      given(list),
      typeof list === 'function' ? 'call it: net.parameters()' : 'pass net.parameters()',
    );
  }
  if (typeof (list as { parameters?: unknown }).parameters === 'function') {
    return wrong('a module', 'pass its parameters: net.parameters()');
  }
  if (isGroup(list)) return wrong('one group', 'put it in brackets: [{ params, lr }]');
  if (typeof (list as Iterable<unknown>)[Symbol.iterator] !== 'function') {
    return wrong(given(list), 'pass net.parameters(), or [{ params, lr }] for groups');
  }
  return [...(list as Iterable<unknown>)];
}

/** A frozen parameter is taken: it has no gradient, and sits every step out until it trains again. */
function checkParam(
  op: string,
  entry: unknown,
  place: string,
  seen: Set<Tensor>,
): { readonly param: Tensor; readonly label: string } {
  const fail = (problem: string, remedy: string): never => {
    throw new ValueError({ op, problem, remedy });
  };
  const named = Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string';
  const p: unknown = named ? entry[1] : entry;
  const name = named ? `${place}, '${entry[0]}'` : place;
  if (!(p instanceof Tensor)) {
    return fail(`${name} is ${given(p)}, not a tensor`, 'pass net.parameters()');
  }
  const label = `${name} (${p.dtype} ${formatShape(p.shape)})`;
  if (!p.cell) {
    return fail(`${label} is a plain tensor, which cannot be changed`, 'make it with Parameter(t)');
  }
  if (!isFloat(p.dtype)) {
    return fail(`${label} is no float, so it has no gradient`, "convert it: net.to('float32')");
  }
  if (seen.has(p)) {
    return fail(`${label} is listed twice`, 'give each parameter once, in one group');
  }
  seen.add(p);
  return { param: p, label };
}
