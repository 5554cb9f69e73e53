/**
 * The records inside a record batch of format 2 (https://kafka.apache.org/documentation/#record).
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { compress, decompress } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { MAX_BATCH_ELEMENTS, MAX_UNCOMPRESSED_BYTES } from "./limits.ts";
import { Reader } from "./reader.ts";
import {
  BATCH_AT,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  BatchAttribute,
  COMPRESSION_TYPES,
  CURRENT_MAGIC,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  readBatchHeader,
  type RecordBatchHeader,
} from "./record_batch.ts";
import { Writer } from "./writer.ts";

/** A header of a record. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** A record as it comes out of a batch: its byte arrays are views of the batch, or of what it was decompressed to. */
export interface DecodedRecord {
  readonly offset: bigint;
  /** Milliseconds since 1970; the time of appending where the batch says so. */
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** A record to be put into a batch. */
export interface RecordInput {
  /** How far its offset is from the batch's `baseOffset`. @default its index */
  readonly offsetDelta?: number;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** @default {[]} */
  readonly headers?: readonly RecordHeader[];
}

/** A batch to be encoded. */
export interface RecordBatchInput {
  /** One at least, with rising offsets. */
  readonly records: readonly RecordInput[];
  /** @default {0n} */
  readonly baseOffset?: bigint;
  /** @default {-1} */
  readonly partitionLeaderEpoch?: number;
  /** @default {"none"} */
  readonly compression?: "none" | "gzip" | "zstd";
  /** @default {false} */
  readonly isTransactional?: boolean;
  /** @default {false} */
  readonly isControl?: boolean;
  /** @default {-1n} */
  readonly producerId?: bigint;
  /** @default {-1} */
  readonly producerEpoch?: number;
  /** @default {-1} */
  readonly baseSequence?: number;
}

/** The fewest bytes of a record: its length, and six fields of a byte each. */
const MIN_RECORD_BYTES = 7;
/** The fewest bytes of a header: the lengths of its key and value. */
const MIN_HEADER_BYTES = 2;

/**
 * One batch with `records`, whole: sizes and checksum are right.
 *
 * @throws {RangeError} if there is no record, or a value does not fit
 */
export function encodeRecordBatch(input: RecordBatchInput): Uint8Array<ArrayBuffer> {
  const { records, compression = "none" } = input;
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) {
    throw new RangeError("Cannot encode a record batch without records");
  }
  const baseTimestamp = first.timestamp;
  let maxTimestamp = baseTimestamp;
  for (const { timestamp } of records) if (timestamp > maxTimestamp) maxTimestamp = timestamp;

  const writer = new Writer(BATCH_HEADER_BYTES + records.length * 64);
  writer.int64(input.baseOffset ?? 0n);
  writer.int32(0); // batchLength, below
  writer.int32(input.partitionLeaderEpoch ?? -1);
  writer.int8(CURRENT_MAGIC);
  writer.uint32(0); // crc, below
  writer.int16(
    COMPRESSION_TYPES.indexOf(compression) |
      (input.isTransactional ? BatchAttribute.transactional : 0) |
      (input.isControl ? BatchAttribute.control : 0),
  );
  writer.int32(last.offsetDelta ?? records.length - 1);
  writer.int64(baseTimestamp);
  writer.int64(maxTimestamp);
  writer.int64(input.producerId ?? NO_PRODUCER_ID);
  writer.int16(input.producerEpoch ?? NO_PRODUCER_EPOCH);
  writer.int32(input.baseSequence ?? NO_SEQUENCE);
  writer.int32(records.length);
  if (compression !== "none") {
    const plain = new Writer(records.length * 64);
    writeRecords(plain, records, baseTimestamp);
    writer.raw(compress(plain.written(), compression));
  } else {
    writeRecords(writer, records, baseTimestamp);
  }
  writer.patchInt32(BATCH_AT.batchLength, writer.position - BATCH_OVERHEAD_BYTES);
  writer.patchInt32(BATCH_AT.crc, crc32c(writer.written().subarray(BATCH_AT.attributes)) | 0);
  return writer.written();
}

function writeRecords(writer: Writer, records: readonly RecordInput[], baseTimestamp: bigint): void {
  // A record starts with its own length, which is a varint: each is written to the side first.
  const one = new Writer();
  records.forEach((record, index) => {
    one.reset();
    one.int8(0); // attributes: none are in use
    one.varlong(record.timestamp - baseTimestamp);
    one.varint(record.offsetDelta ?? index);
    writeVarintBytes(one, record.key);
    writeVarintBytes(one, record.value);
    const headers = record.headers ?? [];
    one.varint(headers.length);
    for (const header of headers) {
      writeVarintBytes(one, UTF8_ENCODER.encode(header.key));
      writeVarintBytes(one, header.value);
    }
    writer.varint(one.position);
    writer.raw(one.written());
  });
}

function writeVarintBytes(writer: Writer, bytes: Uint8Array | null): void {
  if (bytes === null) return writer.varint(-1);
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/**
 * The records of the batch at `at`. The checksum is not looked at: see `verifyBatch`.
 *
 * @param options.maxUncompressedBytes what a compressed batch may grow to @default {MAX_UNCOMPRESSED_BYTES}
 * @throws {WireError} if the batch is cut short, its records do not fill it exactly, or they are too many
 */
export function decodeRecords(
  bytes: Uint8Array,
  at = 0,
  options: { readonly maxUncompressedBytes?: number } = {},
): DecodedRecord[] {
  const { maxUncompressedBytes = MAX_UNCOMPRESSED_BYTES } = options;
  const header = readBatchHeader(bytes, at);
  const end = at + header.sizeBytes;
  if (end > bytes.length) throw new WireError(`Cannot read the record batch at ${at}: it is cut short`);
  const body = bytes.subarray(at + BATCH_HEADER_BYTES, end);
  const reader = new Reader(decompress(body, header.attributes, maxUncompressedBytes));
  const { recordsCount } = header;
  if (recordsCount < 0 || recordsCount * MIN_RECORD_BYTES > reader.remaining) {
    throw new WireError(
      `Cannot read ${recordsCount} records as the batch holds only ${reader.remaining} bytes`,
    );
  }
  const records: DecodedRecord[] = [];
  let elements = checkElements(recordsCount);
  for (let i = 0; i < recordsCount; i++) {
    const record = readRecord(reader, header);
    elements = checkElements(elements + record.headers.length);
    records.push(record);
  }
  reader.expectEnd();
  return records;
}

function readRecord(reader: Reader, batch: RecordBatchHeader): DecodedRecord {
  const length = reader.varint();
  const end = reader.position + length;
  reader.int8(); // attributes: none are in use
  const timestampDelta = reader.varlong();
  const offsetDelta = reader.varint();
  const key = readVarintBytes(reader);
  const value = readVarintBytes(reader);
  const headers = readHeaders(reader);
  if (reader.position !== end) {
    throw new WireError(`Cannot read a record as it does not end at its length of ${length} bytes`);
  }
  const timestamp = (batch.attributes & BatchAttribute.logAppendTime) === 0
    ? batch.baseTimestamp + timestampDelta
    : batch.maxTimestamp;
  return { offset: batch.baseOffset + BigInt(offsetDelta), timestamp, key, value, headers };
}

/** @returns `elements`, if a batch may have so many @throws {WireError} */
export function checkElements(elements: number): number {
  if (elements <= MAX_BATCH_ELEMENTS) return elements;
  throw new WireError(
    `Cannot read a batch of ${elements} records and headers: it may have ${MAX_BATCH_ELEMENTS}`,
  );
}

function readHeaders(reader: Reader): RecordHeader[] {
  const count = checkElements(reader.varint());
  if (count < 0 || count * MIN_HEADER_BYTES > reader.remaining) {
    throw new WireError(`Cannot read ${count} record headers as only ${reader.remaining} bytes are left`);
  }
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i++) {
    headers.push({ key: reader.utf8(reader.varint()), value: readVarintBytes(reader) });
  }
  return headers;
}

function readVarintBytes(reader: Reader): Uint8Array | null {
  const length = reader.varint();
  return length === -1 ? null : reader.raw(length);
}

const UTF8_ENCODER = new TextEncoder();
