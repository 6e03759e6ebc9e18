/** The node of a loop by a test, and its gradient: the loop run again, then back. */
import { GraphError, isFloat } from '../../base/index.ts';
import { attrs, WHILE_LOOP, WHILE_LOOP_GRAD } from '../../ir/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { RegionTracer } from './region.ts';
import { pull, putOnTape, tracerNow, wantedStates, withoutTape, zerosLike } from './tape.ts';

/** A state of a loop: where it starts, what stands for it in the body, and its next value there. */
export interface State {
  readonly init: Tensor;
  readonly stand: Tensor;
  readonly out: Tensor;
}

interface WhileParts {
  readonly test: {
    readonly region: RegionTracer;
    readonly stands: readonly Tensor[];
    readonly out: Tensor;
  };
  readonly body: RegionTracer;
  readonly states: readonly State[];
}

/** Adds the node, and its place on the tape. */
export function applyWhile(parts: WhileParts): readonly Tensor[] {
  const { test, body, states } = parts;
  const own = states.map((s) => s.stand);
  const inits = states.map((s) => s.init);
  const results = states.map((s) => s.out);
  const forward = around(parts);
  const operands = [...inits, ...forward.outers];
  const outs = withoutTape(() =>
    tracerNow().apply(WHILE_LOOP, operands, attrs({ states: states.length }), [
      test.region.graph('test', test.stands, [test.out]).graph([...test.stands, ...forward.inTest]),
      body.graph('body', own, results).graph([...own, ...forward.inBody]),
    ]),
  );
  const constants = forward.outers.flatMap((t, i) =>
    t.node !== null && isFloat(t.dtype) ? [{ outer: t, stand: forward.inBody[i] }] : [],
  );
  const wanted = wantedStates(
    states,
    constants.map((c) => c.stand),
  );
  putOnTape(
    WHILE_LOOP,
    operands,
    outs,
    (o) => wanted[o],
    (grads) => {
      const changing = states.filter((_, i) => wanted[i]);
      const seeds = changing.map((s) => body.take(s.stand.spec));
      const sums = constants.map((c) => body.take(c.stand.spec));
      const seeded = [
        ...changing.map((s, i) => ({ of: s.out, seed: seeds[i] })),
        ...constants.map((c, i) => ({ of: c.stand, seed: sums[i] })),
      ];
      const targets = [...changing, ...constants].map((s) => s.stand);
      const back = pull(body, seeded, targets);
      const carried = [...seeds, ...sums];
      // The way back may use more of the outside than the way there.
      const again = around(parts);
      const starts = [
        ...grads.filter((_, i) => wanted[i]),
        ...constants.map((c) => zerosLike(c.outer)),
      ];
      const all = [...inits, ...again.outers, ...starts];
      const at = attrs({ states: states.length, seeds: starts.length });
      const regions = [
        test.region.graph('test', test.stands, [test.out]).graph([...test.stands, ...again.inTest]),
        body.graph('body', own, results).graph([...own, ...again.inBody]),
        body.graph('pull', own, back).graph([...own, ...again.inBody, ...carried]),
      ];
      const gs = withoutTape(() => tracerNow().apply(WHILE_LOOP_GRAD, all, at, regions));
      putOnTape(WHILE_LOOP_GRAD, all, gs, () => true, secondOrder);
      let next = 0;
      return [
        ...wanted.map((w) => (w ? gs[next++] : null)),
        ...forward.outers.map((t) => (constants.some((c) => c.outer === t) ? gs[next++] : null)),
      ];
    },
  );
  return outs;
}

/** What test and body use of the outside, and what stands for it in each. */
function around({ test, body }: WhileParts) {
  const keys = new Set([...test.region.captures.keys(), ...body.captures.keys()]);
  const outers: Tensor[] = [];
  const inTest: Tensor[] = [];
  const inBody: Tensor[] = [];
  for (const key of keys) {
    const a = test.region.captures.get(key);
    const b = body.captures.get(key);
    const outer = (b ?? a)?.outer as Tensor;
    outers.push(outer);
    inTest.push(a?.stand ?? test.region.take(outer.spec));
    inBody.push(b?.stand ?? body.take(outer.spec));
  }
  return { outers, inTest, inBody };
}

function secondOrder(): never {
  throw new GraphError({
    op: 'whileLoop',
    problem: 'gradients of gradients do not lead through a loop of unknown length when compiled',
    remedy: 'use scan, whose number of steps is known, or run the function eagerly',
  });
}
