/** Writes Protocol Buffers messages: fields in the order they are added, nothing more. */

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;

/** A message under construction; `finish` gives its bytes. */
export class Message {
  #parts = [];

  /** Whole numbers, negative ones as 64-bit two's complement. */
  int(field, value) {
    this.#parts.push(varint((field << 3) | VARINT), varint(BigInt.asUintN(64, BigInt(value))));
    return this;
  }

  ints(field, values) {
    for (const value of values) this.int(field, value);
    return this;
  }

  float(field, value) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#parts.push(varint((field << 3) | FIXED32), bytes);
    return this;
  }

  bytes(field, value) {
    this.#parts.push(varint((field << 3) | BYTES), varint(value.length), value);
    return this;
  }

  string(field, value) {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  strings(field, values) {
    for (const value of values) this.string(field, value);
    return this;
  }

  message(field, value) {
    return this.bytes(field, value.finish());
  }

  messages(field, values) {
    for (const value of values) this.message(field, value);
    return this;
  }

  finish() {
    return Buffer.concat(this.#parts);
  }
}

function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
