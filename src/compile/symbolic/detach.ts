import type { OpDef } from '../../ir/index.ts';

/** A value cut off the tape, as `x.detach()` gives it: a node, so that calls of the graph cut too. */
export const DETACH: OpDef = {
  name: 'detach',
  onnx: 'Identity',
  infer: ([x]) => x,
  reference: ([x]) => x,
  lower: { kind: 'view', view: (s) => ({ offset: 0, shape: s.shape, strides: s.strides }) },
  id: 0,
  differentiable: false,
};
