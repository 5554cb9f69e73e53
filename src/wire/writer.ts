/**
 * Writes the primitive types of Kafka's protocol (https://kafka.apache.org/protocol#protocol_types) into a buffer
 * that grows.
 *
 * @module
 */
import { MAX_MESSAGE_BYTES, MAX_STRING_BYTES } from "./limits.ts";
import { putUuid } from "./uuid.ts";

/** Bytes of this size and more are not copied into a message, but sent from where they lie. */
export const ATTACHED_BYTES = 64 * 1024;

const UTF8 = new TextEncoder();
const INITIAL_BYTES = 256;

/** Bytes that stand in a message without having been copied. */
interface Attachment {
  /** Where in the buffer they are to be put in. */
  readonly at: number;
  /** The position in the message. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/**
 * A growing buffer. Values that do not fit their type are a mistake of ours, never cut off in silence: every method
 * throws a RangeError for them.
 */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;
  #attachments: Attachment[] = [];
  #attachedBytes = 0;

  /** @param initialBytes what is likely enough, in bytes: it saves copies */
  constructor(initialBytes = INITIAL_BYTES) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes were written. */
  get position(): number {
    return this.#at + this.#attachedBytes;
  }

  /** What was written: a view, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    if (this.#attachments.length === 0) return this.#bytes.subarray(0, this.#at);
    const whole = new Uint8Array(this.position);
    let at = 0;
    for (const part of this.parts()) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** What was written, in parts that follow each other: large bytes are the very ones that were given. */
  parts(): Uint8Array[] {
    if (this.#attachments.length === 0) return this.#at === 0 ? [] : [this.#bytes.subarray(0, this.#at)];
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { at, bytes } of this.#attachments) {
      if (at > from) parts.push(this.#bytes.subarray(from, at));
      parts.push(bytes);
      from = at;
    }
    if (this.#at > from) parts.push(this.#bytes.subarray(from, this.#at));
    return parts;
  }

  /** Forgets what was written, and keeps the buffer: what {@linkcode Writer.written} gave before is overwritten. */
  reset(): void {
    this.#at = 0;
    this.#attachments = [];
    this.#attachedBytes = 0;
  }

  bool(value: boolean): void {
    const at = this.#take(1);
    this.#view.setUint8(at, value ? 1 : 0);
  }

  int8(value: number): void {
    if (value << 24 >> 24 !== value) outOfRange("INT8", value);
    const at = this.#take(1);
    this.#view.setInt8(at, value);
  }

  int16(value: number): void {
    if (value << 16 >> 16 !== value) outOfRange("INT16", value);
    const at = this.#take(2);
    this.#view.setInt16(at, value);
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) outOfRange("UINT16", value);
    const at = this.#take(2);
    this.#view.setUint16(at, value);
  }

  int32(value: number): void {
    if ((value | 0) !== value) outOfRange("INT32", value);
    const at = this.#take(4);
    this.#view.setInt32(at, value);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) outOfRange("UINT32", value);
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  int64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) outOfRange("INT64", value);
    const at = this.#take(8);
    this.#view.setBigInt64(at, value);
  }

  float64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value);
  }

  /** UNSIGNED_VARINT: 32 bits. */
  uvarint(value: number): void {
    if (value >>> 0 !== value) outOfRange("UNSIGNED_VARINT", value);
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#byte(rest & 0x7f | 0x80);
    this.#byte(rest);
  }

  /** VARINT: 32 bits, zigzag. */
  varint(value: number): void {
    if ((value | 0) !== value) outOfRange("VARINT", value);
    this.uvarint((value << 1 ^ value >> 31) >>> 0);
  }

  /** VARLONG: 64 bits, zigzag. */
  varlong(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) outOfRange("VARLONG", value);
    let rest = BigInt.asUintN(64, value << 1n ^ value >> 63n);
    for (; rest > 0x7fn; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest));
  }

  /** STRING and NULLABLE_STRING: an INT16 length, -1 for null, and UTF-8. */
  string(value: string | null): void {
    if (value === null) return this.int16(-1);
    const length = utf8Length(value);
    this.int16(length);
    this.#utf8(value, length);
  }

  /** COMPACT_STRING and COMPACT_NULLABLE_STRING: an UNSIGNED_VARINT of the length + 1, 0 for null, and UTF-8. */
  compactString(value: string | null): void {
    if (value === null) return this.uvarint(0);
    const length = utf8Length(value);
    this.uvarint(length + 1);
    this.#utf8(value, length);
  }

  /** BYTES, NULLABLE_BYTES and RECORDS: an INT32 length, -1 for null, and the bytes. */
  bytes(value: Uint8Array | null): void {
    if (value === null) return this.int32(-1);
    this.int32(value.length);
    this.raw(value);
  }

  /** The compact forms of BYTES and RECORDS: an UNSIGNED_VARINT of the length + 1, 0 for null, and the bytes. */
  compactBytes(value: Uint8Array | null): void {
    if (value === null) return this.uvarint(0);
    this.uvarint(value.length + 1);
    this.raw(value);
  }

  /** UUID: 16 bytes from lower-case text with hyphens. */
  uuid(value: string): void {
    const at = this.#take(16);
    putUuid(this.#bytes, at, value);
  }

  /** The count of an ARRAY, -1 for null. */
  arrayCount(count: number): void {
    this.int32(count);
  }

  /** The count of a COMPACT_ARRAY, -1 for null. */
  compactArrayCount(count: number): void {
    this.uvarint(count + 1);
  }

  /** The bytes as they are. From {@linkcode ATTACHED_BYTES} on they must not change until the message was sent. */
  raw(bytes: Uint8Array): void {
    if (bytes.length >= ATTACHED_BYTES) return this.#attach(bytes);
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Puts an INT32 over what was written at `at`. */
  patchInt32(at: number, value: number): void {
    if (!(at >= 0 && at + 4 <= this.position)) outOfRange("position of an INT32", at);
    let attachedBefore = 0;
    for (const { position, bytes } of this.#attachments) {
      if (position >= at + 4) break;
      if (position + bytes.length > at) outOfRange("position of an INT32", at);
      attachedBefore += bytes.length;
    }
    this.#view.setInt32(at - attachedBefore, value);
  }

  #attach(bytes: Uint8Array): void {
    if (this.position + bytes.length > MAX_MESSAGE_BYTES) {
      outOfRange("message of so many bytes", this.position + bytes.length);
    }
    this.#attachments.push({ at: this.#at, position: this.position, bytes });
    this.#attachedBytes += bytes.length;
  }

  #byte(value: number): void {
    const at = this.#take(1);
    this.#bytes[at] = value;
  }

  /** Makes room. It may replace the buffer: evaluate it before the buffer that is written to. */
  #take(length: number): number {
    const at = this.#at;
    const end = at + length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#at = end;
    return at;
  }

  #grow(needed: number): void {
    const message = needed + this.#attachedBytes;
    if (message > MAX_MESSAGE_BYTES) outOfRange("message of so many bytes", message);
    const grown = new Uint8Array(Math.min(Math.max(needed, this.#bytes.length * 2), MAX_MESSAGE_BYTES));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #utf8(value: string, length: number): void {
    const at = this.#take(length);
    if (length !== value.length) {
      UTF8.encodeInto(value, this.#bytes.subarray(at, at + length));
      return;
    }
    for (let i = 0; i < length; i++) this.#bytes[at + i] = value.charCodeAt(i);
  }
}

/** How many bytes `value` takes in UTF-8; a lone surrogate becomes U+FFFD, as in the encoder. */
function utf8Length(value: string): number {
  let length = value.length;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      length++;
    } else {
      length += 2;
      // A pair: four bytes for two units, of which the second adds nothing more.
      if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(value.charCodeAt(i + 1))) i++;
    }
  }
  if (length > MAX_STRING_BYTES) outOfRange("string of so many bytes", length);
  return length;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function outOfRange(what: string, value: number | bigint): never {
  throw new RangeError(`Cannot write a ${what} as the value is out of its range: current value is ${value}`);
}
