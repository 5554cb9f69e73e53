/**
 * Holds our definitions against Kafka's own: the JSON files of `common/message` in kafka-clients, in the folder that
 * PARLEY_KAFKA_DEFINITIONS names.
 */
import assert from "node:assert/strict";
import { APIS } from "../../src/wire/apis.ts";
import type { Message } from "../../src/wire/message.ts";
import type { Field, Fields, FieldType } from "../../src/wire/schema.ts";

const FOLDER = Deno.env.get("PARLEY_KAFKA_DEFINITIONS");
const SKIPPED = FOLDER === undefined ? " (ignored: PARLEY_KAFKA_DEFINITIONS names no folder)" : "";

/** A field as Kafka's JSON has it. */
interface JsonField {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly tag?: number;
  readonly taggedVersions?: string;
  readonly flexibleVersions?: string;
  readonly default?: string | number | boolean;
  readonly fields?: readonly JsonField[];
}

interface JsonMessage {
  readonly apiKey: number;
  readonly type: string;
  readonly name: string;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly JsonField[] }[];
  readonly fields: readonly JsonField[];
}

/** What both sides are brought to. */
interface Comparable {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions: string | undefined;
  readonly tag: number | undefined;
  readonly taggedVersions: string | undefined;
  readonly flexibleVersions: string | undefined;
  readonly default: unknown;
  readonly fields: readonly Comparable[];
}

/** Kafka's definition files have line comments, which always have a line of their own. */
function parseDefinition(text: string): JsonMessage {
  return JSON.parse(text.replace(/^\s*\/\/.*$/gm, ""));
}

function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function theirs(message: JsonMessage): Comparable[] {
  const common = new Map(message.commonStructs?.map((struct) => [struct.name, struct.fields]));
  const compare = (field: JsonField): Comparable => {
    const element = field.type.replace("[]", "");
    return {
      name: camelCase(field.name),
      type: field.type,
      versions: field.versions,
      nullableVersions: field.nullableVersions,
      tag: field.tag,
      taggedVersions: field.taggedVersions,
      flexibleVersions: field.flexibleVersions,
      default: field.default === undefined ? undefined : theirDefault(field.type, String(field.default)),
      fields: (field.fields ?? common.get(element) ?? []).map(compare),
    };
  };
  return message.fields.map(compare);
}

/** Kafka writes most defaults as text, whatever the type. */
function theirDefault(type: string, text: string): unknown {
  if (text === "null") return null;
  switch (type) {
    case "string":
      return text;
    case "bool":
      return text === "true";
    case "int64":
      return BigInt(text);
    case "int8":
    case "int16":
    case "int32":
      return Number(text);
    default:
      throw new TypeError(`Cannot read the default of a ${type}: current value is ${text}`);
  }
}

function ours(fields: Fields): Comparable[] {
  return Object.entries(fields).map(([name, { type, versions, options }]: [string, Field]) => ({
    name,
    type: typeName(type),
    versions,
    nullableVersions: options.nullableVersions,
    tag: options.tag,
    taggedVersions: options.taggedVersions,
    flexibleVersions: undefined,
    default: options.default,
    fields: ours(nestedFields(type)),
  }));
}

function typeName(type: FieldType): string {
  if (typeof type === "string") return type;
  return "element" in type ? `[]${typeName(type.element)}` : type.name;
}

function nestedFields(type: FieldType): Fields {
  if (typeof type === "string") return {};
  return "element" in type ? nestedFields(type.element) : type.fields;
}

async function assertSame(folder: string, message: Message<Fields>): Promise<void> {
  const json = parseDefinition(await Deno.readTextFile(`${folder}/${message.name}.json`));
  assert.deepEqual(
    {
      apiKey: message.apiKey,
      type: message.kind,
      name: message.name,
      validVersions: message.validVersions,
      flexibleVersions: message.flexibleVersions,
      fields: ours(message.fields),
    },
    {
      apiKey: json.apiKey,
      type: json.type,
      name: json.name,
      validVersions: json.validVersions,
      flexibleVersions: json.flexibleVersions,
      fields: theirs(json),
    },
  );
}

for (const [apiKey, api] of APIS) {
  for (const message of [api.request, api.response]) {
    Deno.test({
      name: `${message.name} is as Kafka defines it${SKIPPED}`,
      ignore: FOLDER === undefined,
      async fn() {
        assert.equal(message.apiKey, apiKey);
        assert.equal(message.name.replace(/Request$|Response$/, ""), api.name);
        if (FOLDER !== undefined) await assertSame(FOLDER, message);
      },
    });
  }
}
