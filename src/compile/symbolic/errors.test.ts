import { expect, test } from 'vitest';
import {
  arange,
  compile,
  GraphError,
  graph,
  nn,
  ones,
  optim,
  Parameter,
  placeholder,
  ShapeError,
  type Tensor,
  tensor,
} from '../../index.ts';

const x = placeholder('x', ['batch', 3]);
const y = placeholder('y', ['batch']);
const w = Parameter(ones([3]));

test('calls that do not fit name the placeholder, the size and both values', () => {
  const f = graph([x, y], x.matmul(w).sub(y), { name: 'off' });
  expect(() => f(ones([2, 3]), ones([4]))).toThrow(ShapeError);
  expect(() => f(ones([2, 3]), ones([4]))).toThrow(/off: y is \[batch\], and batch is 4.*2 in x/s);
  expect(() => f(ones([2, 4]), ones([2]))).toThrow(
    /x is \[batch, 3\], and dimension 1 is 4, not 3/,
  );
  expect(() => f(ones([3]), ones([2]))).toThrow(/x is \[batch, 3\], and was given \[3\]/);
  expect(() => f(ones([2, 3]).int(), ones([2]))).toThrow(/x is float32, and was given int32/);
  expect(() => f(ones([2, 3]))).toThrow(/takes 2 tensors, not 1.*off\(x, y\)/s);
  expect(() => f(ones([2, 3]), 1 as unknown as Tensor)).toThrow(/y is .*1.*not a tensor/s);
});

test('inputs and outputs', () => {
  expect(() => graph([x], [x.matmul(w).sub(y)])).toThrow(/placeholder y, which is not among/);
  expect(() => graph([ones([2])], [x])).toThrow(/input 0 is a tensor that is no placeholder/);
  expect(() => graph([x.mul(2)], [x])).toThrow(/no placeholder/);
  expect(() => graph([x], [1 as unknown as Tensor])).toThrow(/output 0/);
  const z = placeholder('z', ['other']);
  expect(() => graph([x], [ones([z.shape[0]]).sum().add(x)])).toThrow(/open size other/);
  expect(() => placeholder('', [1])).toThrow(/name/);
  expect(() => placeholder('a', ['not a name'])).toThrow(/'not a name' is no name of a size/);
  expect(() => placeholder('a', [-1])).toThrow(/sizes are whole numbers/);
});

test('symbolic tensors are not read, written or walked back through', () => {
  const loss = x.matmul(w).sum();
  for (const read of [() => loss.item(), () => x.data(), () => x.toArray()]) {
    expect(read).toThrow(GraphError);
    expect(read).toThrow(/symbolic[\s\S]*graph\(\[x\], \[y\]\)/);
  }
  expect(() => w.assign(x.sum(0))).toThrow(/cannot hold a symbolic value/);
  expect(() => loss.backward()).toThrow(/symbolic[\s\S]*compile\(\)/);
  expect(w.grad).toBeNull();
  w.grad = x.sum(0);
  expect(() => optim.sgd([w], { lr: 1 }).step()).toThrow(/symbolic/);
  w.grad = null;
  expect(w.toArray()).toEqual([1, 1, 1]);
  expect(() => compile((t: Tensor) => t.add(x))(ones([3]))).toThrow(/symbolic/);
  expect(() => compile(() => placeholder('q', [1]))()).toThrow(/compiled function/);
  const norm = nn.batchNorm2d(3);
  const images = placeholder('images', ['batch', 3, 4, 4]);
  expect(() => norm.forward(images)).toThrow(/eval\(\)/);
  norm.eval();
  const f = graph(images, norm.forward(images));
  const a = ones([2, 3, 4, 4]);
  expect(f(a).toArray()).toEqual(norm.forward(a).toArray());
});

test('sizes that cannot be followed', () => {
  const half = x.narrow(0, 0, Math.floor(x.shape[0] / 2));
  expect(() => graph([x], [half])).toThrow(/slice: the size \d+ is a rounded part.*errors\.test/s);
  expect(() => x.add(tensor(new Float32Array(x.shape[0])).unsqueeze(1))).toThrow(/open size batch/);
  expect(() => x.add(ones([4]) as Tensor)).toThrow(/stands for the open size batch/);
});

test('gradients of what is not there', () => {
  const f = graph([x], [x.matmul(w).sum(), x]);
  expect(() => f.grad(y)).toThrow(/neither a placeholder nor a parameter/);
  expect(() => f.grad(w, { output: 1 })).toThrow(/output 1 is \[batch, 3\]/);
  expect(() => f.grad(w, { output: 2 })).toThrow(/no output 2/);
  const [gw, gx] = f.grad([w, x])(ones([2, 3]));
  expect([gw.toArray(), gx.toArray()]).toEqual([
    [2, 2, 2],
    [
      [1, 1, 1],
      [1, 1, 1],
    ],
  ]);
});

test('what is not symbolic runs as before', () => {
  expect(ones([2]).mul(2).toArray()).toEqual([2, 2]);
  expect(arange(3).sum().item()).toBe(3);
  const p = Parameter(ones([2]));
  p.mul(p).sum().backward();
  expect(p.grad?.toArray()).toEqual([2, 2]);
});
