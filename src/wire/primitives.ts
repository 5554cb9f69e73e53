/**
 * The codecs of the primitive types, in the plain and in the compact form.
 *
 * @module
 */
import type { Codec } from "./codec.ts";
import type { Reader } from "./reader.ts";
import type { Primitive, PrimitiveValues } from "./schema.ts";
import { ZERO_UUID } from "./uuid.ts";

interface Forms<T> {
  readonly plain: Codec<T>;
  /** The same as `plain` where the type has no compact form. */
  readonly compact: Codec<T>;
  /** How a value that may be null is read; encoders take null as it is. Absent where the type is never null. */
  readonly nullable?: (reader: Reader) => T | null;
  readonly compactNullable?: (reader: Reader) => T | null;
}

/** A type of fixed size. */
function fixed<T>(minBytes: number, zero: T, rw: Pick<Codec<T>, "decode" | "encode">): Forms<T> {
  const codec: Codec<T> = { ...rw, minBytes, default: zero, isDefault: (value) => value === zero };
  return { plain: codec, compact: codec };
}

const NO_BYTES = new Uint8Array(0);

const BYTES: Forms<Uint8Array> = {
  plain: {
    minBytes: 4,
    default: NO_BYTES,
    isDefault: isEmpty,
    decode: (reader) => reader.bytes(),
    encode: (writer, value) => writer.bytes(value),
  },
  compact: {
    minBytes: 1,
    default: NO_BYTES,
    isDefault: isEmpty,
    decode: (reader) => reader.compactBytes(),
    encode: (writer, value) => writer.compactBytes(value),
  },
  nullable: (reader) => reader.nullableBytes(),
  compactNullable: (reader) => reader.compactNullableBytes(),
};

const STRING: Forms<string> = {
  plain: {
    minBytes: 2,
    default: "",
    isDefault: isEmpty,
    decode: (reader) => reader.string(),
    encode: (writer, value) => writer.string(value),
  },
  compact: {
    minBytes: 1,
    default: "",
    isDefault: isEmpty,
    decode: (reader) => reader.compactString(),
    encode: (writer, value) => writer.compactString(value),
  },
  nullable: (reader) => reader.nullableString(),
  compactNullable: (reader) => reader.compactNullableString(),
};

function isEmpty(value: { readonly length: number } | null): boolean {
  return value !== null && value.length === 0;
}

/** By the type's name in Kafka's definitions. */
export const PRIMITIVE_CODECS: { readonly [P in Primitive]: Forms<PrimitiveValues[P]> } = {
  bool: fixed(1, false, { decode: (r) => r.bool(), encode: (w, v) => w.bool(v) }),
  int8: fixed(1, 0, { decode: (r) => r.int8(), encode: (w, v) => w.int8(v) }),
  int16: fixed(2, 0, { decode: (r) => r.int16(), encode: (w, v) => w.int16(v) }),
  int32: fixed(4, 0, { decode: (r) => r.int32(), encode: (w, v) => w.int32(v) }),
  int64: fixed(8, 0n, { decode: (r) => r.int64(), encode: (w, v) => w.int64(v) }),
  float64: fixed(8, 0, { decode: (r) => r.float64(), encode: (w, v) => w.float64(v) }),
  uuid: fixed(16, ZERO_UUID, { decode: (r) => r.uuid(), encode: (w, v) => w.uuid(v) }),
  string: STRING,
  bytes: BYTES,
  records: BYTES,
};
