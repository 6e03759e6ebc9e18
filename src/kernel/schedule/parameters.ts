/** The arguments of a planned kernel in registers. */
import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import type { Expr, Stream } from './expr.ts';
import type { Plan } from './plan.ts';
import { slotsOf } from './slots.ts';

export class Parameters {
  readonly pointers = new Map<Stream, Reg>();
  readonly scalars = new Map<Expr, Reg>();
  /** Sizes of the loops. */
  readonly sizes: Reg[] = [];
  readonly gathers = new Map<Expr, { size: Reg; stride: Reg }>();
  turns: Reg | null = null;
  total: Reg | null = null;
  private readonly strides = new Map<string, Reg>();

  /** Of a batch: the arguments of the part that starts `from` slots further on. */
  constructor(b: KernelBuilder, plan: Plan, from?: Reg) {
    let scalar = 0;
    const scalars = plan.exprs.filter((e) => e.kind === 'scalar');
    for (const slot of slotsOf(plan)) {
      switch (slot.kind) {
        case 'pointer':
          this.pointers.set(slot.stream, b.param(`p${this.pointers.size}`, 'ptr', from));
          break;
        case 'scalar':
          this.scalars.set(scalars[scalar], b.param(`s${scalar}`, slot.elem, from));
          scalar++;
          break;
        case 'size':
          this.sizes.push(b.param(`n${slot.loop}`, 'index', from));
          break;
        case 'turns':
          this.turns = b.param('turns', 'index', from);
          break;
        case 'total':
          this.total = b.param('total', 'index', from);
          break;
        case 'stride': {
          const { id } = slot.stream;
          const name = `d${plan.streams.indexOf(slot.stream)}_${slot.loop}`;
          this.strides.set(`${id},${slot.loop}`, b.param(name, 'index', from));
          break;
        }
        case 'gatherSize':
          this.gathers.set(slot.expr, {
            size: b.param('size', 'index', from),
            stride: b.index(0),
          });
          break;
        case 'gatherStride': {
          const { size } = this.gathers.get(slot.expr) as { size: Reg };
          this.gathers.set(slot.expr, { size, stride: b.param('stride', 'index', from) });
        }
      }
    }
  }

  /** Bytes from one turn of a loop to the next (elements for positions), where that is no constant. */
  strideOf(stream: Stream, loop: number): Reg {
    return this.strides.get(`${stream.id},${loop}`) as Reg;
  }
}
