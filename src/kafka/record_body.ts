/**
 * Key, value and headers of a record, encoded (record format v2).
 *
 * @module
 */
import { ByteWriter } from "./bytes.ts";
import { encodeTextInto } from "./text.ts";

/** Header values by name: a string goes out as UTF-8. */
export type RecordHeaders = Readonly<Record<string, string | Uint8Array>>;

/** Bodies are put together here, and copied out in their size. */
const MIN_SCRATCH_BYTES = 16 * 1024;
/** One that had to grow further for a record is not kept. */
const MAX_SCRATCH_BYTES = 256 * 1024;
let scratch = new ByteWriter(new Uint8Array(MIN_SCRATCH_BYTES));
/** Small bodies share memory: it goes when the last of them has been written. */
let slab = new Uint8Array(0);
let slabAt = 0;
const SLAB_BYTES = 64 * 1024;
const MAX_SLAB_BODY = 4 * 1024;
/** Longer text is the platform's to encode. */
const MAX_PLAIN = 256;
/** A varint is never longer. */
const MAX_VARINT = 10;

const utf8 = new TextEncoder();

/** The body of a record. A string is written as UTF-8. */
export function encodeRecordBody(
  key: string | Uint8Array | null,
  value: string | Uint8Array | null,
  headers: RecordHeaders | undefined,
): Uint8Array {
  scratch.at = 0;
  write(key);
  write(value);
  if (headers === undefined) {
    reserve(MAX_VARINT);
    scratch.varint(0);
  } else {
    const names = Object.keys(headers);
    reserve(MAX_VARINT);
    scratch.varint(names.length);
    for (let i = 0; i < names.length; i++) {
      const name = names[i] ?? "";
      write(name);
      write(headers[name] ?? "");
    }
  }
  const size = scratch.at;
  const body = allocate(size);
  body.set(scratch.bytes.subarray(0, size));
  if (scratch.bytes.length > MAX_SCRATCH_BYTES) scratch = new ByteWriter(new Uint8Array(MIN_SCRATCH_BYTES));
  return body;
}

function write(part: string | Uint8Array | null): void {
  if (part === null) {
    reserve(MAX_VARINT);
    return scratch.varint(-1);
  }
  reserve(MAX_VARINT + part.length);
  if (typeof part !== "string") {
    scratch.varint(part.length);
    return scratch.raw(part);
  }
  if (part.length <= MAX_PLAIN) {
    const sizeAt = scratch.at;
    scratch.varint(part.length);
    const written = encodeTextInto(part, scratch.bytes, scratch.at);
    if (written >= 0) {
      scratch.at += written;
      return;
    }
    scratch.at = sizeAt;
  }
  const bytes = utf8.encode(part);
  reserve(MAX_VARINT + bytes.length);
  scratch.varint(bytes.length);
  scratch.raw(bytes);
}

function reserve(size: number): void {
  const { at, bytes } = scratch;
  if (at + size <= bytes.length) return;
  const larger = new Uint8Array(Math.max(at + size, bytes.length * 2));
  larger.set(bytes.subarray(0, at));
  scratch = new ByteWriter(larger, at);
}

function allocate(size: number): Uint8Array<ArrayBuffer> {
  if (size > MAX_SLAB_BODY) return new Uint8Array(size);
  if (slabAt + size > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabAt = 0;
  }
  return slab.subarray(slabAt, slabAt += size);
}
