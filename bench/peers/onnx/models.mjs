/** The workloads that are a graph, as ONNX models. */
import { OnnxGraph } from './graph.mjs';

/** C = A·B; B is a weight, or with `free` an input as well. */
export function matmulModel(m, n) {
  const g = new OnnxGraph();
  const c = g.node('MatMul', [g.input('a', [m, n]), g.input('b', [n, n])]);
  return { bytes: g.finish(c, [m, n]), inputs: { a: [m, n], b: [n, n] } };
}

export function addModel(n) {
  const g = new OnnxGraph();
  const c = g.node('Add', [g.input('a', [n]), g.input('b', [n])]);
  return { bytes: g.finish(c, [n]), inputs: { a: [n], b: [n] } };
}

export function elementwiseModel(n) {
  const g = new OnnxGraph();
  const [x, w, b] = ['x', 'w', 'b'].map((name) => g.input(name, [n]));
  const t = g.node('Tanh', [g.node('Add', [g.node('Mul', [x, w]), b])]);
  const y = g.node('Add', [g.node('Mul', [t, g.scalar(0.5)]), g.scalar(0.5)]);
  return { bytes: g.finish(y, [n]), inputs: { x: [n], w: [n], b: [n] } };
}

export function cnnModel(batch) {
  const g = new OnnxGraph();
  const relu = (x) => g.node('Relu', [x]);
  const conv = (x, out, inputs) =>
    g.node('Conv', [x, g.weight(out, inputs, 3, 3), g.weight(out)], { kernel_shape: [3, 3] });
  const dense = (x, inputs, out) =>
    g.node('Gemm', [x, g.weight(out, inputs), g.weight(out)], { transB: 1 });
  const shape = [batch, 1, 28, 28];
  let x = relu(conv(g.input('x', shape), 32, 1));
  x = relu(conv(x, 64, 32));
  x = g.node('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  x = g.node('Flatten', [x], { axis: 1 });
  x = dense(relu(dense(x, 9216, 128)), 128, 10);
  return { bytes: g.finish(x, [batch, 10]), inputs: { x: shape } };
}

/** Pre-norm blocks, spelled as PyTorch's exporter spells them; onnxruntime fuses what it knows. */
export function transformerModel({ batch, length, width, heads, inner, blocks }) {
  const g = new OnnxGraph();
  const shape = [batch, length, width];
  const linear = (x, inputs, out) =>
    g.node('Add', [g.node('MatMul', [x, g.weight(inputs, out)]), g.weight(out)]);
  const norm = (x) =>
    g.node('LayerNormalization', [x, g.weight(width), g.weight(width)], {
      axis: -1,
      epsilon: { float: 1e-5 },
    });
  const gelu = (x) => {
    const erf = g.node('Erf', [g.node('Div', [x, g.scalar(Math.SQRT2)])]);
    const half = g.node('Mul', [x, g.node('Add', [erf, g.scalar(1)])]);
    return g.node('Mul', [half, g.scalar(0.5)]);
  };
  const head = width / heads;
  const attention = (x) => {
    const sizes = g.sizes(batch, length, 3, heads, head);
    const parts = g.node('Reshape', [linear(x, width, 3 * width), sizes]);
    const apart = g.node('Transpose', [parts], { perm: [2, 0, 3, 1, 4] });
    const [q, k, v] = g
      .node('Split', [apart], { axis: 0 }, 3)
      .map((part) => g.node('Squeeze', [part, g.sizes(0)]));
    const kT = g.node('Transpose', [k], { perm: [0, 1, 3, 2] });
    const scores = g.node('Mul', [g.node('MatMul', [q, kT]), g.scalar(1 / Math.sqrt(head))]);
    const mixed = g.node('MatMul', [g.node('Softmax', [scores], { axis: -1 }), v]);
    const together = g.node('Transpose', [mixed], { perm: [0, 2, 1, 3] });
    return linear(g.node('Reshape', [together, g.sizes(...shape)]), width, width);
  };
  let x = g.input('x', shape);
  for (let i = 0; i < blocks; i++) {
    x = g.node('Add', [x, attention(norm(x))]);
    x = g.node('Add', [x, linear(gelu(linear(norm(x), width, inner)), inner, width)]);
  }
  return { bytes: g.finish(x, shape), inputs: { x: shape } };
}
