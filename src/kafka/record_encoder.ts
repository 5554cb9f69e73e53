/**
 * Records and batches as Kafka's log holds them (record format v2, KIP-98). A record's body (key, value, headers) is
 * encoded once, when it is accepted; what depends on its place in a batch is written around it when the batch leaves.
 *
 * @module
 */
import { crc32c } from "../wire/crc32c.ts";
import { ByteWriter, sizeOfVarint } from "./bytes.ts";

/** Header values by name: a string goes out as UTF-8. */
export type RecordHeaders = Readonly<Record<string, string | Uint8Array>>;

/** Bytes of a batch before its records. */
export const BATCH_OVERHEAD = 61;
/** Bytes that a record takes around its body at most: length, attributes, timestamp and offset delta. */
export const RECORD_OVERHEAD = 5 + 1 + 8 + 5;
/** Where the CRC stands in a batch, and where the bytes that it covers begin. */
const CRC_AT = 17;
const CRC_COVERS_FROM = 21;

const utf8 = new TextEncoder();
/** Header names and values repeat from record to record. */
const headerBytes = new Map<string, Uint8Array>();
const MAX_CACHED_HEADERS = 256;
const MAX_CACHED_HEADER_LENGTH = 64;

/** A record in a batch. */
export interface BatchRecord {
  readonly body: Uint8Array;
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

/** Who wrote a batch, and its place in what that producer wrote (KIP-98). */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** Key, value and headers of a record, encoded. */
export function encodeRecordBody(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: RecordHeaders | undefined,
): Uint8Array {
  const names = headers === undefined ? [] : Object.keys(headers);
  let size = sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(names.length);
  const pairs: Uint8Array[] = [];
  for (const name of names) {
    const headerValue = headers?.[name] ?? "";
    const nameBytes = cachedUtf8(name);
    const valueBytes = typeof headerValue === "string" ? utf8.encode(headerValue) : headerValue;
    size += sizeOfBytes(nameBytes) + sizeOfBytes(valueBytes);
    pairs.push(nameBytes, valueBytes);
  }
  const writer = new ByteWriter(new Uint8Array(size));
  writeBytes(writer, key);
  writeBytes(writer, value);
  writer.varint(names.length);
  for (const bytes of pairs) writeBytes(writer, bytes);
  return writer.bytes;
}

/** An upper bound of the bytes that {@linkcode writeRecordBatch} takes. */
export function maxBatchSize(records: readonly BatchRecord[]): number {
  let size = BATCH_OVERHEAD;
  for (const { body } of records) size += body.length + RECORD_OVERHEAD;
  return size;
}

/** Writes one uncompressed batch. */
export function writeRecordBatch(
  writer: ByteWriter,
  records: readonly BatchRecord[],
  { producerId, producerEpoch, baseSequence }: ProducerIdentity,
): void {
  const start = writer.at;
  const baseTimestamp = records[0]?.timestamp ?? 0;
  let maxTimestamp = baseTimestamp;
  for (const { timestamp } of records) maxTimestamp = Math.max(maxTimestamp, timestamp);
  writer.int64(0n); // baseOffset: the broker's to give
  writer.int32(0); // batchLength: known at the end
  writer.int32(-1); // partitionLeaderEpoch
  writer.int8(2); // magic
  writer.uint32(0); // crc: known at the end
  writer.int16(0); // attributes: no compression, create time
  writer.int32(records.length - 1); // lastOffsetDelta
  writer.int64(BigInt(baseTimestamp));
  writer.int64(BigInt(maxTimestamp));
  writer.int64(producerId);
  writer.int16(producerEpoch);
  writer.int32(baseSequence);
  writer.int32(records.length);
  let offsetDelta = 0;
  for (const { body, timestamp } of records) {
    const timestampDelta = timestamp - baseTimestamp;
    writer.varint(1 + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta) + body.length);
    writer.int8(0);
    writer.varint(timestampDelta);
    writer.varint(offsetDelta++);
    writer.raw(body);
  }
  const end = writer.at;
  writer.at = start + 8;
  writer.int32(end - start - 12);
  writer.at = start + CRC_AT;
  writer.uint32(crc32c(writer.bytes.subarray(start + CRC_COVERS_FROM, end)));
  writer.at = end;
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array | null): void {
  if (bytes === null) return writer.varint(-1);
  writer.varint(bytes.length);
  writer.raw(bytes);
}

function cachedUtf8(name: string): Uint8Array {
  const known = headerBytes.get(name);
  if (known !== undefined) return known;
  const bytes = utf8.encode(name);
  if (headerBytes.size < MAX_CACHED_HEADERS && name.length <= MAX_CACHED_HEADER_LENGTH) {
    headerBytes.set(name, bytes);
  }
  return bytes;
}
