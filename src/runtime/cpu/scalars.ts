/** A number as an int64: saturated, NaN as 0. */
export function toInt64(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
}

/** Slots of 8 bytes that numbers are written to, as `cast` converts them: saturating, NaN as 0. */
export class ScalarSlots {
  private readonly f64: Float64Array;
  private readonly f32: Float32Array;
  private readonly i32: Int32Array;
  private readonly i64: BigInt64Array;

  constructor(slots: Float64Array) {
    const { buffer, byteOffset, length } = slots;
    this.f64 = slots;
    this.f32 = new Float32Array(buffer, byteOffset, 2 * length);
    this.i32 = new Int32Array(buffer, byteOffset, 2 * length);
    this.i64 = new BigInt64Array(buffer, byteOffset, length);
  }

  write(at: number, elem: 'f32' | 'f64' | 'i32' | 'i64', value: number): void {
    if (elem === 'f32') this.f32[2 * at] = value;
    else if (elem === 'f64') this.f64[at] = value;
    else if (elem === 'i32') this.i32[2 * at] = Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1));
    else this.i64[at] = toInt64(value);
  }
}
