/** Gradients by recording and reference alone, so that ops are tested without tensors or devices. */
import { isFloat, sameShape, type Type } from '../base/index.ts';
import { withInterpreter } from './apply.ts';
import { type Graph, type GraphNode, type GraphValue, Recorder, typeOf } from './graph.ts';
import { type NdArray, ndZeros, setElement } from './nd-array.ts';
import { type Attrs, type GradContext, type OpDef, SAVE } from './op.ts';
import { add, full } from './ops/index.ts';
import { runGraph } from './reference.ts';
import type { Operand, Value } from './value.ts';
import { verifyGraph } from './verify.ts';

/** Records; composites without a gradient of their own are expanded. */
class Tape extends Recorder {
  override apply(
    def: OpDef,
    inputs: readonly Operand[],
    attrs: Attrs | null,
  ): readonly GraphValue[] {
    if (def.gradient !== undefined || def.decompose === undefined) {
      return super.apply(def, inputs, attrs);
    }
    const out = def.decompose(inputs, attrs);
    return (Array.isArray(out) ? out : [out]) as GraphValue[];
  }
}

let tape: Tape;

/** The gradients of f's (first) output along `g` for each operand; may be nested. */
export function pullback(f: (...xs: Value[]) => Value, xs: readonly Value[], g?: Value) {
  const start = tape.nodes.length;
  const out = f(...xs);
  const nodes = tape.nodes.slice(start);
  const wanted = new Set<Operand>(xs);
  for (const node of nodes) {
    const reached = node.def.gradient !== undefined && node.inputs.some((x) => wanted.has(x));
    if (reached) for (const v of node.outputs) if (isFloat(v.dtype)) wanted.add(v);
  }
  const grads = new Map<Operand, Value>();
  if (wanted.has(out)) grads.set(out, g ?? full(out.shape, 1, out.dtype));
  const give = (v: Operand, grad: Value): void => {
    if (!wanted.has(v)) return;
    const before = grads.get(v);
    grads.set(v, before === undefined ? grad : add(before, grad));
  };
  for (const node of nodes.reverse()) {
    if (!node.outputs.some((v) => grads.has(v))) continue;
    const all = node.outputs.map((v) => grads.get(v) ?? full(v.shape, 0, v.dtype));
    node.def.gradient?.(contextOf(node, wanted, give), all[0], all);
  }
  return { out, grads: xs.map((x) => grads.get(x) ?? full(x.shape, 0, x.dtype)) };
}

function contextOf(
  node: GraphNode,
  wanted: ReadonlySet<Operand>,
  give: (v: Operand, g: Value) => void,
): GradContext<unknown> {
  const saves = node.def.saves ?? SAVE.none;
  const saved = (bit: number, what: string) => {
    if ((saves & bit) === 0) throw new Error(`${node.def.name}: ${what} is read but not saved`);
  };
  const checked = (i: number, g: Value): void => {
    const want: Type = typeOf(node.inputs[i]);
    if (g.dtype !== want.dtype || !sameShape(g.shape, want.shape)) {
      throw new Error(
        `${node.def.name}: gradient ${i} is ${g.dtype}[${g.shape}], not ${want.dtype}[${want.shape}]`,
      );
    }
    give(node.inputs[i], g);
  };
  return {
    attrs: node.attrs,
    input(i) {
      saved(1 << i, `operand ${i}`);
      return node.inputs[i];
    },
    output(i) {
      saved(SAVE.out0 << i, `output ${i}`);
      return node.outputs[i];
    },
    inputType: (i) => typeOf(node.inputs[i]),
    needs: (i) => wanted.has(node.inputs[i]),
    give: checked,
    alias: checked,
  };
}

/** The graph of a function of ops, which may call {@link pullback}. */
export function taped(
  f: (...xs: Value[]) => Value | readonly Value[],
  inputs: readonly Type[],
): Graph {
  tape = new Tape('reference');
  const xs = inputs.map((x) => tape.input(x));
  const out = withInterpreter(tape, () => f(...xs));
  const outputs = (Array.isArray(out) ? out : [out]) as GraphValue[];
  const graph = { name: 'test', inputs: xs, nodes: tape.nodes, outputs };
  verifyGraph(graph);
  return graph;
}

/** Runs a function of ops by the reference; graph inputs are made for the arrays. */
export const evaluate = (
  f: (...xs: Value[]) => Value | readonly Value[],
  inputs: readonly NdArray[],
): NdArray[] => runGraph(taped(f, inputs), inputs);

/** f's output for these operands, and their gradients along `g` (ones if left out). */
export function vjp(f: (...xs: Value[]) => Value, inputs: readonly NdArray[], g?: NdArray) {
  const all = g === undefined ? inputs : [...inputs, g];
  const [out, ...grads] = evaluate((...xs) => {
    const operands = xs.slice(0, inputs.length);
    const p = pullback(f, operands, xs[inputs.length]);
    return [p.out, ...p.grads];
  }, all);
  return { out, grads };
}

export function nd(
  shape: readonly number[],
  values: ArrayLike<number>,
  dtype: NdArray['dtype'] = 'float64',
): NdArray {
  const out = ndZeros(shape, dtype);
  for (let i = 0; i < out.data.length; i++) setElement(out, i, values[i]);
  return out;
}

/** Irregular numbers between -1 and 1, apart from each other and from 0. */
export const numbers = (n: number, seed = 1): number[] =>
  Array.from({ length: n }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1 || 0.5;
  });

/** The worst difference between the gradients of sum(f * weights) and central differences. */
export function gradientError(f: (...xs: Value[]) => Value, inputs: readonly NdArray[]): number {
  const [plain] = evaluate(f, inputs);
  const weights = nd(plain.shape, numbers(plain.data.length, 7), plain.dtype);
  const { grads } = vjp(f, inputs, weights);
  const total = (xs: readonly NdArray[]) =>
    Array.from(evaluate(f, xs)[0].data, Number).reduce(
      (s, y, i) => s + y * Number(weights.data[i]),
      0,
    );
  let worst = 0;
  const h = 1e-5;
  for (const [k, x] of inputs.entries()) {
    if (!isFloat(x.dtype)) continue;
    for (let i = 0; i < x.data.length; i++) {
      const moved = (by: number) =>
        inputs.map((y, j) => {
          if (j !== k) return y;
          const data = (y.data as Float64Array).slice();
          data[i] += by;
          return { ...y, data };
        });
      const want = (total(moved(h)) - total(moved(-h))) / (2 * h);
      const off = Math.abs(Number(grads[k].data[i]) - want) / Math.max(1, Math.abs(want));
      worst = Number.isNaN(off) ? Number.NaN : Math.max(worst, off);
    }
  }
  return worst;
}
