/** The node of a scan, and its gradient: a scan the other way over what each step started from. */
import { isFloat } from '../../base/index.ts';
import { attrs, SCAN } from '../../ir/index.ts';
import { gradMode, type Tensor } from '../../tensor/index.ts';
import type { Tracer } from '../tracer.ts';
import type { RegionTracer } from './region.ts';
import {
  dependsOn,
  pull,
  putOnTape,
  tracerNow,
  wantedStates,
  withoutTape,
  zerosLike,
} from './tape.ts';
import type { State } from './while-node.ts';

/** Something cut into slices, and what stands for a slice in the body. */
interface Sliced {
  readonly value: Tensor;
  readonly stand: Tensor;
}

interface ScanParts {
  readonly region: RegionTracer;
  readonly length: number;
  readonly reverse: boolean;
  readonly carries: readonly State[];
  readonly xs: readonly Sliced[];
  /** In the region. */
  readonly ys: readonly Tensor[];
  /** Random calls of a step, and those of all steps. */
  readonly draws: number;
  readonly random: ReturnType<Tracer['reserve']> | null;
  /** As {@link ScanAttrs.fromEnd}. */
  readonly fromEnd: boolean;
}

interface Scanned {
  readonly last: readonly Tensor[];
  readonly ys: readonly Tensor[];
}

/** Adds the node, and its place on the tape. */
export function applyScan(parts: ScanParts): Scanned {
  const { region, length, reverse, carries, ys, draws, fromEnd } = parts;
  const count = carries.length;
  const results = [...carries.map((c) => c.out), ...ys];
  const inputs = [...carries, ...parts.xs].map((c) => c.stand);
  const draft = region.graph('body', inputs, results);
  const xs = parts.xs.filter((x) => draft.uses(x.stand));
  const constants = [...region.captures.values()].filter((c) => draft.uses(c.stand));
  const words = parts.random === null ? [] : region.drawn.filter((w) => draft.uses(w.stand));
  const state = words.length === 0 ? [] : (parts.random?.(0) as unknown as readonly Tensor[]);
  const graph = draft.graph([...carries, ...xs, ...constants, ...words].map((c) => c.stand));
  const operands = [
    ...carries.map((c) => c.init),
    ...xs.map((x) => x.value),
    ...constants.map((c) => c.outer),
    ...state,
  ];
  const at = attrs({
    length,
    reverse,
    carries: count,
    xs: xs.length,
    draws,
    fromEnd,
    words: words.map((w) => w.code),
  });
  const outs = withoutTape(() => tracerNow().apply(SCAN, operands, at, [graph]));
  const befores = outs.slice(results.length);
  const wantedXs = xs.filter((x) => x.value.node !== null && isFloat(x.value.dtype));
  const wantedConstants = constants.filter((c) => c.outer.node !== null && isFloat(c.outer.dtype));
  const fixed = [...wantedXs, ...wantedConstants].map((c) => c.stand);
  const wanted = wantedStates(carries, fixed);
  const from = [...fixed, ...carries.filter((_, i) => wanted[i]).map((c) => c.stand)];
  const live = (o: number): boolean =>
    o < count
      ? wanted[o]
      : o < results.length
        ? dependsOn(results[o], from)
        : wanted[o - results.length];
  /** Whether the gradient was itself put on the tape: only then do `befores` have gradients. */
  let again = false;
  putOnTape(SCAN, operands, outs, live, (grads) => {
    const backwards = gradMode();
    const changing = carries.flatMap((c, i) =>
      wanted[i] ? [{ ...c, grad: grads[i], before: grads[results.length + i] }] : [],
    );
    const given = ys.flatMap((y, j) =>
      isFloat(y.dtype) && live(count + j) ? [{ y, grad: grads[count + j] }] : [],
    );
    const seeds = changing.map((c) => region.take(c.stand.spec));
    const sums = wantedConstants.map((c) => region.take(c.stand.spec));
    const dys = given.map((g) => region.take(g.y.spec));
    const dBefores = again ? changing.map((c) => region.take(c.stand.spec)) : [];
    const seeded = [
      ...changing.map((c, i) => ({ of: c.out, seed: seeds[i] })),
      ...wantedConstants.map((c, i) => ({ of: c.stand, seed: sums[i] })),
      ...given.map((g, i) => ({ of: g.y, seed: dys[i] })),
      ...dBefores.map((seed, i) => ({ of: changing[i].stand, seed })),
    ];
    const targets = [...changing, ...wantedConstants, ...wantedXs].map((c) => c.stand);
    const back = pull(region, seeded, targets);
    again ||= backwards;
    const states: State[] = [
      ...changing.map((c, i) => ({ init: c.grad, stand: seeds[i], out: back[i] })),
      ...wantedConstants.map((c, i) => ({
        init: zerosLike(c.outer),
        stand: sums[i],
        out: back[changing.length + i],
      })),
    ];
    const { last, ys: dxs } = applyScan({
      ...parts,
      reverse: !reverse,
      fromEnd: !fromEnd,
      carries: states,
      xs: [
        ...carries.map((c, i) => ({ value: befores[i], stand: c.stand })),
        ...xs,
        ...given.map((g, i) => ({ value: g.grad, stand: dys[i] })),
        ...dBefores.map((stand, i) => ({ value: changing[i].before, stand })),
      ],
      ys: back.slice(states.length),
    });
    let next = 0;
    return [
      ...wanted.map((w) => (w ? last[next++] : null)),
      ...xs.map((x) => dxs[wantedXs.indexOf(x)] ?? null),
      ...constants.map((c) => {
        const i = wantedConstants.indexOf(c);
        return i < 0 ? null : last[changing.length + i];
      }),
      ...state.map(() => null),
    ];
  });
  return { last: outs.slice(0, count), ys: outs.slice(count, results.length) };
}
