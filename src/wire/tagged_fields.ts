/**
 * Tagged fields (KIP-482): what follows the fields of each structure in a flexible version. Tags that a definition
 * does not know are passed over, as KIP-482 asks, and not kept.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import type { NamedCodec, StructValue } from "./codec.ts";
import type { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

const NONE: ReadonlyMap<number, TaggedCodec> = new Map();
const NOTHING: Record<string, unknown> = Object.freeze({});

/** A tagged field of a structure. */
export interface TaggedCodec extends NamedCodec {
  readonly tag: number;
}

/** Reads and writes all tagged fields of a structure. */
export interface TaggedFieldsCodec {
  decode(reader: Reader, into: Record<string, unknown>): void;
  encode(writer: Writer, value: StructValue): void;
}

/** The codec of a structure's tagged fields; of none, where only unknown ones can come. */
export function taggedFieldsCodec(fields: readonly TaggedCodec[]): TaggedFieldsCodec {
  if (fields.length === 0) return { decode: skipTaggedFields, encode: (writer) => writer.uvarint(0) };
  const sorted = [...fields].sort((a, b) => a.tag - b.tag);
  const byTag = new Map(sorted.map((field) => [field.tag, field]));
  return {
    decode: (reader, into) => decodeTaggedFields(reader, byTag, into),
    encode(writer, value) {
      if (sorted.every((field) => isLeftOut(field, value))) return writer.uvarint(0);
      const present = sorted.filter((field) => !isLeftOut(field, value));
      writer.uvarint(present.length);
      for (const { tag, name, codec } of present) {
        // The size comes first and has a variable length itself; tagged fields are rare and small enough for a copy.
        const body = new Writer();
        codec.encode(body, value[name]);
        writer.uvarint(tag);
        writer.uvarint(body.position);
        writer.raw(body.written());
      }
    },
  };
}

/** Passes over tagged fields. @throws {WireError} */
export function skipTaggedFields(reader: Reader): void {
  decodeTaggedFields(reader, NONE, NOTHING);
}

function isLeftOut({ name, codec }: TaggedCodec, value: StructValue): boolean {
  return value[name] === undefined || codec.isDefault(value[name]);
}

/** Reads those that `byTag` knows, and passes over the others. */
function decodeTaggedFields(
  reader: Reader,
  byTag: ReadonlyMap<number, TaggedCodec>,
  into: Record<string, unknown>,
): void {
  const count = reader.uvarint();
  let last = -1;
  for (let i = 0; i < count; i++) {
    const tag = reader.uvarint();
    if (tag <= last) throw new WireError(`Cannot read tagged fields as tag ${tag} comes after tag ${last}`);
    last = tag;
    const sizeBytes = reader.uvarint();
    const field = byTag.get(tag);
    if (field === undefined) {
      reader.skip(sizeBytes);
      continue;
    }
    const end = reader.position + sizeBytes;
    into[field.name] = field.codec.decode(reader);
    if (reader.position !== end) {
      throw new WireError(
        `Cannot read ${field.name} as tag ${tag} does not end at its size of ${sizeBytes} bytes`,
      );
    }
  }
}
