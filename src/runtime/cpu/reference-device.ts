/**
 * The reference interpreter as a device (`GRADUS_CPU=reference`): slow, in float64, rounded to the
 * dtype wherever a tensor is stored. What the other engines are tested against.
 */
import {
  arrayOf,
  bytesOf,
  type DType,
  numelOf,
  type Spec,
  specOf,
  type TypedArray,
} from '../../base/index.ts';
import {
  forEachIndex,
  type Graph,
  IndexFault,
  type NdArray,
  ndZeros,
  runGraph,
} from '../../ir/index.ts';
import { type Device, type Executable, outOfMemory, type Slot, Storage } from '../device.ts';
import { faultError } from './fault.ts';
import { whyNoMachineCode } from './notice.ts';

class Bytes {
  readonly buffer: ArrayBuffer;
  constructor(bytes: number) {
    try {
      this.buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
    } catch (cause) {
      throw outOfMemory(bytes, cause);
    }
  }
}

const bufferOf = (slot: Slot): ArrayBuffer => (slot.storage.handle as Bytes).buffer;

export class ReferenceDevice implements Device {
  readonly name = 'cpu';
  readonly engine = 'reference interpreter (float64)';
  readonly isa = 'float64';
  readonly threads = 1;

  notice(): string {
    return whyNoMachineCode();
  }

  allocate(bytes: number): Storage {
    return new Storage(this.name, new Bytes(bytes), 0, bytes);
  }

  free(): void {}

  write(slot: Slot, data: TypedArray): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(bufferOf(slot)).set(bytes, slot.offset);
  }

  read(slot: Slot, dtype: DType, count: number): TypedArray {
    return this.view(slot, dtype, count).slice();
  }

  view(slot: Slot, dtype: DType, count: number): TypedArray {
    return new (arrayOf(dtype))(bufferOf(slot), slot.offset, count);
  }

  compile(graph: Graph, inputs: readonly Spec[]): Executable {
    const outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, this.name));
    const runAll = (outs: readonly Slot[], ins: readonly (Slot | number)[]) => {
      const arrays = ins.map((s, i) => (typeof s === 'number' ? s : load(s, inputs[i])));
      const results = withFaults(graph, inputs, ins, () => runGraph(graph, arrays));
      results.forEach((a, i) => this.write(outs[i], toTyped(a)));
    };
    // Everything is read before anything is written.
    const inPlace = outputs.flatMap((_, o) => inputs.map((_, i) => [o, i] as const));
    return {
      outputs,
      inPlace,
      runAll,
      run: (out, a, b, scalarA, scalarB) =>
        runAll([out], inputs.length === 1 ? [a ?? scalarA] : [a ?? scalarA, b ?? scalarB]),
    };
  }

  memory(): { heapBytes: number; usedBytes: number } {
    return { heapBytes: 0, usedBytes: 0 };
  }
}

/** Runs `f`; an index out of range is told as kernels tell it, by the operand that holds it. */
function withFaults<T>(
  graph: Graph,
  specs: readonly Spec[],
  ins: readonly (Slot | number)[],
  f: () => T,
): T {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof IndexFault) || error.node === null) throw error;
    throw faultError(graph, specs, error.node, error.position, (i, element) => {
      const { dtype } = specs[i];
      const slot = ins[i] as Slot;
      const all = new (arrayOf(dtype))(bufferOf(slot));
      return Number(all[slot.offset / bytesOf(dtype) + element]);
    });
  }
}

function load(slot: Slot, spec: Spec): NdArray {
  const all = new (arrayOf(spec.dtype))(bufferOf(slot));
  const base = slot.offset / bytesOf(spec.dtype);
  const out = ndZeros(spec.shape, spec.dtype);
  forEachIndex(spec.shape, [spec.strides], (at, [o]) => {
    out.data[at] = all[base + o];
  });
  return out;
}

function toTyped(a: NdArray): TypedArray {
  const out = new (arrayOf(a.dtype))(numelOf(a.shape));
  for (let i = 0; i < out.length; i++) out[i] = a.data[i];
  return out;
}
