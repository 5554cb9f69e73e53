/**
 * A record as it was read.
 *
 * @module
 */
import { readVarint } from "./varint.ts";

const utf8 = new TextDecoder();
const encoder = new TextEncoder();
const headerNames = new Map<string, Uint8Array>();
const MAX_CACHED_HEADERS = 256;

/** A record that was read. Its bytes are views of the answer that brought it: copy what is to be kept for long. */
export class ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** The headers' bytes, from their count on; read only when asked for. */
  readonly #headers: Uint8Array;
  #decoded: Readonly<Record<string, Uint8Array>> | undefined;

  constructor(
    topic: string,
    partition: number,
    offset: bigint,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Uint8Array,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.#headers = headers;
  }

  /** All headers by name; of a name that repeats, the last. A null value is read as empty. */
  get headers(): Readonly<Record<string, Uint8Array>> {
    if (this.#decoded === undefined) {
      const pairs: [string, Uint8Array][] = [];
      this.#each((name, value) => pairs.push([utf8.decode(name), value]));
      this.#decoded = Object.fromEntries(pairs);
    }
    return this.#decoded;
  }

  /** One header, without reading the others into strings. */
  header(name: string): Uint8Array | undefined {
    const wanted = nameBytes(name);
    let found: Uint8Array | undefined;
    this.#each((bytes, value) => {
      if (isEqual(bytes, wanted)) found = value;
    });
    return found;
  }

  /** The value as UTF-8; empty for null. */
  text(): string {
    return this.value === null ? "" : utf8.decode(this.value);
  }

  #each(visit: (name: Uint8Array, value: Uint8Array) => void): void {
    const bytes = this.#headers;
    const at = { at: 0 };
    const count = readVarint(bytes, at);
    for (let i = 0; i < count; i++) {
      const nameLength = readVarint(bytes, at);
      const name = bytes.subarray(at.at, at.at += nameLength);
      const valueLength = Math.max(0, readVarint(bytes, at));
      visit(name, bytes.subarray(at.at, at.at += valueLength));
    }
  }
}

function nameBytes(name: string): Uint8Array {
  const known = headerNames.get(name);
  if (known !== undefined) return known;
  const bytes = encoder.encode(name);
  if (headerNames.size < MAX_CACHED_HEADERS) headerNames.set(name, bytes);
  return bytes;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
