// What is no tensor, no option, no synchronous function.
import { noGrad, type Tensor, tensor, zeros } from 'gradus';

const a = zeros([2, 3]);

// expect: Argument of type 'number[]' is not assignable
a.add([1, 2, 3]);

// expect: Argument of type 'Promise<
a.mul(Promise.resolve(a));

// expect: 'dtyp' does not exist in type 'TensorOptions'
tensor([1], { dtyp: 'float64' });

// expect: Type '"float23"' is not assignable
tensor([1], { dtype: 'float23' });

// expect: Type 'string' is not assignable
tensor(['1']);

// expect: Type 'Promise<number>' is not assignable
noGrad(async () => 1);

// expect: is not assignable to type 'readonly [3, 2]'
const s: readonly [3, 2] = a.shape;

// expect: not assignable
const t: Tensor<readonly [3]> = a.sum(1);
