/**
 * Reads the primitive types of Kafka's protocol (https://kafka.apache.org/protocol#protocol_types) from bytes that
 * nobody vouches for. Every length is held against the bytes that are there before anything is allocated.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { MAX_ARRAY_ELEMENTS, MAX_STRING_BYTES } from "./limits.ts";
import { uuidAt } from "./uuid.ts";

// Not the encoding's replacement characters: two different group ids must not become one.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Up to this many bytes a loop over ASCII is faster than the decoder. */
const SHORT_STRING_BYTES = 48;

/**
 * A cursor over bytes. What it returns of type `Uint8Array` is a view of them, not a copy: whoever keeps it, keeps
 * the whole frame alive, and sees it change when the frame's buffer is used again.
 *
 * Every method throws {@linkcode WireError} when the bytes do not hold what is asked for.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;
  #elementsLeft = MAX_ARRAY_ELEMENTS;

  constructor(bytes: Uint8Array) {
    // Of a Buffer, the views would be Buffers too, whose methods mean other things.
    this.#bytes = bytes.constructor === Uint8Array
      ? bytes
      : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
    this.#at = 0;
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#at;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** @throws {WireError} if anything is left */
  expectEnd(): void {
    if (this.#at !== this.#end) {
      throw new WireError(`Cannot read the message as ${this.remaining} bytes follow its end at ${this.#at}`);
    }
  }

  bool(): boolean {
    return this.#view.getUint8(this.#take(1)) !== 0;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** UNSIGNED_VARINT: 32 bits, at most five bytes. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#view.getUint8(this.#take(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.#view.getUint8(this.#take(1));
    if (last > 0x0f) throw new WireError(`Cannot read a varint as it exceeds 32 bits at ${this.#at - 1}`);
    return (value | last << 28) >>> 0;
  }

  /** VARINT: 32 bits, zigzag. */
  varint(): number {
    const value = this.uvarint();
    return value >>> 1 ^ -(value & 1);
  }

  /** VARLONG: 64 bits, zigzag, at most ten bytes. */
  varlong(): bigint {
    // Seven bytes hold 49 bits, which a double has exactly: nearly every value, and no bigint arithmetic.
    let low = 0;
    for (let i = 0, scale = 1; i < 7; i++, scale *= 128) {
      const byte = this.#view.getUint8(this.#take(1));
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(low % 2 === 0 ? low / 2 : -(low + 1) / 2);
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#view.getUint8(this.#take(1));
      if (shift === 63n && byte > 1) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value >> 1n ^ -(value & 1n);
    }
    throw new WireError(`Cannot read a varlong as it exceeds 64 bits at ${this.#at - 1}`);
  }

  /** STRING: an INT16 length and UTF-8. */
  string(): string {
    return this.#string(this.#notNull(this.int16(), "string"));
  }

  /** NULLABLE_STRING: as STRING, length -1 for null. */
  nullableString(): string | null {
    const length = this.#length(this.int16(), "string");
    return length === -1 ? null : this.#string(length);
  }

  /** COMPACT_STRING: an UNSIGNED_VARINT of the length + 1, and UTF-8. */
  compactString(): string {
    return this.#string(this.#notNull(this.uvarint() - 1, "string"));
  }

  /** COMPACT_NULLABLE_STRING: as COMPACT_STRING, 0 for null. */
  compactNullableString(): string | null {
    const length = this.uvarint() - 1;
    return length === -1 ? null : this.#string(length);
  }

  /** BYTES and RECORDS: an INT32 length and a view of so many bytes. */
  bytes(): Uint8Array {
    return this.raw(this.#notNull(this.int32(), "byte array"));
  }

  /** NULLABLE_BYTES: as BYTES, length -1 for null. */
  nullableBytes(): Uint8Array | null {
    const length = this.#length(this.int32(), "byte array");
    return length === -1 ? null : this.raw(length);
  }

  /** COMPACT_BYTES and COMPACT_RECORDS: an UNSIGNED_VARINT of the length + 1, and a view of so many bytes. */
  compactBytes(): Uint8Array {
    return this.raw(this.#notNull(this.uvarint() - 1, "byte array"));
  }

  /** COMPACT_NULLABLE_BYTES: as COMPACT_BYTES, 0 for null. */
  compactNullableBytes(): Uint8Array | null {
    const length = this.uvarint() - 1;
    return length === -1 ? null : this.raw(length);
  }

  /** UUID: 16 bytes, as lower-case text with hyphens. */
  uuid(): string {
    return uuidAt(this.#bytes, this.#take(16));
  }

  /** The count of an ARRAY whose elements take at least `elementBytes` each; -1 for null. */
  arrayCount(elementBytes: number): number {
    return this.#count(this.#length(this.int32(), "array"), elementBytes);
  }

  /** The count of a COMPACT_ARRAY whose elements take at least `elementBytes` each; -1 for null. */
  compactArrayCount(elementBytes: number): number {
    return this.#count(this.uvarint() - 1, elementBytes);
  }

  /** A view of the next `length` bytes. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** The next `length` bytes as UTF-8, of any length: not one of the protocol's strings, which are bounded. */
  utf8(length: number): string {
    const at = this.#take(length);
    const end = at + length;
    if (length > SHORT_STRING_BYTES) return this.#decode(at, end);
    let text = "";
    for (let i = at; i < end; i++) {
      const byte = this.#bytes[i] ?? 0;
      if (byte >= 0x80) return this.#decode(at, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const at = this.#at;
    // The comparison is written so that it also fails for NaN.
    if (!(length >= 0 && length <= this.#end - at)) {
      throw new WireError(`Cannot read ${length} bytes at ${at} as only ${this.#end - at} are left`);
    }
    this.#at = at + length;
    return at;
  }

  #length(length: number, what: string): number {
    if (length < -1) throw new WireError(`Cannot read a ${what} as its length is ${length} at ${this.#at}`);
    return length;
  }

  #notNull(length: number, what: string): number {
    if (length < 0) throw new WireError(`Cannot read a ${what} as its length is ${length} at ${this.#at}`);
    return length;
  }

  #count(count: number, elementBytes: number): number {
    if (count === -1) return count;
    if (count * elementBytes > this.remaining) {
      throw new WireError(
        `Cannot read an array of ${count} elements at ${this.#at} as only ${this.remaining} bytes are left`,
      );
    }
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0) {
      throw new WireError(`Cannot read a message as it has more than ${MAX_ARRAY_ELEMENTS} array elements`);
    }
    return count;
  }

  #string(length: number): string {
    if (length > MAX_STRING_BYTES) {
      throw new WireError(`Cannot read a string as its length is ${length}: at most ${MAX_STRING_BYTES}`);
    }
    return this.utf8(length);
  }

  #decode(at: number, end: number): string {
    try {
      return UTF8.decode(this.#bytes.subarray(at, end));
    } catch (cause) {
      throw new WireError(`Cannot read a string of ${end - at} bytes at ${at} as it is not UTF-8`, { cause });
    }
  }
}
