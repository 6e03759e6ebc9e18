/** Bytes that grow. */
export class CodeBuffer {
  bytes = new Uint8Array(1024);
  length = 0;

  /** Makes room for `count` bytes more; the writers below do not look. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** `count` bytes of an integer, lowest first. */
  integer(value: number | bigint, count: number): void {
    if (typeof value === 'bigint') {
      for (let i = 0; i < count; i++) this.byte(Number((value >> BigInt(8 * i)) & 0xffn));
      return;
    }
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    for (let i = 0; i < count; i++) {
      bytes[at++] = rest & 255;
      // Beyond 32 bits a shift would lose what a division keeps.
      rest = count > 4 ? Math.floor(rest / 256) : rest >> 8;
    }
    this.length = at;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
}
