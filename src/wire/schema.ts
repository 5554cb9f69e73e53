/**
 * The language of the message definitions: Kafka's own JSON definitions (`common/message/*.json` in kafka-clients),
 * written as TypeScript, so that the type of each message follows from its definition. `codec.ts` makes functions of
 * them.
 *
 * A field's versions and options have Kafka's names and notation:
 *
 * ```ts
 * import { array, defineRequest, type Infer, int16, struct, string } from "./schema.ts";
 *
 * const Example = defineRequest({
 *   apiKey: 999,
 *   name: "ExampleRequest",
 *   validVersions: "0-2",
 *   flexibleVersions: "2+",
 *   fields: {
 *     topics: array("0+", struct("ExampleTopic", {
 *       name: string("0+"),
 *       rack: string("1+", { nullableVersions: "1+", default: null }),
 *     })),
 *     acks: int16("0+", { default: -1 }),
 *   },
 * });
 * type Example = Infer<typeof Example>; // { topics: readonly { name: string; rack: string | null }[]; acks: number }
 * ```
 *
 * @module
 */
import { Message } from "./message.ts";
import type { Versions } from "./versions.ts";

/** What each primitive type that our messages have is in the program. UUIDs are lower-case text with hyphens; see uuid.ts. */
export interface PrimitiveValues {
  readonly bool: boolean;
  readonly int8: number;
  readonly int16: number;
  readonly int32: number;
  readonly int64: bigint;
  readonly float64: number;
  readonly string: string;
  readonly bytes: Uint8Array;
  readonly records: Uint8Array;
  readonly uuid: string;
}

/** The name of a primitive type, as in Kafka's definitions. */
export type Primitive = keyof PrimitiveValues;

/** A structure: its name in Kafka's definitions, and its fields in their order on the wire. */
export interface Struct<F extends Fields = Fields> {
  readonly name: string;
  readonly fields: F;
}

/** An array of something. */
export interface ArrayOf<E extends Primitive | Struct = Primitive | Struct> {
  readonly element: E;
}

/** What a field can hold. */
export type FieldType = Primitive | Struct | ArrayOf;

/** What a field may say besides its type and versions. */
export interface FieldOptions<T = unknown> {
  /** The versions in which the field may be null. */
  readonly nullableVersions?: Versions;
  /** The number of a tagged field (KIP-482). */
  readonly tag?: number;
  /** The versions in which the field is tagged; always with `tag`. */
  readonly taggedVersions?: Versions;
  /** What the field holds where it is absent, if not zero, empty or false. */
  readonly default?: T | null;
}

/** A field of a structure or message. */
export interface Field<
  T extends FieldType = FieldType,
  V extends Versions = Versions,
  O extends FieldOptions = FieldOptions,
> {
  readonly type: T;
  readonly versions: V;
  readonly options: O;
}

/** Fields by name, in their order on the wire. */
export interface Fields {
  readonly [name: string]: Field;
}

type NoOptions = Record<never, never>;
type NullIf<O> = O extends { readonly nullableVersions: Versions } ? null
  // Fields that nobody knows, as of `Message<Fields>`: any may be null.
  : FieldOptions extends O ? (keyof O extends never ? never : null)
  : never;

/** What a decoded structure holds: every field, with its default where the version has none. */
export type Decoded<F extends Fields> = {
  readonly [K in keyof F]: DecodedType<F[K]["type"]> | NullIf<F[K]["options"]>;
};

type DecodedType<T extends FieldType> = T extends Primitive ? PrimitiveValues[T]
  : T extends Struct<infer F> ? Decoded<F>
  : T extends ArrayOf<infer E> ? readonly DecodedType<E>[]
  : never;

/** The fields that an encoder must be given: those of all versions, unless they have a default. */
type RequiredNames<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly versions: "0+"; readonly options: infer O }
    ? (O extends { readonly default: unknown } ? never : K)
    : never;
}[keyof F];

/** What an encoder takes: as {@linkcode Decoded}, but what has a default, or is not in all versions, may be left out. */
export type Encodable<F extends Fields> =
  & { readonly [K in RequiredNames<F>]: EncodableField<F[K]> }
  & { readonly [K in Exclude<keyof F, RequiredNames<F>>]?: EncodableField<F[K]> | undefined };

type EncodableField<F extends Field> = EncodableType<F["type"]> | NullIf<F["options"]>;

type EncodableType<T extends FieldType> = T extends Primitive ? PrimitiveValues[T]
  : T extends Struct<infer F> ? Encodable<F>
  : T extends ArrayOf<infer E> ? readonly EncodableType<E>[]
  : never;

/** The type of a decoded message or structure, from its definition. */
export type Infer<D extends { readonly fields: Fields }> = Decoded<D["fields"]>;

/** The type that encodes as a message or structure, from its definition: defaults may be left out. */
export type Input<D extends { readonly fields: Fields }> = Encodable<D["fields"]>;

/** What a definition says about its message. */
export interface MessageSpec<F extends Fields = Fields> {
  readonly apiKey: number;
  /** As Kafka calls it, such as `ProduceRequest`. */
  readonly name: string;
  readonly validVersions: Versions;
  readonly flexibleVersions: Versions;
  readonly fields: F;
}

/** Defines a request. */
export function defineRequest<const F extends Fields>(spec: MessageSpec<F>): Message<F> {
  return new Message("request", spec);
}

/** Defines a response. */
export function defineResponse<const F extends Fields>(spec: MessageSpec<F>): Message<F> {
  return new Message("response", spec);
}

/** Names a structure, to be a field's type or an array's element. */
export function struct<const F extends Fields>(name: string, fields: F): Struct<F> {
  return { name, fields };
}

/** A field that is an array of `element`. */
export function array<const E extends Primitive | Struct, V extends Versions>(
  versions: V,
  element: E,
): Field<ArrayOf<E>, V, NoOptions>;
export function array<
  const E extends Primitive | Struct,
  V extends Versions,
  const O extends FieldOptions<never>,
>(versions: V, element: E, options: O): Field<ArrayOf<E>, V, O>;
export function array(versions: Versions, element: Primitive | Struct, options: FieldOptions = {}): Field {
  return { type: { element }, versions, options };
}

/** A field that is a structure. */
export function structure<F extends Fields, V extends Versions>(
  versions: V,
  type: Struct<F>,
): Field<Struct<F>, V, NoOptions>;
export function structure<F extends Fields, V extends Versions, const O extends FieldOptions<never>>(
  versions: V,
  type: Struct<F>,
  options: O,
): Field<Struct<F>, V, O>;
export function structure(versions: Versions, type: Struct, options: FieldOptions = {}): Field {
  return { type, versions, options };
}

// Overloads, not an optional parameter: its type would be inferred from the context, as options of any kind.
function primitive<T extends Primitive>(type: T) {
  function field<V extends Versions>(versions: V): Field<T, V, NoOptions>;
  function field<V extends Versions, const O extends FieldOptions<PrimitiveValues[T]>>(
    versions: V,
    options: O,
  ): Field<T, V, O>;
  function field(versions: Versions, options: FieldOptions = {}): Field {
    return { type, versions, options };
  }
  return field;
}

export const bool = primitive("bool");
export const int8 = primitive("int8");
export const int16 = primitive("int16");
export const int32 = primitive("int32");
export const int64 = primitive("int64");
export const float64 = primitive("float64");
export const string = primitive("string");
export const bytes = primitive("bytes");
export const records = primitive("records");
export const uuid = primitive("uuid");
