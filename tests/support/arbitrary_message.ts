/**
 * Any value of any message, in any version, from its definition.
 *
 * @module
 */
import fc from "fast-check";
import type { Message } from "../../src/wire/message.ts";
import type { Fields, FieldType, Primitive } from "../../src/wire/schema.ts";
import { ZERO_UUID } from "../../src/wire/uuid.ts";
import { includesVersion } from "../../src/wire/versions.ts";

/** A message's or structure's fields by name. */
export type FieldValues = Record<string, unknown>;

const PRIMITIVES: Readonly<Record<Primitive, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double({ noNaN: true }),
  string: fc.string({ unit: "binary", maxLength: 6 }),
  bytes: fc.uint8Array({ maxLength: 6 }),
  records: fc.uint8Array({ maxLength: 6 }),
  uuid: fc.uuid(),
};

const ZEROES: Readonly<Record<Primitive, unknown>> = {
  bool: false,
  int8: 0,
  int16: 0,
  int32: 0,
  int64: 0n,
  float64: 0,
  string: "",
  bytes: new Uint8Array(),
  records: new Uint8Array(),
  uuid: ZERO_UUID,
};

/** Any value that `message` can have in `version`: the fields that the version does not have are at their defaults. */
export function arbitraryMessage(message: Message<Fields>, version: number): fc.Arbitrary<FieldValues> {
  return arbitraryFields(message.fields, version);
}

/** All fields at their defaults. */
export function defaultFields(fields: Fields): FieldValues {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { type, options }]) => [
      name,
      options.default === undefined ? defaultOf(type) : options.default,
    ]),
  );
}

function arbitraryFields(fields: Fields, version: number): fc.Arbitrary<FieldValues> {
  const defaults = defaultFields(fields);
  const arbitraries = Object.entries(fields).map(([name, { type, versions, options }]) => {
    if (!includesVersion(versions, version)) return [name, fc.constant(defaults[name])];
    const nullable = includesVersion(options.nullableVersions ?? "none", version);
    const value = arbitraryType(type, version);
    const byDefault = fc.constant(atDefault(defaults[name], nullable, type));
    return [name, fc.oneof(byDefault, nullable ? fc.option(value) : value)];
  });
  return fc.record(Object.fromEntries(arbitraries), { noNullPrototype: true });
}

/** A default of null counts only where null may be written. */
function atDefault(value: unknown, nullable: boolean, type: FieldType): unknown {
  return value === null && !nullable ? defaultOf(type) : value;
}

function arbitraryType(type: FieldType, version: number): fc.Arbitrary<unknown> {
  if (typeof type === "string") return PRIMITIVES[type];
  if ("element" in type) return fc.array(arbitraryType(type.element, version), { maxLength: 3 });
  return arbitraryFields(type.fields, version);
}

function defaultOf(type: FieldType): unknown {
  if (typeof type === "string") return ZEROES[type];
  return "element" in type ? [] : defaultFields(type.fields);
}
