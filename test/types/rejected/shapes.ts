// Shapes that do not fit, each told in a sentence.
import { add, matmul, scaledDotProductAttention, tensor, zeros } from 'gradus';

const a = zeros([2, 3]);

// expect: matmul: 2×3 by 2×3: inner dimensions 3 and 2 differ
a.matmul(a);

// expect: matmul: 2×3 by 2×3: inner dimensions 3 and 2 differ
matmul(a, a);

// expect: matmul: 2×3 by 4: inner dimensions 3 and 4 differ
a.matmul(zeros([4]));

// expect: matmul: 5×2×3 by 4×3×2: the batch dimensions do not broadcast
zeros([5, 2, 3]).matmul(zeros([4, 3, 2]));

// expect: attention: a query has 3 features, a key 4
scaledDotProductAttention(a, zeros([2, 4]), zeros([2, 4]));

// expect: attention: there are 5 keys, 2 values
scaledDotProductAttention(a, zeros([5, 3]), a);

// expect: cannot broadcast 2×3 with 4
a.add(zeros([4]));

// expect: cannot broadcast 2×3 with 2
add(a, zeros([2]));

// expect: reshape: 2×3 has 6 elements, 4×2 has 8
a.reshape([4, 2]);

// expect: dimension 2 is out of range for rank 2
a.sum(2);

// expect: dimension -3 is out of range for rank 2
a.transpose(-3, 0);

// expect: dimension 2 is out of range for rank 2
a.unbind(2);

// expect: permute: 3 dimensions listed for a tensor of rank 2
a.permute([0, 1, 2]);

// The result of a computation is checked like a literal.
// expect: cannot broadcast 2×4 with 3
a.matmul(zeros([3, 4])).add(tensor([1, 2, 3]));
