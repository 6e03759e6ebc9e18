/**
 * What `kernel/` gives to a device for one op graph: kernels to run in order, with their
 * arguments. Sizes and strides are arguments, so one kernel serves every size of its class.
 */
import type { GraphNode } from '../ir/index.ts';
import type { Kernel } from './ir.ts';

/** A buffer that a launch touches. */
export type BufferRef =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'output'; readonly index: number }
  | { readonly kind: 'temp'; readonly index: number }
  /** Memory of the plan's own, which holds what kept launches wrote from run to run. */
  | { readonly kind: 'kept'; readonly index: number };

export type Arg =
  /** Address of a buffer's first element (an input's own offset included) plus `bytes`. */
  | { readonly kind: 'pointer'; readonly buffer: BufferRef; readonly bytes: number }
  /** A size, stride or other number known when the plan is made. */
  | { readonly kind: 'index'; readonly value: number }
  /** Run-time scalar: graph input `input`, written as `elem`. */
  | {
      readonly kind: 'scalar';
      readonly input: number;
      readonly elem: 'f32' | 'f64' | 'i32' | 'i64';
    };

export interface Launch {
  /** Equal keys mean equal kernels: op structure, dtypes, rank, stride classes, bucket, ISA. */
  readonly key: string;
  build(): Kernel;
  readonly args: readonly Arg[];
  /** Into how many tiles it cuts its work; 1 unless given. Every tile must run once. */
  readonly tiles?: number;
  /**
   * Depends on constant inputs alone (see `lowerGraph`) and writes kept buffers alone: needed again only
   * when one of those inputs has changed.
   */
  readonly kept?: true;
  /** The node whose index may be out of range, if there is one. */
  readonly faults?: GraphNode;
}

/** Temporary buffers; those that are never needed at the same time share memory. */
export interface Temporaries {
  /** Where they start, in bytes from the start of memory for all of them. */
  readonly temps: readonly number[];
  /** How many bytes each has. */
  readonly tempSizes: readonly number[];
  /** Bytes of the memory for all. */
  readonly tempBytes: number;
}

/** Everything one graph needs: launches in order, and where each temporary buffer lies. */
export interface LaunchPlan extends Temporaries {
  readonly launches: readonly Launch[];
  /** Sizes of the kept buffers. */
  readonly keptSizes: readonly number[];
  /** Pairs [output, input]: the output may lie on the input's memory, if that is dense. */
  readonly inPlace: readonly (readonly [number, number])[];
}
