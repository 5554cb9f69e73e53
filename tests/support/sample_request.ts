/**
 * Requests of any API from their definitions: what answers them is seen to have read all of them.
 *
 * @module
 */
import type { Field, Fields } from "../../src/wire/schema.ts";
import { includesVersion } from "../../src/wire/versions.ts";

const UUID = "00000000-0000-0000-0000-00000000000a";

/** A request whose every field says something, and whose every list has two entries. */
export function sampleRequest(fields: Fields, version: number, turn = 0): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, { type, versions }] of Object.entries(fields)) {
    if (includesVersion(versions, version)) value[name] = sample(name, type, version, turn);
  }
  return value;
}

function sample(name: string, type: Field["type"], version: number, turn: number): unknown {
  if (typeof type === "object") {
    if (!("element" in type)) return sampleRequest(type.fields, version, turn);
    const { element } = type;
    return [0, 1].map((i) =>
      sample(name, typeof element === "string" ? element : element, version, 2 * turn + i)
    );
  }
  switch (type) {
    case "bool":
      return true;
    case "int8":
    case "int16":
    case "int32":
    case "float64":
      return turn;
    case "int64":
      return BigInt(turn);
    case "string":
      return `${name}${turn}`;
    case "uuid":
      return UUID;
    case "bytes":
    case "records":
      return new Uint8Array([turn]);
  }
}
