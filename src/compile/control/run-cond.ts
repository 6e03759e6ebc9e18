/** Runs a choice: reads the predicate, then runs the one region into the results. */
import { type GraphNode, type GraphValue, isTrue } from '../../ir/index.ts';
import type { Device, Slot } from '../../runtime/device.ts';
import { copiers, type MakeExecutable, RunnableRegion, type Runner } from './runner.ts';
import { byteLength, Places } from './slots.ts';

export function condRunner(node: GraphNode, device: Device, make: MakeExecutable): Runner {
  const [{ dtype }] = node.inputs as readonly GraphValue[];
  const [ifTrue, ifFalse] = node.regions.map((g) => new RunnableRegion(g, device, make));
  const copy = copiers(device, ifTrue.specs);
  const places = new Places(device);
  return (outs, ins) => {
    const [pred, ...operands] = ins;
    const chosen = isTrue(device.read(pred as Slot, dtype, 1)[0]) ? ifTrue : ifFalse;
    const { from, computed } = chosen;
    const targets = computed.map((spec, k) => {
      const first = from.findIndex(
        (f, i) => outs[i] !== null && 'computed' in f && f.computed === k,
      );
      return first >= 0 ? (outs[first] as Slot) : places.fresh(byteLength(spec));
    });
    try {
      chosen.run(targets, operands);
      outs.forEach((to, i) => {
        const made = chosen.result(i, targets, operands);
        if (to !== null && made !== to) copy(i, to, made);
      });
    } finally {
      places.end();
    }
  };
}
