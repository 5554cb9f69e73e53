/**
 * Batches of records (format v2) as a fetch brings them.
 *
 * @module
 */
import { crc32c } from "../wire/crc32c.ts";
import { decompress } from "./compression.ts";
import { KafkaError } from "./errors.ts";
import { ConsumedRecord } from "./record.ts";
import { readVarint } from "./varint.ts";

/** Bytes of a batch before its records. */
const HEADER = 61;
const CODEC = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** A transaction that was given up: its producer's records from `firstOffset` on do not count. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** Bytes of one partition, and what of them is wanted. */
export interface FetchedBatches {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Uint8Array;
  /** Records before it are not wanted: a fetch brings whole batches. */
  readonly fromOffset: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
}

/**
 * Appends the records of all whole batches to `into`. A batch that is cut short at the end is left for the next fetch;
 * so is one that cannot be read, unless it is the first: what stands before it is given once.
 *
 * @returns the offset to fetch from next
 * @throws {KafkaError} CORRUPT_MESSAGE, UNSUPPORTED_FOR_MESSAGE_FORMAT, UNSUPPORTED_COMPRESSION_TYPE
 */
export function decodeBatches(fetched: FetchedBatches, into: ConsumedRecord[]): bigint {
  const { bytes, fromOffset } = fetched;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Hardly ever there is any.
  const aborted = fetched.abortedTransactions.length === 0
    ? undefined
    : new AbortedProducers(fetched.abortedTransactions);
  let next = fromOffset;
  for (let at = 0; at + HEADER <= bytes.length;) {
    const end = at + 12 + view.getInt32(at + 8);
    if (end > bytes.length) break;
    const count = into.length;
    try {
      const lastOffset = decodeBatch(fetched, aborted, view, at, end, into);
      if (lastOffset >= next) next = lastOffset + 1n;
    } catch (error) {
      into.length = count;
      if (next > fromOffset) break;
      throw error;
    }
    at = end;
  }
  return next;
}

/** @returns the batch's last offset */
function decodeBatch(
  fetched: FetchedBatches,
  aborted: AbortedProducers | undefined,
  view: DataView,
  at: number,
  end: number,
  into: ConsumedRecord[],
): bigint {
  const { bytes, topic, partition } = fetched;
  const baseOffset = view.getBigInt64(at);
  if (view.getInt8(at + 16) !== 2) {
    throw new KafkaError(
      "UNSUPPORTED_FOR_MESSAGE_FORMAT",
      `Cannot read ${topic}/${partition} at offset ${baseOffset}: message format v${view.getInt8(at + 16)}`,
      { retriable: false },
    );
  }
  if (end < at + HEADER || crc32c(bytes.subarray(at + 21, end)) !== view.getUint32(at + 17)) {
    throw corrupt(topic, partition, baseOffset, "its CRC is wrong");
  }
  const attributes = view.getInt16(at + 21);
  const lastOffset = baseOffset + BigInt(view.getInt32(at + 23));
  const producerId = view.getBigInt64(at + 43);
  const isControl = (attributes & CONTROL) !== 0;
  if (isControl) aborted?.passMarker(producerId);
  const isAborted = (attributes & TRANSACTIONAL) !== 0 &&
    aborted?.isAborted(producerId, baseOffset) === true;
  if (isControl || isAborted || lastOffset < fetched.fromOffset) return lastOffset;
  const records = decompress(attributes & CODEC, bytes.subarray(at + HEADER, end));
  const logAppendTime = (attributes & LOG_APPEND_TIME) !== 0 ? Number(view.getBigInt64(at + 35)) : undefined;
  try {
    decodeRecords(
      fetched,
      { records, baseOffset, baseTimestamp: Number(view.getBigInt64(at + 27)), logAppendTime },
      view.getInt32(at + 57),
      into,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw corrupt(topic, partition, baseOffset, error.message);
  }
  return lastOffset;
}

function decodeRecords(
  { topic, partition, fromOffset }: FetchedBatches,
  batch: {
    records: Uint8Array;
    baseOffset: bigint;
    baseTimestamp: number;
    logAppendTime: number | undefined;
  },
  count: number,
  into: ConsumedRecord[],
): void {
  const { records: bytes, baseOffset, baseTimestamp, logAppendTime } = batch;
  const cursor = { at: 0 };
  for (let i = 0; i < count; i++) {
    const length = readVarint(bytes, cursor);
    const end = cursor.at + length;
    if (length < 0 || end > bytes.length) {
      throw new RangeError(`a record of ${length} bytes does not fit its batch`);
    }
    cursor.at++; // attributes: unused
    const timestamp = logAppendTime ?? baseTimestamp + readVarint(bytes, cursor);
    if (logAppendTime !== undefined) readVarint(bytes, cursor);
    const offset = baseOffset + BigInt(readVarint(bytes, cursor));
    const key = readBytes(bytes, cursor);
    const value = readBytes(bytes, cursor);
    const headersAt = cursor.at;
    cursor.at = end;
    if (offset < fromOffset) continue;
    into.push(new ConsumedRecord(topic, partition, offset, timestamp, key, value, bytes, headersAt, end));
  }
}

function readBytes(bytes: Uint8Array, cursor: { at: number }): Uint8Array | null {
  const length = readVarint(bytes, cursor);
  if (length < 0) return null;
  const { at } = cursor;
  if (at + length > bytes.length) throw new RangeError(`a field of ${length} bytes does not fit its record`);
  cursor.at = at + length;
  return bytes.subarray(at, cursor.at);
}

/** Which producers' records are of an aborted transaction at this place of the log. */
class AbortedProducers {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = transactions.toSorted((a, b) => a.firstOffset < b.firstOffset ? -1 : 1);
  }

  isAborted(producerId: bigint, offset: bigint): boolean {
    for (
      let first = this.#waiting[0];
      first !== undefined && first.firstOffset <= offset;
      first = this.#waiting[0]
    ) {
      this.#open.add(first.producerId);
      this.#waiting.shift();
    }
    return this.#open.has(producerId);
  }

  /** A commit or abort marker ends the producer's transaction. */
  passMarker(producerId: bigint): void {
    this.#open.delete(producerId);
  }
}

function corrupt(topic: string, partition: number, offset: bigint, reason: string): KafkaError {
  return new KafkaError(
    "CORRUPT_MESSAGE",
    `Cannot read ${topic}/${partition} at offset ${offset}: ${reason}`,
    {
      retriable: true,
    },
  );
}
