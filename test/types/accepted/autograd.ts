// Code that does not care never sees the types.
import { grad, jvp, nn, noGrad, optim, Parameter, randn, type Tensor, tensor, vjp } from 'gradus';

const w = Parameter(randn([3, 1]));
const x: Tensor = tensor([[1, 2, 3]]);
const loss = x.matmul(w).square().mean();
loss.backward();
const g: Tensor | null = w.grad;
w.assign(w.sub(0.1));

const d2f = grad(grad((y: Tensor) => y.sin().mul(y).sum()));
const curvature: Tensor = d2f(tensor([1, 2]));
const [value, pullback] = vjp((y) => y.exp(), tensor([1]));
const back: Tensor[] = pullback(value);
const [, directional] = jvp((y) => y.mul(y), [tensor([3])], [tensor([1])]);
const accuracy: number = noGrad(() => x.argmax(1).eq(0).float().mean().item());

// A shape worked out step by step in a loop stays assignable.
let h: Tensor = randn([4, 8]);
for (let i = 0; i < 3; i++)
  h = h
    .matmul(randn([8, 8]))
    .add(randn([8]))
    .tanh();
