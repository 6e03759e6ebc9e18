/** What the inputs of a program are in a call. */
import { bytesOf, type Spec, specOf, WEAK_INT } from '../base/index.ts';
import { copy, type GraphValue } from '../ir/index.ts';
import { type Executable, getDevice } from '../runtime/device.ts';
import { noGrad, Tensor, wordsOf } from '../tensor/index.ts';
import { ownerTensor, type Source } from './bindings.ts';

/** One call: its arguments, and the random state at its start. */
export interface Call {
  readonly args: readonly Tensor[];
  readonly seed: bigint;
  readonly counter: bigint;
}

export function operandOf(source: Source, call: Call, spec: Spec): Tensor | number {
  switch (source.kind) {
    case 'argument':
    case 'captured':
      return laidOut(ownerTensor(source, call.args), spec);
    case 'gradient':
      return laidOut(ownerTensor(source.of, call.args).storedGradient() as Tensor, spec);
    case 'seed':
      return wordsOf(call.seed)[source.word];
    case 'counter':
      return wordsOf(call.counter + BigInt(source.call))[source.word];
  }
}

/** The tensor, or a dense copy of one that strides in another way than the program expects. */
export function laidOut(t: Tensor, spec: Spec): Tensor {
  const own = t.spec;
  if (own === spec || (spec.contiguous && own.contiguous)) return t;
  if (own.strides.join() === spec.strides.join()) return t;
  return noGrad(() => copy(t) as Tensor);
}

/** Fresh tensors for the outputs of an executable, computed from these inputs. */
export function runOn(
  device: string,
  executable: Executable,
  inputs: readonly (Tensor | number)[],
): Tensor[] {
  const outs = executable.outputs.map((spec) => freshTensor(device, spec));
  executable.runAll(outs, inputs);
  return outs;
}

export const freshTensor = (device: string, spec: Spec): Tensor =>
  new Tensor(getDevice(device).allocate(spec.numel * bytesOf(spec.dtype)), 0, spec, null);

/** What a program is made for: captured tensors keep their layout, all others are dense. */
export function specFor(source: Source, value: GraphValue, device: string): Spec {
  if (source.kind === 'seed' || source.kind === 'counter') return WEAK_INT;
  if (source.kind === 'captured') return source.tensor.spec;
  return specOf(value.dtype, value.shape, undefined, device);
}
