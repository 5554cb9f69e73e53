/**
 * How records are shown and written down.
 *
 * @module
 */
import { printable } from "../demos/chat/printable.ts";

/** The parts of a record that are shown. */
export interface ShownRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, Uint8Array>>;
}

/** A record as one line for a person. */
export function recordText({ partition, offset, key, value }: ShownRecord): string {
  const what = value === null ? "(null)" : printable(new TextDecoder().decode(value));
  return `${partition}/${offset}  ${
    key === null ? "" : `${printable(new TextDecoder().decode(key))}: `
  }${what}`;
}

/**
 * A record as one line of JSON. Bytes that are UTF-8 are text; others stand, as base64, in a field whose name says so:
 * `valueBase64`.
 */
export function recordJson(
  { topic, partition, offset, timestamp, key, value, headers }: ShownRecord,
): string {
  return JSON.stringify({
    topic,
    partition,
    offset: String(offset),
    timestamp,
    ...bytesField("key", key),
    ...bytesField("value", value),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, bytes]) => [name, utf8(bytes) ?? { base64: bytes.toBase64() }]),
    ),
  });
}

function bytesField(name: string, bytes: Uint8Array | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  const text = utf8(bytes);
  return text === undefined ? { [`${name}Base64`]: bytes.toBase64() } : { [name]: text };
}

/** Bytes as text; undefined if they are not UTF-8. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
