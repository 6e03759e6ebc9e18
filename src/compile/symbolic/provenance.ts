import type { Attrs, OpDef, Operand, Value } from '../../ir/index.ts';
import { Tensor } from '../../tensor/index.ts';

/** How a tensor was computed. */
export interface Made {
  readonly def: OpDef;
  readonly inputs: readonly Operand[];
  readonly attrs: Attrs | null;
  readonly index: number;
}

/** So many ops are remembered, one upon the other, so that a long run keeps nothing alive. */
const DEPTH = 8;

/**
 * How tensors were computed eagerly from parameters and buffers: where `w.t()` meets a symbolic
 * tensor the graph has to read w at each call, not the values that w had once.
 */
export class Provenance {
  private readonly made = new WeakMap<Tensor, Made & { readonly depth: number }>();

  note(def: OpDef, inputs: readonly Operand[], attrs: Attrs | null, outs: readonly Value[]): void {
    // A filled tensor is a node too: it reads as what it is.
    let depth = def.name === 'full' && typeof inputs[0] === 'number' ? 0 : -1;
    for (const x of inputs) {
      if (!(x instanceof Tensor)) continue;
      depth = Math.max(depth, x.cell ? 0 : (this.made.get(x)?.depth ?? -1));
    }
    if (depth < 0 || depth >= DEPTH) return;
    outs.forEach((out, index) => {
      const t = out as Tensor;
      if (!inputs.includes(t)) this.made.set(t, { def, inputs, attrs, index, depth: depth + 1 });
    });
  }

  of(t: Tensor): Made | null {
    return t.cell ? null : (this.made.get(t) ?? null);
  }
}
