/** Runs a scan: the body at each slice, results written where they are to stay. */
import { specOf } from '../../base/index.ts';
import { type GraphNode, type ScanAttrs, scanWord } from '../../ir/index.ts';
import type { Device, Slot } from '../../runtime/device.ts';
import { copiers, type MakeExecutable, RunnableRegion, type Runner, unused } from './runner.ts';
import { byteLength, Places, part } from './slots.ts';

export function scanRunner(node: GraphNode, device: Device, make: MakeExecutable): Runner {
  const { length, reverse, carries, xs, draws, fromEnd, words } = node.attrs as ScanAttrs;
  const body = new RunnableRegion(node.regions[0], device, make);
  const copy = copiers(device, body.specs);
  const places = new Places(device);
  const ys = body.from.length - carries;
  const bytes = body.specs.map(byteLength);
  const sliceBytes = node.regions[0].inputs
    .slice(carries, carries + xs)
    .map((v) => byteLength(specOf(v.dtype, v.shape, undefined, device.name)));
  const computedBytes = body.computed.map(byteLength);
  /** Results of the body that each computed value is. */
  const uses = body.computed.map((_, k) =>
    body.from.flatMap((f, i) => ('computed' in f && f.computed === k ? [i] : [])),
  );

  return (outs, ins) => {
    const state = words.length === 0 ? [] : (ins.slice(-4) as number[]);
    const now = ins.slice(0, carries + xs);
    now.push(...ins.slice(carries + xs, words.length === 0 ? undefined : -4));
    const firstWord = now.length;
    const own: Slot[][] = body.computed.map(() => []);
    let kept = 0;
    let carry = ins.slice(0, carries) as Slot[];
    const at = (t: number): number => (reverse ? length - 1 - t : t);
    /** Places where result `i` of step `t` is to stay; the carry is kept for the step after. */
    const stays = (i: number, t: number): Slot | null => {
      if (i >= carries) {
        const stack = outs[i];
        return stack === null ? null : part(stack, at(t) * bytes[i]);
      }
      if (t === length - 1) return outs[i];
      const befores = outs[carries + ys + i];
      return befores === null ? null : part(befores, at(t + 1) * bytes[i]);
    };
    try {
      for (let i = 0; i < carries; i++) {
        const befores = outs[carries + ys + i];
        if (befores !== null && length > 0) copy(i, part(befores, at(0) * bytes[i]), carry[i]);
      }
      for (let t = 0; t < length; t++) {
        for (let i = 0; i < carries; i++) now[i] = carry[i];
        for (let j = 0; j < xs; j++) {
          now[carries + j] = part(ins[carries + j] as Slot, at(t) * sliceBytes[j]);
        }
        for (let w = 0; w < words.length; w++) {
          now[firstWord + w] = scanWord(words[w], fromEnd ? length - 1 - t : t, draws, state);
        }
        const written: (Slot | null)[] = new Array(body.from.length).fill(null);
        const targets = uses.map((results, k) => {
          for (const i of results) {
            const slot = stays(i, t);
            if (slot === null) continue;
            written[i] = slot;
            return slot;
          }
          return unused(own[k], carry, () => places.get(kept++, computedBytes[k]));
        });
        body.run(targets, now);
        for (let i = 0; i < body.from.length; i++) {
          if (written[i] !== null) continue;
          const to = stays(i, t);
          if (to !== null) copy(i, to, body.result(i, targets, now));
        }
        carry = carry.map((_, i) => body.result(i, targets, now));
      }
      if (length > 0) return;
      for (let i = 0; i < carries; i++) {
        const to = outs[i];
        if (to !== null) copy(i, to, carry[i]);
      }
    } finally {
      places.end();
    }
  };
}
