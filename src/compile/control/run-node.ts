/** One choice or loop run by itself, its regions by whoever asks. For `gradus/testing`. */
import { specOf } from '../../base/index.ts';
import type { Graph, GraphNode } from '../../ir/index.ts';
import { getDevice, type Slot } from '../../runtime/device.ts';
import { Tensor } from '../../tensor/index.ts';
import { freshTensor, laidOut } from '../operands.ts';
import { runnerOf } from './executable.ts';
import type { MakeExecutable } from './runner.ts';
import { copier } from './slots.ts';

/** What a region gives for these operands. */
export type RunRegion = (graph: Graph, inputs: readonly (Tensor | number)[]) => readonly Tensor[];

/** The results of a node with regions, which `region` runs. */
export function runControl(
  node: GraphNode,
  inputs: readonly (Tensor | number)[],
  name: string,
  region: RunRegion,
): readonly Tensor[] {
  const device = getDevice(name);
  const dense = ({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>) =>
    specOf(dtype, shape, undefined, name);
  const make: MakeExecutable = (graph, specs) => {
    const runAll = (outs: readonly Slot[], ins: readonly (Slot | number)[]): void => {
      const given = ins.map((x, i) =>
        typeof x === 'number' ? x : new Tensor(x.storage, x.offset, specs[i], null),
      );
      region(graph, given).forEach((t, i) => {
        if (t.numel > 0) copier(device, t.spec)(outs[i], t);
      });
    };
    const run = (): never => {
      throw new Error('regions are run by runAll');
    };
    return { outputs: graph.outputs.map(dense), inPlace: [], run, runAll };
  };
  const outs = node.outputs.map((v) => freshTensor(name, dense(v)));
  const operands = inputs.map((x) => (typeof x === 'number' ? x : laidOut(x, dense(x))));
  runnerOf(node, device, make)(outs, operands);
  return outs;
}
