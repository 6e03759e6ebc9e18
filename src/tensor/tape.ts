/** Tape nodes of ops of any number of operands and outputs; the hot path of eager.ts makes its own. */
import { isFloat, type Spec } from '../base/index.ts';
import type { Attrs, OpDef, Operand } from '../ir/index.ts';
import { anomalyLine } from './anomaly.ts';
import { Node, nextSequence } from './node.ts';
import { specOfOperand } from './operands.ts';
import { Tensor } from './tensor.ts';

/** The tape node of an op with more than two operands or more than one output. */
export function recordNode(
  op: OpDef,
  inputs: readonly Operand[],
  attrs: Attrs | null,
  outs: readonly Tensor[],
): void {
  const s = op.saves ?? 0;
  const keep = (i: number): Operand | null => ((s >> Math.min(i, 15)) & 1 ? inputs[i] : null);
  const nodeOf = (x: Operand | undefined) => (x instanceof Tensor ? x.node : null);
  const versionOf = (x: Operand | undefined) => (x instanceof Tensor ? x.storage.version : 0);
  const typeOf = (i: number): Spec => specOfOperand(op, inputs[i], i, true);
  const node = new Node(
    op,
    nextSequence(),
    attrs,
    nodeOf(inputs[0]),
    nodeOf(inputs[1]),
    inputs.length > 0 ? keep(0) : null,
    inputs.length > 1 ? keep(1) : null,
    null,
    typeOf(0),
    inputs.length > 1 ? typeOf(1) : null,
    versionOf(inputs[0]),
    versionOf(inputs[1]),
    0,
  );
  if (inputs.length > 2) {
    const rest = inputs.slice(2);
    node.edges = rest.map(nodeOf);
    node.saved = rest.map((_, i) => keep(i + 2));
    node.types = rest.map((_, i) => typeOf(i + 2));
    node.versions = rest.map(versionOf);
  }
  if (s >> 16 !== 0) {
    node.savedOuts = outs.map((o, i) => ((s >> (16 + i)) & 1 ? o : null));
  }
  anomalyLine(node);
  if (outs.length === 1) {
    outs[0].node = node;
    return;
  }
  node.outSpecs = outs.map((o) => o.spec);
  outs.forEach((o, i) => {
    if (!isFloat(o.dtype)) return;
    o.node = Node.output(node, i, o.spec);
  });
}
