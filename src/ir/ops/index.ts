/** Every op: its function and, in capitals, its OpDef. */
export { ABS, abs } from './abs.ts';
export { ADAM_UPDATE, adamUpdate } from './adam-update.ts';
export { ADD, add } from './add.ts';
export { ALL, ANY, all, any } from './any-all.ts';
export { ARANGE, arange, LINSPACE, linspace } from './arange.ts';
export { ARGMAX, ARGMIN, argmax, argmin } from './argmax.ts';
export {
  type AttentionDropout,
  type AttentionOptions,
  SCALED_DOT_PRODUCT_ATTENTION,
  scaledDotProductAttention,
} from './attention/scaled-dot-product-attention.ts';
export {
  BATCH_NORM,
  BATCH_NORM_TRAINING,
  type BatchNormOptions,
  batchNorm,
  batchNormTraining,
  RUNNING_UPDATE,
  runningUpdate,
} from './batch-norm.ts';
export {
  BITWISE_AND,
  BITWISE_NOT,
  BITWISE_OR,
  BITWISE_XOR,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  SHIFT_RIGHT,
  shiftRight,
} from './bitwise.ts';
export { CAST, cast } from './cast.ts';
export { CLAMP, clamp } from './clamp.ts';
export { EQ, eq, GE, GT, ge, gt, LE, LT, le, lt, NE, ne } from './compare.ts';
export { CONCAT, concat, stack } from './concat.ts';
export {
  COND,
  isTrue,
  SCAN,
  type ScanAttrs,
  scanWord,
  WHILE_LOOP,
  WHILE_LOOP_GRAD,
  type WhileGradAttrs,
  type WhileLoopAttrs,
} from './control/index.ts';
export {
  CONV2D,
  CONV2D_BIAS,
  CONV2D_INPUT,
  CONV2D_WEIGHT,
  type ConvOptions,
  conv2d,
  conv2dInput,
  conv2dWeight,
  type Pair,
} from './conv2d.ts';
export { COPY, copy } from './copy.ts';
export {
  CROSS_ENTROPY,
  type CrossEntropyOptions,
  crossEntropy,
  NLL_LOSS,
  nllLoss,
} from './cross-entropy.ts';
export { DIV, div } from './div.ts';
export { EMBEDDING, embedding } from './embedding.ts';
export { ERF, erf } from './erf.ts';
export { EXP, exp } from './exp.ts';
export { EXPM1, expm1 } from './expm1.ts';
export { EYE, eye } from './eye.ts';
export { FULL, full } from './full.ts';
export { GATHER, gather, IndexFault, SCATTER_ADD, scatterAdd } from './gather.ts';
export { GELU_OP, gelu } from './gelu.ts';
export { indexSelect, takeAlongDim } from './index-select.ts';
export { IOTA, iota } from './iota.ts';
export { isfinite, isinf } from './isfinite.ts';
export { ISNAN, isnan } from './isnan.ts';
export { LAYER_NORM, layerNorm } from './layer-norm.ts';
export { ELU_OP, elu, LEAKY_RELU, leakyRelu } from './leaky-relu.ts';
export { LINEAR, linear } from './linear.ts';
export { LOG, log } from './log.ts';
export { LOG1P, log1p } from './log1p.ts';
export { log2, log10 } from './log2.ts';
export {
  LOGICAL_AND,
  LOGICAL_NOT,
  LOGICAL_OR,
  LOGICAL_XOR,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
} from './logical.ts';
export { LOGSUMEXP, logsumexp } from './logsumexp.ts';
export { LSTM_OP, lstm } from './lstm.ts';
export { maskedFill } from './masked-fill.ts';
export { MATMUL, matmul } from './matmul.ts';
export { MAX, MIN, max, min } from './max.ts';
export {
  avgPool2d,
  MAX_POOL2D,
  maxPool2d,
  maxPool2dWithIndices,
  type PoolOptions,
} from './max-pool2d.ts';
export { MAXIMUM, MINIMUM, maximum, minimum } from './maximum.ts';
export { MEAN, mean } from './mean.ts';
export { MSE, mse, type Reduction } from './mse.ts';
export { MUL, mul } from './mul.ts';
export { NEG, neg } from './neg.ts';
export { norm } from './norm.ts';
export { oneHot } from './one-hot.ts';
export { pad } from './pad.ts';
export { PERMUTE, permute, transpose } from './permute.ts';
export { POW, pow } from './pow.ts';
export { PROD, prod } from './prod.ts';
export {
  BERNOULLI,
  bernoulli,
  DROPOUT,
  dropout,
  NORMAL,
  normal,
  RANDINT,
  randint,
  UNIFORM,
  uniform,
} from './random.ts';
export { RANDOM_BITS, type RandomAttrs, type RandomState, randomBits } from './random-bits.ts';
export { RECIPROCAL, reciprocal } from './reciprocal.ts';
export { RELU, relu } from './relu.ts';
export { FLOOR_DIVIDE, floorDivide, REMAINDER, remainder } from './remainder.ts';
export { flatten, RESHAPE, reshape, squeeze, unsqueeze } from './reshape.ts';
export { RMSPROP_UPDATE, type RmspropState, rmspropUpdate } from './rmsprop-update.ts';
export { CEIL, ceil, FLOOR, floor, ROUND, round, TRUNC, trunc } from './rounding.ts';
export { RSQRT, rsqrt } from './rsqrt.ts';
export { SGD_MOMENTUM_UPDATE, SGD_UPDATE, sgdMomentumUpdate, sgdUpdate } from './sgd-update.ts';
export { SIGMOID, sigmoid } from './sigmoid.ts';
export { SIGN, sign } from './sign.ts';
export { SILU, silu } from './silu.ts';
export { COS, cos, SIN, sin } from './sin-cos.ts';
export { flip, narrow, PLACE, place, SLICE, slice } from './slice.ts';
export { LOG_SOFTMAX, logSoftmax, SOFTMAX, softmax } from './softmax.ts';
export { SOFTPLUS, softplus } from './softplus.ts';
export { chunk, SPLIT, split, UNBIND, unbind } from './split.ts';
export { SQRT, sqrt } from './sqrt.ts';
export { SQUARE, square } from './square.ts';
export { SUB, sub } from './sub.ts';
export { type Dims, EXPAND, expand, expandDims, type ReduceAttrs, SUM, sum, sumTo } from './sum.ts';
export { tan } from './tan.ts';
export { TANH, tanh } from './tanh.ts';
export { tile } from './tile.ts';
export { tril, triu } from './tril.ts';
export { STD, std, VAR, type VarOptions, variance } from './variance.ts';
export { WHERE, where } from './where.ts';
