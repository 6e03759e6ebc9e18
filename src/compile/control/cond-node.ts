/** The node of a choice, and its gradient: a choice between the ways back of the branches. */
import { isFloat } from '../../base/index.ts';
import { COND } from '../../ir/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { Tracer } from '../tracer.ts';
import type { RegionTracer } from './region.ts';
import { dependsOn, pull, putOnTape, tracerNow, withoutTape, zerosLike } from './tape.ts';

/** One branch: its region, and what it takes (beside captures) and gives there. */
export interface Side {
  readonly region: RegionTracer;
  readonly extra: readonly Tensor[];
  readonly outs: readonly Tensor[];
}

export interface CondParts {
  readonly pred: Tensor;
  readonly sides: readonly [Side, Side];
  /** Operands beside captures. */
  readonly extra: readonly Tensor[];
  /** The random calls that both branches make. */
  readonly random: ReturnType<Tracer['reserve']> | null;
}

/** An operand, and what stands for it in each branch: null if that does not use it. */
interface Shared {
  readonly outer: Tensor;
  readonly stands: readonly (Tensor | null)[];
}

/** Adds the node, and its place on the tape. */
export function applyCond(parts: CondParts): readonly Tensor[] {
  const { pred, sides } = parts;
  const drafts = sides.map((s, k) =>
    s.region.graph(k === 0 ? 'ifTrue' : 'ifFalse', s.extra, s.outs),
  );
  const uses = (k: number, stand: Tensor): boolean => drafts[k].uses(stand);
  const shared = [...extras(parts), ...captures(parts, uses)];
  const words = drawn(parts, uses);
  const all = [...shared, ...words];
  const regions = drafts.map((d, k) =>
    d.graph(all.map(({ outer, stands }) => stands[k] ?? sides[k].region.take(outer.spec))),
  );
  const operands = [pred, ...all.map((s) => s.outer)];
  const outs = withoutTape(() => tracerNow().apply(COND, operands, null, regions));
  const wanted = shared.filter((s) => s.outer.node !== null && isFloat(s.outer.dtype));
  const live = outs.map((t, o) =>
    sides.some((side, k) => {
      const inputs = wanted.flatMap(({ stands }) => stands[k] ?? []);
      return isFloat(t.dtype) && dependsOn(side.outs[o], inputs);
    }),
  );
  putOnTape(
    COND,
    operands,
    outs,
    (o) => live[o],
    (grads) => {
      const seeded = outs.flatMap((_, o) => (live[o] ? [o] : []));
      const gs = applyCond({
        pred,
        sides: [way(0), way(1)],
        extra: [...parts.extra, ...seeded.map((o) => grads[o])],
        random: parts.random,
      });
      return [null, ...all.map((s) => gs[wanted.indexOf(s)] ?? null)];

      /** The way back of a branch; nothing leads back to what it does not use. */
      function way(k: number): Side {
        const { region, extra, outs: results } = sides[k];
        const seeds = seeded.map((o) => ({ of: results[o], seed: region.take(results[o].spec) }));
        const stands = wanted.map((s) => s.stands[k]);
        const used = stands.filter((t) => t !== null);
        const got = pull(region, seeds, used);
        const zeros = (i: number): Tensor => region.run(() => zerosLike(wanted[i].outer));
        return {
          region,
          extra: [...extra, ...seeds.map((s) => s.seed)],
          outs: stands.map((t, i) => (t === null ? zeros(i) : got[used.indexOf(t)])),
        };
      }
    },
  );
  return outs;
}

const extras = ({ extra, sides }: CondParts): Shared[] =>
  extra.map((outer, i) => ({ outer, stands: sides.map((s) => s.extra[i]) }));

/** What the branches use of the outside. */
function captures({ sides }: CondParts, uses: (k: number, stand: Tensor) => boolean): Shared[] {
  const found = new Map<Tensor, { outer: Tensor; stands: (Tensor | null)[] }>();
  sides.forEach(({ region }, k) => {
    for (const [key, { outer, stand }] of region.captures) {
      if (!uses(k, stand)) continue;
      const one = found.get(key) ?? { outer, stands: [null, null] };
      one.stands[k] = stand;
      found.set(key, one);
    }
  });
  return [...found.values()];
}

/** Words of random state that the branches use. */
function drawn({ sides, random }: CondParts, uses: (k: number, t: Tensor) => boolean): Shared[] {
  const found = new Map<number, { outer: Tensor; stands: (Tensor | null)[] }>();
  sides.forEach(({ region }, k) => {
    for (const { code, stand } of region.drawn) {
      if (!uses(k, stand)) continue;
      const one = found.get(code) ?? { outer: wordOf(random, code), stands: [null, null] };
      one.stands[k] = stand;
      found.set(code, one);
    }
  });
  return [...found.values()];
}

function wordOf(random: CondParts['random'], code: number): Tensor {
  const state = random?.(Math.max(code >> 1, 0)) as unknown as readonly Tensor[];
  return code < 0 ? state[-1 - code] : state[2 + (code & 1)];
}
