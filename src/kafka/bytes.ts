/**
 * Writing Kafka's primitive types into bytes that are known to be large enough. A write past the end throws.
 *
 * @module
 */
const utf8 = new TextEncoder();

/** Writes forward from `at`. Variable-length integers are zigzag, as in records. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  int8(value: number): void {
    this.#view.setInt8(this.at, value);
    this.at += 1;
  }

  int16(value: number): void {
    this.#view.setInt16(this.at, value);
    this.at += 2;
  }

  int32(value: number): void {
    this.#view.setInt32(this.at, value);
    this.at += 4;
  }

  uint32(value: number): void {
    this.#view.setUint32(this.at, value);
    this.at += 4;
  }

  int64(value: bigint): void {
    this.#view.setBigInt64(this.at, value);
    this.at += 8;
  }

  /** A signed integer of up to 53 bits. */
  varint(value: number): void {
    if (value >= 0 && value < 64) {
      this.bytes[this.at++] = value << 1;
      return;
    }
    let left = value >= 0 ? value * 2 : -value * 2 - 1;
    // Beyond 31 bits the operators of bits would cut.
    for (; left > 0x7fffffff; left = Math.floor(left / 128)) this.bytes[this.at++] = (left % 128) | 0x80;
    for (; left > 0x7f; left >>>= 7) this.bytes[this.at++] = (left & 0x7f) | 0x80;
    this.bytes[this.at++] = left;
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Kafka's STRING: an INT16 length, then UTF-8. */
  string(text: string): void {
    const { written } = utf8.encodeInto(text, this.bytes.subarray(this.at + 2));
    this.int16(written);
    this.at += written;
  }
}

/** How many bytes {@linkcode ByteWriter.varint} takes. */
export function sizeOfVarint(value: number): number {
  if (value >= 0 && value < 64) return 1;
  let left = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  while (left > 0x7f) {
    left = Math.floor(left / 128);
    size++;
  }
  return size;
}
