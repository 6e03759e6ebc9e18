/** What optimisers share: groups of parameters, their state, and the order of a step. */
import { formatShape, given, ShapeError, sameShape, ValueError } from '../base/index.ts';
import { ADD, interpreter } from '../ir/index.ts';
import { changed, noGrad, recording, Tensor, tensor, zeros } from '../tensor/index.ts';
import { checkParams, type Params } from './check-params.ts';
import { type Hyper, stateCell } from './hyper.ts';

/** A parameter and the tensors an optimiser keeps for it (moments), in the order of their names. */
export interface Slot {
  readonly param: Tensor;
  readonly state: readonly Tensor[];
}

/**
 * Parameters that have had the same number of steps, which is counted once for all. One without a
 * gradient sits a step out, and then counts for itself.
 */
interface Cohort {
  /** 0-d float64 cell. */
  readonly steps: Tensor;
  readonly slots: readonly Slot[];
}

/** Parameters with the same settings. */
export class Group<Name extends string = string> {
  readonly params: readonly Tensor[];
  /** The settings, by name. @internal */
  readonly hypers: Readonly<Record<Name, Hyper>>;
  /** Names of the state tensors of each parameter. @internal */
  readonly stateNames: readonly string[];
  /** @internal */
  cohorts: readonly Cohort[];

  /** @internal */
  constructor(
    params: readonly Tensor[],
    hypers: Readonly<Record<Name, Hyper>>,
    stateNames: readonly string[],
  ) {
    this.params = params;
    this.hypers = hypers;
    this.stateNames = stateNames;
    const slots = params.map((param) => ({
      param,
      state: stateNames.map(() =>
        stateCell(zeros(param.shape, { dtype: param.dtype, device: param.device })),
      ),
    }));
    this.cohorts = [{ steps: stateCell(tensor(0, { dtype: 'float64' })), slots }];
  }

  /** The learning rate of this group. */
  get lr(): number {
    return this.get('lr' as Name);
  }

  set lr(value: number) {
    this.set('lr' as Name, value);
  }

  get(name: Name): number {
    return this.hypers[name].value;
  }

  /** Throws ValueError for a value that makes no sense. */
  set(name: Name, value: number): void {
    this.hypers[name].value = value;
  }

  /** The cell of a setting, to compute with. @internal */
  cell(name: Name): Tensor {
    return this.hypers[name].cell;
  }
}

/**
 * The base of optimisers. Settings that a schedule may change, moments and the count of steps are
 * cells made in the constructor: nothing is baked into a compiled step.
 */
export abstract class Optimizer<Name extends string = string> {
  /** One for each group given; `opt.groups[1].lr = 1e-4` changes one alone. */
  readonly groups: readonly Group<Name>[];
  private readonly op: string;
  /** What errors call each parameter. */
  private readonly labels: ReadonlyMap<Tensor, string>;

  protected constructor(
    op: string,
    params: Params<Readonly<Record<string, unknown>>>,
    known: readonly string[],
    makeGroup: (params: readonly Tensor[], options: Record<string, unknown>) => Group<Name>,
  ) {
    const checked = checkParams(op, params, known);
    this.op = op;
    this.labels = new Map(
      checked.flatMap((g) => g.params.map((p, i) => [p, g.labels[i]] as const)),
    );
    this.groups = checked.map((g) => makeGroup(g.params, g.options));
  }

  /** The learning rate; setting it sets that of every group. Throws ValueError below 0 or for NaN. */
  get lr(): number {
    return this.groups[0].lr;
  }

  set lr(value: number) {
    for (const group of this.groups) group.lr = value;
  }

  /** Forgets the gradient of every parameter. */
  zeroGrad(): void {
    for (const group of this.groups) for (const p of group.params) p.grad = null;
  }

  /**
   * Changes every parameter that has a gradient, in place; the others keep value and state.
   *
   * Throws ShapeError for a gradient that was set by hand and has another shape, ValueError for one
   * that is no tensor; then nothing has changed.
   */
  step(): void {
    for (const group of this.groups) for (const p of group.params) this.checkGradient(p);
    noGrad(() => {
      for (const group of this.groups) for (const c of group.cohorts) this.advance(group, c);
    });
    const recorded = recording();
    if (recorded === null) return;
    for (const group of this.groups) {
      for (const p of group.params) recorded.spend(p);
      recorded.watch(group, 'which parameters take a step', () => group.cohorts);
    }
  }

  private advance(group: Group<Name>, cohort: Cohort): void {
    const active = cohort.slots.filter((s) => s.param.grad !== null);
    if (active.length === 0) return;
    if (active.length < cohort.slots.length) {
      const before = group.cohorts;
      changed(() => {
        group.cohorts = before;
      });
      outside([cohort.steps], () => split(group, cohort, active));
    }
    interpreter().update(ADD, [cohort.steps, 1], null, [cohort.steps]);
    this.update(group, active, cohort.steps);
  }

  private checkGradient(param: Tensor): void {
    const { grad } = param;
    if (grad === null) return;
    const what = `the gradient of ${this.labels.get(param)}`;
    if (!(grad instanceof Tensor)) {
      throw new ValueError({
        op: `${this.op}.step`,
        problem: `${what} is ${given(grad)}, not a tensor`,
        remedy: 'set p.grad to a tensor of the shape of p, or to null',
      });
    }
    if (sameShape(grad.shape, param.shape)) return;
    throw new ShapeError({
      op: `${this.op}.step`,
      problem: `${what} has another shape`,
      operands: [grad, param],
    });
  }

  /** One step, number `steps` (0-d float64, from 1), for parameters that all have a gradient. */
  protected abstract update(group: Group<Name>, slots: readonly Slot[], steps: Tensor): void;

  /**
   * Moments, counts of steps and settings by name (`0.expAvg`, `0.step`, `groups.0.lr`), parameters
   * being numbered in order. The tensors keep the values of now.
   */
  stateDict(): Record<string, Tensor> {
    const out: Record<string, Tensor> = {};
    for (const [name, cell] of this.cells()) out[name] = cell.detach();
    return out;
  }

  /**
   * Goes on from what `stateDict` gave. Throws ValueError that lists names which do not match,
   * ShapeError for parameters of other shapes; then nothing has changed.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const op = `${this.op}.loadStateDict`;
    checkState(op, state);
    for (const group of this.groups) separate(group);
    const cells = this.cells();
    const missing = [...cells.keys()].filter((name) => !Object.hasOwn(state, name));
    const unexpected = Object.keys(state).filter((name) => !cells.has(name));
    if (missing.length + unexpected.length > 0) {
      throw new ValueError({
        op,
        problem: `names do not match; missing: ${missing.join(', ') || 'none'}; unexpected: ${unexpected.join(', ') || 'none'}`,
        remedy: 'make the optimiser with the same kind of settings for the same parameters',
      });
    }
    for (const [name, cell] of cells) {
      if (sameShape(cell.shape, state[name].shape)) continue;
      throw new ShapeError({
        op,
        problem: `${name} is ${formatShape(cell.shape)} here and ${formatShape(state[name].shape)} in the state`,
      });
    }
    for (const [name, cell] of cells) cell.assign(state[name]);
    for (const group of this.groups) unite(group);
  }

  private cells(): Map<string, Tensor> {
    const out = new Map<string, Tensor>();
    const all = this.groups.flatMap((group) =>
      group.params.map((param) => ({ group, param, cohort: cohortOf(group, param) })),
    );
    all.forEach(({ group, param, cohort }, i) => {
      const slot = cohort.slots.find((s) => s.param === param) as Slot;
      out.set(`${i}.step`, cohort.steps);
      group.stateNames.forEach((name, k) => out.set(`${i}.${name}`, slot.state[k]));
    });
    this.groups.forEach((group, g) => {
      for (const name of Object.keys(group.hypers) as Name[]) {
        out.set(`groups.${g}.${name}`, group.cell(name));
      }
    });
    return out;
  }
}

/** New cells are made of the values themselves, not of what a recorded function knows of them. */
function outside(uses: readonly Tensor[], f: () => void): void {
  const recorded = recording();
  if (recorded === null) f();
  else recorded.outside(uses, f);
}

function checkState(op: string, state: unknown): void {
  if (typeof state !== 'object' || state === null || state instanceof Tensor) {
    throw new ValueError({
      op,
      problem: `a state is an object of names and tensors, not ${given(state)}`,
      remedy: 'pass what stateDict() gave',
    });
  }
  for (const [name, value] of Object.entries(state)) {
    if (value instanceof Tensor) continue;
    throw new ValueError({
      op,
      problem: `'${name}' is ${given(value)}, not a tensor`,
      remedy: "make tensors of numbers, from JSON say: tensor(v, { dtype: 'float64' })",
    });
  }
}

const cohortOf = (group: Group, param: Tensor): Cohort =>
  group.cohorts.find((c) => c.slots.some((s) => s.param === param)) as Cohort;

const countFrom = (steps: Tensor): Tensor => stateCell(steps.add(0));

/** Those that take a step keep the cohort's count; the others get a count of their own. */
function split(group: Group, cohort: Cohort, active: readonly Slot[]): void {
  const rest = cohort.slots.filter((s) => !active.includes(s));
  group.cohorts = group.cohorts.flatMap((c) =>
    c === cohort
      ? [
          { steps: cohort.steps, slots: active },
          { steps: countFrom(cohort.steps), slots: rest },
        ]
      : [c],
  );
}

/** A count for each parameter. */
function separate(group: Group): void {
  group.cohorts = group.params.map((param) => {
    const { steps, slots } = cohortOf(group, param);
    return { steps: countFrom(steps), slots: slots.filter((s) => s.param === param) };
  });
}

/** One count for all parameters with the same one. */
function unite(group: Group): void {
  const byCount = new Map<number, Cohort>();
  for (const { steps, slots } of group.cohorts) {
    const count = steps.item();
    const before = byCount.get(count);
    byCount.set(
      count,
      before ? { steps: before.steps, slots: [...before.slots, ...slots] } : { steps, slots },
    );
  }
  group.cohorts = [...byCount.values()];
}
