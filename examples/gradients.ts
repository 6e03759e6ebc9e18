// Derivatives are functions of functions: nothing to declare, any order.
import { grad, jvp, type Tensor, tensor, valueAndGrad } from 'gradus';

const f = (x: Tensor) => x.sin().mul(x).sum();

const x = tensor([0, 1, 2]);
console.log("f'(x)  =", String(grad(f)(x)));
console.log("f''(x) =", String(grad((y) => grad(f)(y).sum())(x)));

// Newton's method for the root of g(w) = w^3 - 2, with value and slope from one evaluation.
const g = (w: Tensor) => w.mul(w).mul(w).sub(2).sum();
let w: Tensor = tensor(1.5);
for (let i = 0; i < 5; i++) {
  const [value, slope] = valueAndGrad(g)(w);
  w = w.sub(value.div(slope));
}
console.log('cube root of 2 =', w.item());

// The slope along one direction, without the whole gradient.
const [, along] = jvp(f, [x], [tensor([1, 0, 0])]);
console.log('along the first axis =', along.item());
