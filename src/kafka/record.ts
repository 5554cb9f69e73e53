/**
 * A record as it was read.
 *
 * @module
 */
import { decodeText, encodeText } from "./text.ts";
import { readVarint } from "./varint.ts";

const utf8 = new TextDecoder();

/** Names of headers that are looked for in many records. */
export class HeaderNames {
  readonly encoded: readonly Uint8Array[];

  constructor(...names: string[]) {
    this.encoded = names.map(encodeText);
  }
}

/** A record that was read. Its bytes are views of the answer that brought it: copy what is to be kept for long. */
export class ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** The headers stand here, from their count on; read only when asked for. No view of them: many records are kept at a time. */
  readonly #bytes: Uint8Array;
  readonly #headersAt: number;
  readonly #headersEnd: number;

  /** @param headers where they stand in `bytes`, from their count on */
  constructor(
    topic: string,
    partition: number,
    offset: bigint,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    bytes: Uint8Array,
    headersAt: number,
    headersEnd: number,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.#bytes = bytes;
    this.#headersAt = headersAt;
    this.#headersEnd = headersEnd;
  }

  /**
   * All headers by name; of a name that repeats, the last. A null value is read as empty. Headers that cannot be read
   * count as none.
   */
  get headers(): Readonly<Record<string, Uint8Array>> {
    const pairs: [string, Uint8Array][] = [];
    this.#each((at, length, cursor) => {
      const name = this.#bytes.subarray(at, at + length);
      pairs.push([decodeText(name), this.#readValue(cursor)]);
    });
    return Object.fromEntries(pairs);
  }

  /** One header. */
  header(name: string): Uint8Array | undefined {
    return this.pick(new HeaderNames(name))[0];
  }

  /** Some headers, in the order of `names`, read in one pass and no others made into objects. */
  pick({ encoded }: HeaderNames): (Uint8Array | undefined)[] {
    const picked: (Uint8Array | undefined)[] = new Array(encoded.length).fill(undefined);
    this.#each((at, length, cursor) => {
      const which = indexOf(encoded, this.#bytes, at, length);
      if (which >= 0) picked[which] = this.#readValue(cursor);
      else this.#skip(cursor);
    });
    return picked;
  }

  /** The value as UTF-8; empty for null. */
  text(): string {
    return this.value === null ? "" : utf8.decode(this.value);
  }

  /** Visits each header with the place of its name; `read` moves the cursor behind its value. */
  #each(read: (nameAt: number, nameLength: number, cursor: { at: number }) => void): void {
    const cursor = { at: this.#headersAt };
    try {
      for (let left = readVarint(this.#bytes, cursor); left > 0; left--) {
        const length = this.#skip(cursor);
        read(cursor.at - length, length, cursor);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  #readValue(cursor: { at: number }): Uint8Array {
    const length = this.#skip(cursor);
    return this.#bytes.subarray(cursor.at - length, cursor.at);
  }

  /** Moves behind a name or a value. @returns its length in bytes. @throws {RangeError} if it is not within the headers */
  #skip(cursor: { at: number }): number {
    const length = Math.max(0, readVarint(this.#bytes, cursor));
    cursor.at += length;
    if (cursor.at > this.#headersEnd) {
      throw new RangeError("Cannot read a header as the headers end within it");
    }
    return length;
  }
}

/** Which of `names` stands in `bytes` at `at`; -1 for none. */
function indexOf(names: readonly Uint8Array[], bytes: Uint8Array, at: number, length: number): number {
  for (let n = 0; n < names.length; n++) {
    const name = names[n];
    if (name === undefined || name.length !== length) continue;
    let i = length - 1;
    while (i >= 0 && name[i] === bytes[at + i]) i--;
    if (i < 0) return n;
  }
  return -1;
}
