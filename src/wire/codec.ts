/**
 * Makes codecs of definitions: for each version a chain of closures, in which everything that the version decides
 * (which fields, compact or not, nullable or not, tagged or not) is decided once. Its loops count: what an iterator gives
 * would be garbage of every field of every message.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { PRIMITIVE_CODECS } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import type { ArrayOf, Field, FieldType, Primitive, Struct } from "./schema.ts";
import { type TaggedCodec, taggedFieldsCodec } from "./tagged_fields.ts";
import { includesVersion } from "./versions.ts";
import type { Writer } from "./writer.ts";

/** Reads and writes one type in one version. */
export interface Codec<T = unknown> {
  decode(reader: Reader): T;
  encode(writer: Writer, value: T): void;
  /** The fewest bytes that a value takes: what an array's count is held against. */
  readonly minBytes: number;
  /** What stands for a value that is not there. */
  readonly default: T;
  /** Whether a tagged field with this value is left out. */
  isDefault(value: T): boolean;
}

/** A structure in the program: fields by name. */
export interface StructValue {
  readonly [name: string]: unknown;
}

export type StructCodec = Codec<StructValue>;

/** The codec of a field. */
export interface NamedCodec {
  readonly name: string;
  readonly codec: Codec;
}

/** The codec of a structure, or of a whole message. `flexible` is the message's, not the structure's. */
export function structCodec(struct: Struct, version: number, flexible: boolean): StructCodec {
  const all: NamedCodec[] = [];
  const untagged: NamedCodec[] = [];
  const tagged: TaggedCodec[] = [];
  for (const [name, field] of Object.entries(struct.fields)) {
    const named = { name, codec: fieldCodec(`${struct.name}.${name}`, field, version, flexible) };
    all.push(named);
    if (!includesVersion(field.versions, version)) continue;
    const { tag, taggedVersions = "none" } = field.options;
    if (tag !== undefined && includesVersion(taggedVersions, version)) tagged.push({ tag, ...named });
    else untagged.push(named);
  }
  const defaults = Object.fromEntries(all.map(({ name, codec }) => [name, codec.default]));
  const tail = flexible ? taggedFieldsCodec(tagged) : undefined;
  return {
    minBytes: untagged.reduce((sum, { codec }) => sum + codec.minBytes, flexible ? 1 : 0),
    default: Object.freeze(defaults),
    isDefault: (value) =>
      all.every(({ name, codec }) => value[name] === undefined || codec.isDefault(value[name])),
    decode(reader) {
      // A copy of the defaults has every field in place: what follows only fills them in.
      const value: Record<string, unknown> = { ...defaults };
      for (let i = 0; i < untagged.length; i++) {
        const field = untagged[i];
        if (field !== undefined) value[field.name] = field.codec.decode(reader);
      }
      tail?.decode(reader, value);
      return value;
    },
    encode(writer, value) {
      for (let i = 0; i < untagged.length; i++) {
        const field = untagged[i];
        if (field === undefined) continue;
        const given = value[field.name];
        field.codec.encode(writer, given === undefined ? field.codec.default : given);
      }
      tail?.encode(writer, value);
    },
  };
}

function fieldCodec(path: string, field: Field, version: number, flexible: boolean): Codec {
  const { nullableVersions = "none", default: given } = field.options;
  const nullable = includesVersion(nullableVersions, version);
  const codec = typeCodec(path, field.type, version, flexible, nullable);
  if (given === undefined) return codec;
  return { ...codec, default: given, isDefault: (value) => value === given };
}

function typeCodec(
  path: string,
  type: FieldType,
  version: number,
  flexible: boolean,
  nullable: boolean,
): Codec {
  if (typeof type === "string") return primitiveCodec(path, type, flexible, nullable);
  if ("element" in type) return arrayCodec(path, type, version, flexible, nullable);
  const codec = structCodec(type, version, flexible);
  return nullable ? nullableStructCodec(codec) : codec;
}

/** A structure that may be null begins with a byte: 1, or -1 for null (KIP-893). */
function nullableStructCodec(codec: StructCodec): Codec<StructValue | null> {
  return {
    minBytes: 1,
    default: codec.default,
    isDefault: (value) => value !== null && codec.isDefault(value),
    decode: (reader) => reader.int8() < 0 ? null : codec.decode(reader),
    encode(writer, value) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) codec.encode(writer, value);
    },
  };
}

function primitiveCodec(path: string, type: Primitive, flexible: boolean, nullable: boolean): Codec {
  const forms = PRIMITIVE_CODECS[type];
  const codec: Codec = flexible ? forms.compact : forms.plain;
  if (nullable) {
    const decode = flexible ? forms.compactNullable : forms.nullable;
    if (decode === undefined) throw new TypeError(`Cannot define ${path} as nullable: no ${type} is`);
    return { ...codec, decode };
  }
  const { encode } = codec;
  return {
    ...codec,
    encode(writer, value) {
      if (value === null) refuseNull(path);
      encode(writer, value);
    },
  };
}

function arrayCodec(
  path: string,
  type: ArrayOf,
  version: number,
  flexible: boolean,
  nullable: boolean,
): Codec<readonly unknown[] | null> {
  const element = typeCodec(path, type.element, version, flexible, false);
  const minBytes = Math.max(element.minBytes, 1);
  const none: readonly unknown[] = Object.freeze([]);
  return {
    minBytes: flexible ? 1 : 4,
    default: none,
    isDefault: (value) => value !== null && value.length === 0,
    decode(reader) {
      const count = flexible ? reader.compactArrayCount(minBytes) : reader.arrayCount(minBytes);
      if (count === -1) {
        if (nullable) return null;
        throw new WireError(`Cannot read ${path} as it is null`);
      }
      // Its count was held against the bytes that are there. What grows by push() takes room for 17 at once.
      const values = new Array<unknown>(count);
      for (let i = 0; i < count; i++) values[i] = element.decode(reader);
      return values;
    },
    encode(writer, value) {
      if (value === null && !nullable) refuseNull(path);
      const count = value === null ? -1 : value.length;
      if (flexible) writer.compactArrayCount(count);
      else writer.arrayCount(count);
      for (let i = 0; i < count; i++) element.encode(writer, value?.[i]);
    },
  };
}

function refuseNull(path: string): never {
  throw new TypeError(`Cannot encode ${path} as it is null, which it may not be in this version`);
}
