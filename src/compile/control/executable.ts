/**
 * Graphs with choices and loops made executable. No kernel loops over kernels: JavaScript runs the
 * stretches between them, reads the predicates, and goes through the turns.
 */
import { type Spec, specOf } from '../../base/index.ts';
import type { Graph, GraphNode, GraphValue } from '../../ir/index.ts';
import {
  type CompileOptions,
  type Device,
  type Executable,
  getDevice,
  type Slot,
} from '../../runtime/device.ts';
import { runPasses } from '../passes/index.ts';
import { condRunner } from './run-cond.ts';
import { scanRunner } from './run-scan.ts';
import { whileGradRunner, whileRunner } from './run-while.ts';
import type { MakeExecutable, Runner } from './runner.ts';
import { byteLength, copier, Places } from './slots.ts';
import { hasControl, split, type Work, withDenseOperands } from './split.ts';

/** Stretches and regions are run often, always the same way. */
const WHOLE: CompileOptions = { program: true };

/** What `device.compile` gives, for graphs that may hold choices and loops. */
export function makeExecutable(
  device: string,
  graph: Graph,
  inputs: readonly Spec[],
  options: CompileOptions = {},
): Executable {
  const on = getDevice(device);
  if (!hasControl(graph)) return on.compile(graph, inputs, options);
  return new ControlExecutable(on, withDenseOperands(graph, inputs), inputs);
}

/** A piece of work, and the registers of its operands and results; -1: a result that nobody uses. */
interface Step {
  readonly run: (outs: readonly (Slot | null)[], ins: readonly (Slot | number)[]) => void;
  readonly ins: readonly number[];
  readonly outs: readonly number[];
}

type Register = Slot | number;

class ControlExecutable implements Executable {
  readonly outputs: readonly Spec[];
  /** Outputs are written where nothing else lies: a failure between stretches leaves inputs alone. */
  readonly inPlace: readonly (readonly [number, number])[] = [];
  private readonly steps: readonly Step[];
  private readonly places: Places;
  private readonly inputs: number;
  /** Registers of results that are no output: their number, and the bytes of each. */
  private readonly between: readonly { readonly register: number; readonly bytes: number }[];
  /** For each output: its register, and how it is copied from there if it is not written itself. */
  private readonly ends: readonly {
    readonly register: number;
    readonly copy: ((to: Slot, from: Slot) => void) | null;
  }[];
  private readonly registers: number;

  constructor(device: Device, graph: Graph, inputs: readonly Spec[]) {
    this.places = new Places(device);
    this.inputs = inputs.length;
    const specOfValue = (v: GraphValue): Spec => {
      const at = graph.inputs.indexOf(v);
      return at >= 0 ? inputs[at] : specOf(v.dtype, v.shape, undefined, device.name);
    };
    const work = split(graph);
    const used = new Set<GraphValue | number>(graph.outputs);
    for (const n of graph.nodes) for (const x of n.inputs) used.add(x);
    const register = new Map<GraphValue, number>(graph.inputs.map((v, i) => [v, i]));
    const between: { register: number; bytes: number }[] = [];
    const outs = (values: readonly GraphValue[]): number[] =>
      values.map((v) => {
        if (!used.has(v)) return -1;
        const r = register.size;
        register.set(v, r);
        if (!graph.outputs.includes(v))
          between.push({ register: r, bytes: byteLength(specOfValue(v)) });
        return r;
      });
    const ins = (values: readonly GraphValue[]): number[] =>
      values.map((v) => register.get(v) as number);
    this.steps = work.map((w): Step => {
      if (w.kind === 'kernels') {
        const executable = device.compile(w.graph, w.inputs.map(specOfValue), WHOLE);
        const run: Step['run'] = (o, i) => executable.runAll(o as readonly Slot[], i);
        return { run, ins: ins(w.inputs), outs: outs(w.outputs) };
      }
      return controlStep(w, device, ins, outs);
    });
    this.between = between;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device.name));
    this.ends = graph.outputs.map((v, o) => {
      const own = graph.outputs.indexOf(v) === o && v.node !== null;
      return {
        register: register.get(v) as number,
        copy: own ? null : copier(device, specOfValue(v)),
      };
    });
    this.registers = register.size;
  }

  run(out: Slot, a: Slot | null, b: Slot | null, scalarA: number, scalarB: number): void {
    const both = [a ?? scalarA, b ?? scalarB];
    this.runAll([out], both.slice(0, this.inputs));
  }

  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void {
    const now: Register[] = new Array(this.registers);
    for (let i = 0; i < inputs.length; i++) now[i] = inputs[i];
    this.ends.forEach(({ register, copy }, o) => {
      if (copy === null) now[register] = outputs[o];
    });
    try {
      this.between.forEach(({ register, bytes }, i) => {
        now[register] = this.places.get(i, bytes);
      });
      for (const { run, ins, outs } of this.steps) {
        run(
          outs.map((r) => (r < 0 ? null : (now[r] as Slot))),
          ins.map((r) => now[r]),
        );
      }
      this.ends.forEach(({ register, copy }, o) => {
        copy?.(outputs[o], now[register] as Slot);
      });
    } finally {
      this.places.end();
    }
  }
}

const RUNNERS: Readonly<
  Record<string, (node: GraphNode, device: Device, make: MakeExecutable) => Runner>
> = {
  cond: condRunner,
  whileLoop: whileRunner,
  whileLoopGrad: whileGradRunner,
  scan: scanRunner,
};

/** What runs a node with regions, which `make` makes executable. */
export const runnerOf = (node: GraphNode, device: Device, make: MakeExecutable): Runner =>
  RUNNERS[node.def.name](node, device, make);

function controlStep(
  { node }: Extract<Work, { kind: 'control' }>,
  device: Device,
  ins: (values: readonly GraphValue[]) => number[],
  outs: (values: readonly GraphValue[]) => number[],
): Step {
  const make: MakeExecutable = (graph, specs) =>
    makeExecutable(device.name, runPasses(graph), specs, WHOLE);
  const runner = runnerOf(node, device, make);
  const tensors = node.inputs.filter((x) => typeof x !== 'number');
  const places = ins(tensors);
  const numbers = node.inputs.some((x) => typeof x === 'number');
  if (!numbers) return { run: runner, ins: places, outs: outs(node.outputs) };
  // Weak scalars that passes have found to be constant.
  const run: Runner = (o, i) => {
    let next = 0;
    runner(
      o,
      node.inputs.map((x) => (typeof x === 'number' ? x : i[next++])),
    );
  };
  return { run, ins: places, outs: outs(node.outputs) };
}
