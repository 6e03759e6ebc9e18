// Shapes that the checker works out.
import {
  arange,
  concat,
  eye,
  full,
  matmul,
  ones,
  Parameter,
  randn,
  scaledDotProductAttention,
  type Tensor,
  tensor,
  unbind,
  valueAndGrad,
  zeros,
} from 'gradus';

const a = zeros([2, 3]);
const b = zeros([3, 4]);
declare const n: number;
declare const plain: Tensor;

// Arithmetic broadcasts; numbers keep the shape.
const sum: Tensor<readonly [2, 3]> = a
  .add(1)
  .mul(a)
  .sub(ones([3]))
  .div(ones([2, 1]));
const outer: readonly [4, 5] = zeros([4, 1]).mul(zeros([5])).shape;
const compared: readonly [2, 3] = a.gt(0).logicalAnd(a.lt(1)).shape;

// Matrix products: matrices, vectors, batches.
const product: readonly [2, 4] = a.matmul(b).shape;
const dot: readonly [] = zeros([3]).matmul(zeros([3])).shape;
const left: readonly [4] = zeros([3]).matmul(b).shape;
const right: readonly [2] = a.matmul(zeros([3])).shape;
const batch: readonly [7, 5, 2, 4] = zeros([7, 1, 2, 3]).matmul(zeros([5, 3, 4])).shape;
const viaFunction: readonly [2, 4] = matmul(a, b).relu().shape;

// Sizes known at run time fit anything.
const open: readonly [number, 4] = zeros([n, 3]).matmul(b).shape;
const openSum: readonly [2, 3] = zeros([n, 3]).add(a).shape;

// A typed tensor is a plain tensor, and plain tensors mix with typed ones.
const list: Tensor[] = [a, b, product as never, concat([a, a])];
const mixed: Tensor = plain.add(a).matmul(b).at(0).sum();
function untyped(x: Tensor): Tensor {
  return x.relu().flatten(1).reshape([-1, 2]).transpose(0, 1).sum(0, true);
}
const called: Tensor = untyped(a);
function generic<S extends readonly number[]>(x: Tensor<S>): Tensor<S> {
  return x.exp().add(1).tanh();
}
const kept: readonly [2, 3] = generic(a).shape;

// Reductions.
const total: readonly [] = a.sum().shape;
const rows: readonly [2] = a.mean(1).shape;
const columns: readonly [1, 3] = a.max(-2, { keepdim: true }).shape;
const columnsToo: readonly [1, 3] = a.max(0, true).shape;
const two: readonly [4] = zeros([2, 4, 3]).sum([0, -1]).shape;
const where: readonly [2] = a.argmax(1).shape;
const spread: readonly [3] = a.std(0, { correction: 0 }).shape;

// Other shapes of the same elements.
const reshaped: readonly [3, 2] = a.reshape([3, 2]).shape;
const counted: readonly [6] = a.reshape([-1]).shape;
const rest: readonly [64, 5408] = zeros([64, 32, 13, 13]).reshape([64, -1]).shape;
const flat: readonly [64, 5408] = zeros([64, 32, 13, 13]).flatten(1).shape;
const flatOpen: readonly [number, 12] = zeros([n, 3, 4]).flatten(1).shape;
const turned: readonly [4, 3, 2] = zeros([2, 3, 4]).transpose(0, -1).shape;
const matrixT: readonly [3, 2] = a.t().shape;
const permuted: readonly [4, 2, 3] = zeros([2, 3, 4]).permute([2, 0, 1]).shape;
const wider: readonly [2, 1, 3] = a.unsqueeze(1).shape;
const narrower: readonly [2, 3] = zeros([2, 1, 3]).squeeze(1).shape;
const squeezed: readonly [2, 3] = zeros([1, 2, 1, 3, 1]).squeeze().shape;
const expanded: readonly [5, 2, 3] = a.expand([5, 2, 3]).shape;
const part: readonly [2, 2] = a.narrow(1, 0, 2).shape;

const [step]: readonly Tensor<readonly [2, 4]>[] = zeros([2, 3, 4]).unbind(1);
const unbound: readonly Tensor<readonly [3]>[] = unbind(a);
const loosePart: Tensor = (a as Tensor).unbind()[0];

// Attention.
const heads = zeros([2, 1, 5, 8]);
const attended: readonly [2, 4, 5, 6] = scaledDotProductAttention(
  heads,
  zeros([4, 7, 8]),
  zeros([1, 7, 6]),
  { isCausal: true },
).shape;
const attendedLoose: Tensor = scaledDotProductAttention(plain, plain, plain);
const [q, k, v] = zeros([3, 5, 8]).unbind();
const attendedParts: readonly [5, 8] = scaledDotProductAttention(q, k, v, { mask: null }).shape;

// Indexing.
const row: readonly [3] = a.at(0).shape;
const column: readonly [2] = a.at(':', -1).shape;
const axis: readonly [1, 2, 3] = a.at(null).shape;
const sliced: readonly [number, 3] = a.at('0:1').shape;

// Making tensors.
const literal: readonly [2, 2] = tensor([
  [1, 2],
  [3, 4],
]).shape;
const scalar: readonly [] = tensor(1).shape;
const typed: readonly [number] = tensor(new Float32Array(3)).shape;
const loose: readonly number[] = tensor(JSON.parse('[[1]]')).shape;
declare const grid: number[][];
const rough: readonly [number, number] = tensor(grid).shape;
const square: readonly [3, 3] = eye(3).shape;
const range: readonly [number] = arange(3).shape;
const constant: readonly [2] = full([2], 1).shape;
const weight: Tensor<readonly [3, 4]> = Parameter(randn([3, 4]));

// Convolutions: channels are known, image sizes are not.
const image: readonly [8, 32, number, number] = zeros([8, 3, 28, 28])
  .conv2d(zeros([32, 3, 3, 3]))
  .maxPool2d(2).shape;

// Functional transforms take plain functions.
const [loss, gradient]: [Tensor, Tensor] = valueAndGrad((w: Tensor) => w.mul(w).sum())(weight);
for (const slice of a) slice.relu();
