/** Runs loops whose test is read at each turn, and their gradients. */
import {
  type GraphNode,
  isTrue,
  type WhileGradAttrs,
  type WhileLoopAttrs,
} from '../../ir/index.ts';
import type { Device, Slot } from '../../runtime/device.ts';
import { copiers, type MakeExecutable, RunnableRegion, type Runner, unused } from './runner.ts';
import { byteLength, History, Places } from './slots.ts';

/** Reads what a test of a state gives. */
function testRunner(node: GraphNode, device: Device, make: MakeExecutable) {
  const [graph] = node.regions;
  const test = new RunnableRegion(graph, device, make);
  const [{ dtype }] = graph.outputs;
  const place = { storage: device.allocate(16), offset: 0 };
  return (ins: readonly (Slot | number)[]): boolean => {
    test.run([place], ins);
    return isTrue(device.read(test.result(0, [place], ins), dtype, 1)[0]);
  };
}

export function whileRunner(node: GraphNode, device: Device, make: MakeExecutable): Runner {
  const { states } = node.attrs as WhileLoopAttrs;
  const goesOn = testRunner(node, device, make);
  const body = new RunnableRegion(node.regions[1], device, make);
  const copy = copiers(device, body.specs);
  const places = new Places(device);
  return (outs, ins) => {
    const constants = ins.slice(states);
    const own: Slot[][] = body.computed.map(() => []);
    let state = ins.slice(0, states) as Slot[];
    let kept = 0;
    try {
      for (;;) {
        const now = [...state, ...constants];
        if (!goesOn(now)) break;
        const targets = body.computed.map((spec, k) =>
          unused(own[k], state, () => places.get(kept++, byteLength(spec))),
        );
        body.run(targets, now);
        state = state.map((_, i) => body.result(i, targets, now));
      }
      outs.forEach((to, i) => {
        if (to !== null) copy(i, to, state[i]);
      });
    } finally {
      places.end();
    }
  };
}

export function whileGradRunner(node: GraphNode, device: Device, make: MakeExecutable): Runner {
  const { states, seeds } = node.attrs as WhileGradAttrs;
  const goesOn = testRunner(node, device, make);
  const [body, back] = node.regions.slice(1).map((g) => new RunnableRegion(g, device, make));
  const copy = copiers(device, back.specs);
  const places = new Places(device);
  const turnsOf = (ins: readonly (Slot | number)[], constants: readonly (Slot | number)[]) => {
    const history = body.computed.map((spec) => new History(places, spec));
    const turns: Slot[][] = [];
    let state = ins.slice(0, states) as Slot[];
    for (;;) {
      const now = [...state, ...constants];
      if (!goesOn(now)) return turns;
      turns.push(state);
      const targets = history.map((h) => h.at(turns.length - 1));
      body.run(targets, now);
      state = state.map((_, i) => body.result(i, targets, now));
    }
  };
  return (outs, ins) => {
    const constants = ins.slice(states, ins.length - seeds);
    const own: Slot[][] = back.computed.map(() => []);
    let kept = 0;
    try {
      const turns = turnsOf(ins, constants);
      let gradients = ins.slice(ins.length - seeds) as Slot[];
      for (let t = turns.length - 1; t >= 0; t--) {
        const now = [...turns[t], ...constants, ...gradients];
        const targets = back.computed.map((spec, k) =>
          unused(own[k], gradients, () => places.get(kept++, byteLength(spec))),
        );
        back.run(targets, now);
        gradients = gradients.map((_, i) => back.result(i, targets, now));
      }
      outs.forEach((to, i) => {
        if (to !== null) copy(i, to, gradients[i]);
      });
    } finally {
      places.end();
    }
  };
}
