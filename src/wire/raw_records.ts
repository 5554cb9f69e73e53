/**
 * The records of a batch as bytes, so that some can be left out of it and the others stay as they are.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { compress, decompress } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { MAX_UNCOMPRESSED_BYTES } from "./limits.ts";
import { Reader } from "./reader.ts";
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  BatchAttribute,
  compressionTypeOf,
  readBatchHeader,
} from "./record_batch.ts";
import { checkElements } from "./records.ts";
import { Writer } from "./writer.ts";

/** A record, as views of the batch or of what it was decompressed to. */
export interface RawRecord {
  readonly offset: bigint;
  /** What its timestamp is above the batch's `baseTimestamp`, milliseconds. */
  readonly timestampDelta: bigint;
  readonly key: Uint8Array | null;
  /** Whether its value is null. */
  readonly isTombstone: boolean;
  /** All of it, with its length. */
  readonly bytes: Uint8Array;
  /** What follows its timestamp. */
  readonly rest: Uint8Array;
}

/** The records of a whole batch. @throws {WireError} if it cannot be read */
export function rawRecords(batch: Uint8Array): RawRecord[] {
  const header = readBatchHeader(batch);
  const body = decompress(
    batch.subarray(BATCH_HEADER_BYTES, header.sizeBytes),
    header.attributes,
    MAX_UNCOMPRESSED_BYTES,
  );
  const reader = new Reader(body);
  const records: RawRecord[] = [];
  checkElements(header.recordsCount);
  for (let i = 0; i < header.recordsCount; i++) {
    const start = reader.position;
    const length = reader.varint();
    const end = reader.position + length;
    reader.int8(); // attributes: none are in use
    const timestampDelta = reader.varlong();
    const restAt = reader.position;
    const offset = header.baseOffset + BigInt(reader.varint());
    const keyLength = reader.varint();
    const key = keyLength === -1 ? null : reader.raw(keyLength);
    const isTombstone = reader.varint() === -1;
    if (end < reader.position || end > body.length) {
      throw new WireError(`Cannot read a record of ${length} bytes as it does not fit its batch`);
    }
    const [bytes, rest] = [body.subarray(start, end), body.subarray(restAt, end)];
    records.push({ offset, timestampDelta, key, isTombstone, bytes, rest });
    reader.raw(end - reader.position);
  }
  reader.expectEnd();
  return records;
}

/**
 * A batch with only `records` of its own: its offsets, its producer and its compression stay. Without records it is
 * empty, as Kafka leaves one that was a producer's last.
 *
 * @param deleteHorizonMs from when on its tombstones may go; it stands where `baseTimestamp` does (KIP-534)
 */
export function batchWith(
  batch: Uint8Array,
  records: readonly RawRecord[],
  deleteHorizonMs?: bigint,
): Uint8Array {
  const { attributes, baseTimestamp, maxTimestamp } = readBatchHeader(batch);
  const newBase = deleteHorizonMs ?? baseTimestamp;
  const writer = new Writer();
  const one = new Writer();
  let newMax = records.length === 0 ? maxTimestamp : -1n;
  for (const { bytes, rest, timestampDelta } of records) {
    const timestamp = baseTimestamp + timestampDelta;
    if (timestamp > newMax) newMax = timestamp;
    if (newBase === baseTimestamp) {
      writer.raw(bytes);
      continue;
    }
    one.reset();
    one.int8(0);
    one.varlong(timestamp - newBase);
    one.raw(rest);
    writer.varint(one.position);
    writer.raw(one.written());
  }
  const compression = compressionTypeOf(attributes);
  const isCompressed = records.length > 0 && (compression === "gzip" || compression === "zstd");
  const body = compress(writer.written(), isCompressed ? compression : "none");
  const result = new Uint8Array(BATCH_HEADER_BYTES + body.length);
  result.set(batch.subarray(0, BATCH_HEADER_BYTES));
  result.set(body, BATCH_HEADER_BYTES);
  const view = new DataView(result.buffer);
  view.setInt32(BATCH_AT.batchLength, result.length - BATCH_OVERHEAD_BYTES);
  view.setInt16(
    BATCH_AT.attributes,
    (isCompressed ? attributes : attributes & ~BatchAttribute.compressionMask) |
      (deleteHorizonMs === undefined ? 0 : BatchAttribute.deleteHorizon),
  );
  view.setBigInt64(BATCH_AT.baseTimestamp, newBase);
  // The time of appending is the whole batch's.
  if ((attributes & BatchAttribute.logAppendTime) === 0) view.setBigInt64(BATCH_AT.maxTimestamp, newMax);
  view.setInt32(BATCH_AT.recordsCount, records.length);
  view.setUint32(BATCH_AT.crc, crc32c(result.subarray(BATCH_AT.attributes)));
  return result;
}
