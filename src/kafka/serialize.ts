/**
 * Values and keys as bytes. An object becomes JSON whose keys are sorted, so that equal values are equal bytes.
 *
 * @module
 */

/** What a record's value or key may be. An object is sent as JSON. */
export type MessageValue = string | Uint8Array | object | null;

const encoder = new TextEncoder();

/**
 * `value` as bytes: bytes as they are, a string as UTF-8, an object as JSON with sorted keys (UTF-8 unescaped, dates
 * as ISO 8601), null as null.
 *
 * @throws {TypeError} if `value` is of another type, or an object that JSON cannot express; the message names the type
 */
export function toBytes(value: unknown, what: "value" | "key"): Uint8Array | null {
  const written = toWritable(value, what);
  return typeof written === "string" ? encoder.encode(written) : written;
}

/** The same, where text is still to be encoded as UTF-8. @throws {TypeError} as {@linkcode toBytes} */
export function toWritable(value: unknown, what: "value" | "key"): string | Uint8Array | null {
  if (typeof value === "string" || value === null || value instanceof Uint8Array) return value;
  if (typeof value === "object" && isPlain(value)) return toSortedJson(value, what);
  throw new TypeError(
    `Cannot send a record's ${what} of type ${typeName(value)}: it must be an object, a string or bytes` +
      (what === "key" ? ", or null" : ""),
  );
}

/** JSON speaks of arrays, dates, plain objects and whatever brings its own `toJSON`; of nothing else. */
function isPlain(value: object): boolean {
  if (Array.isArray(value) || "toJSON" in value) return true;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return false;
  return !(value instanceof Map || value instanceof Set || value instanceof Promise ||
    value instanceof RegExp ||
    value instanceof Error || value instanceof WeakMap || value instanceof WeakSet);
}

function toSortedJson(value: object, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, sortKeys);
  } catch (cause) {
    throw new TypeError(
      `Cannot send a record's ${what} of type ${typeName(value)}: ${
        cause instanceof Error ? firstLine(cause.message) : String(cause)
      }`,
      { cause },
    );
  }
  if (text === undefined) {
    throw new TypeError(`Cannot send a record's ${what} of type ${typeName(value)}: it has no JSON form`);
  }
  return text;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const names = Object.keys(value);
  if (names.every((name, i) => i === 0 || (names[i - 1] ?? "") <= name)) return value;
  const fields = value as Record<string, unknown>;
  return Object.fromEntries(names.sort().map((name) => [name, fields[name]]));
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** The type as a person calls it: `Map`, `number`, `undefined`. */
function typeName(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value;
  return value.constructor?.name ?? "object";
}
