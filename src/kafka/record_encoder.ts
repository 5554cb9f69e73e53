/**
 * Batches of records as Kafka's log holds them (record format v2, KIP-98). A record's body (see
 * record_body.ts) is encoded once, when it is accepted; what depends on its place in a batch is written around it when
 * the batch leaves.
 *
 * Its loops count, as those of all that is done for each record: an iterator makes garbage at every step.
 *
 * @module
 */
import { crc32c } from "../wire/crc32c.ts";
import { ByteWriter, sizeOfVarint } from "./bytes.ts";

/** Bytes of a batch before its records. */
export const BATCH_OVERHEAD = 61;
/** Bytes that a record takes around its body at most: length, attributes, timestamp and offset delta. */
export const RECORD_OVERHEAD = 5 + 1 + 8 + 5;
/** Where the CRC stands in a batch, and where the bytes that it covers begin. */
const CRC_AT = 17;
const CRC_COVERS_FROM = 21;

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

/** An upper bound of the bytes that {@linkcode writeRecordBatch} takes. */
export function maxBatchSize(records: readonly BatchRecord[]): number {
  let size = BATCH_OVERHEAD;
  for (let i = 0; i < records.length; i++) size += (records[i]?.body.length ?? 0) + RECORD_OVERHEAD;
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
  for (let i = 0; i < records.length; i++) {
    maxTimestamp = Math.max(maxTimestamp, records[i]?.timestamp ?? maxTimestamp);
  }
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
  for (let offsetDelta = 0; offsetDelta < records.length; offsetDelta++) {
    const record = records[offsetDelta];
    if (record === undefined) continue;
    const timestampDelta = record.timestamp - baseTimestamp;
    writer.varint(1 + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta) + record.body.length);
    writer.int8(0);
    writer.varint(timestampDelta);
    writer.varint(offsetDelta);
    writer.raw(record.body);
  }
  const end = writer.at;
  writer.at = start + 8;
  writer.int32(end - start - 12);
  writer.at = start + CRC_AT;
  writer.uint32(crc32c(writer.bytes.subarray(start + CRC_COVERS_FROM, end)));
  writer.at = end;
}
