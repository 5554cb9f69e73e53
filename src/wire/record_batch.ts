/**
 * Record batches, format 2: what Produce, Fetch and the log itself hold
 * (https://kafka.apache.org/documentation/#recordbatch). Here is the header, which a broker works with; what is
 * inside is in records.ts.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { crc32c } from "./crc32c.ts";

/** Where each field of the header stands, in bytes from the batch's start. */
export const BATCH_AT = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordsCount: 57,
  records: 61,
} as const;

/** The header's size, in bytes: no batch is smaller. */
export const BATCH_HEADER_BYTES = BATCH_AT.records;
/** What `batchLength` does not count: baseOffset and itself, in bytes. */
export const BATCH_OVERHEAD_BYTES = BATCH_AT.partitionLeaderEpoch;
/** The only format that we read and write. */
export const CURRENT_MAGIC = 2;

/** The bits of `attributes`. */
export const BatchAttribute = {
  compressionMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/** What `attributes & BatchAttribute.compressionMask` means. */
export const COMPRESSION_TYPES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** How the records of a batch are compressed. */
export type CompressionType = (typeof COMPRESSION_TYPES)[number];

/** `producerId`, `producerEpoch` and `baseSequence` where there are none. */
export const NO_PRODUCER_ID = -1n;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;

/** A batch's header, and where the batch stands. */
export interface RecordBatchHeader {
  /** Where the batch starts in the bytes that it was read from. */
  readonly at: number;
  /** The whole batch's size, in bytes: `batchLength` and what it does not count. */
  readonly sizeBytes: number;
  readonly baseOffset: bigint;
  readonly batchLength: number;
  readonly partitionLeaderEpoch: number;
  readonly magic: number;
  /** CRC-32C of all from `attributes` on, unsigned. */
  readonly crc: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  /** Milliseconds since 1970. */
  readonly baseTimestamp: bigint;
  /** Milliseconds since 1970. */
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordsCount: number;
}

/**
 * What is wrong with a batch: it is cut short, its length cannot be right, its format is not 2, or its checksum does
 * not match.
 */
export type BatchFault = "truncated" | "length" | "magic" | "crc";

/** How many records the batch at the beginning of `bytes` says that it holds. */
export function recordsCountOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(BATCH_AT.recordsCount);
}

/**
 * Reads the header of the batch at `at`. Neither the batch's end nor its checksum is looked at: see
 * {@linkcode verifyBatch}.
 *
 * @throws {WireError} if there are no {@linkcode BATCH_HEADER_BYTES}, if `batchLength` is less than a header, or if the
 * format is not 2
 */
export function readBatchHeader(bytes: Uint8Array, at = 0): RecordBatchHeader {
  const view = viewOf(bytes);
  const fault = headerFault(view, at);
  if (fault !== undefined) {
    throw new WireError(`Cannot read the record batch at ${at}: ${FAULT_TEXTS[fault]}`);
  }
  const batchLength = view.getInt32(at + BATCH_AT.batchLength);
  return {
    at,
    sizeBytes: batchLength + BATCH_OVERHEAD_BYTES,
    baseOffset: view.getBigInt64(at + BATCH_AT.baseOffset),
    batchLength,
    partitionLeaderEpoch: view.getInt32(at + BATCH_AT.partitionLeaderEpoch),
    magic: view.getInt8(at + BATCH_AT.magic),
    crc: view.getUint32(at + BATCH_AT.crc),
    attributes: view.getInt16(at + BATCH_AT.attributes),
    lastOffsetDelta: view.getInt32(at + BATCH_AT.lastOffsetDelta),
    baseTimestamp: view.getBigInt64(at + BATCH_AT.baseTimestamp),
    maxTimestamp: view.getBigInt64(at + BATCH_AT.maxTimestamp),
    producerId: view.getBigInt64(at + BATCH_AT.producerId),
    producerEpoch: view.getInt16(at + BATCH_AT.producerEpoch),
    baseSequence: view.getInt32(at + BATCH_AT.baseSequence),
    recordsCount: view.getInt32(at + BATCH_AT.recordsCount),
  };
}

/**
 * The headers of the batches that stand one after another in `bytes`. A last one that is cut short ends it, as a fetch
 * may end in the middle of a batch; compare `at + sizeBytes` of the last with the length where that is a fault.
 *
 * @throws {WireError} if a batch's length cannot be right or its format is not 2
 */
export function* recordBatches(bytes: Uint8Array): Generator<RecordBatchHeader, void, undefined> {
  for (let at = 0; bytes.length - at >= BATCH_HEADER_BYTES;) {
    const header = readBatchHeader(bytes, at);
    if (header.sizeBytes > bytes.length - at) return;
    yield header;
    at += header.sizeBytes;
  }
}

/** What is wrong with the batch at `at`: undefined if nothing is. Its records are not looked into. */
export function verifyBatch(bytes: Uint8Array, at = 0): BatchFault | undefined {
  const view = viewOf(bytes);
  const fault = headerFault(view, at);
  if (fault !== undefined) return fault;
  const end = at + BATCH_OVERHEAD_BYTES + view.getInt32(at + BATCH_AT.batchLength);
  if (end > bytes.length) return "truncated";
  const crc = crc32c(bytes.subarray(at + BATCH_AT.attributes, end));
  return crc === view.getUint32(at + BATCH_AT.crc) ? undefined : "crc";
}

/** Gives the batch at `at` its place in the log, in place. The checksum does not cover it. */
export function patchBaseOffset(bytes: Uint8Array, at: number, baseOffset: bigint): void {
  viewOf(bytes).setBigInt64(at + BATCH_AT.baseOffset, baseOffset);
}

/** Notes the leader's epoch in the batch at `at`, in place. The checksum does not cover it. */
export function patchPartitionLeaderEpoch(bytes: Uint8Array, at: number, partitionLeaderEpoch: number): void {
  viewOf(bytes).setInt32(at + BATCH_AT.partitionLeaderEpoch, partitionLeaderEpoch);
}

/** How the records are compressed; undefined for a number that Kafka does not have. */
export function compressionTypeOf(attributes: number): CompressionType | undefined {
  return COMPRESSION_TYPES[attributes & BatchAttribute.compressionMask];
}

const FAULT_TEXTS: Readonly<Record<BatchFault, string>> = {
  truncated: "it is cut short",
  length: `its batchLength is less than its header`,
  magic: `its magic is not ${CURRENT_MAGIC}`,
  crc: "its checksum does not match",
};

function headerFault(view: DataView, at: number): BatchFault | undefined {
  if (at < 0 || view.byteLength - at < BATCH_HEADER_BYTES) return "truncated";
  // The magic first: in the formats before 2 it stands in the same place, but batchLength may be less.
  if (view.getInt8(at + BATCH_AT.magic) !== CURRENT_MAGIC) return "magic";
  if (view.getInt32(at + BATCH_AT.batchLength) < BATCH_HEADER_BYTES - BATCH_OVERHEAD_BYTES) return "length";
  return undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
