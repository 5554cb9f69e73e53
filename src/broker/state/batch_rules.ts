/**
 * What a batch has to be that a producer sends.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  BATCH_AT,
  BATCH_OVERHEAD_BYTES,
  BatchAttribute,
  type BatchFault,
  compressionTypeOf,
  CURRENT_MAGIC,
  NO_PRODUCER_EPOCH,
  type RecordBatchHeader,
} from "../../wire/record_batch.ts";
import type { TopicConfig } from "./topic_config.ts";

/** Why a batch is refused. */
export interface BatchRefusal {
  readonly errorCode: number;
  readonly errorMessage: string;
}

/** The answer to bytes that are no whole batch. */
export function refuseBytes(records: Uint8Array, fault: BatchFault): BatchRefusal {
  const isCorrupt = fault === "length" || fault === "crc" || isGarbage(records);
  const errorCode = isCorrupt ? ErrorCode.CORRUPT_MESSAGE : ErrorCode.INVALID_RECORD;
  return { errorCode, errorMessage: FAULTS[fault] };
}

const FAULTS: Readonly<Record<BatchFault, string>> = {
  truncated: "The record batch is not whole",
  length: "The record batch's batchLength is less than its header",
  magic: "Only record batches of magic 2 are taken",
  crc: "The record batch's checksum does not match",
};

/** Of magic 0, without a record's key and value. */
const SMALLEST_BATCH_LENGTH = 14;

/** Whether what is no batch of ours is none of any format, by its size and its magic, as far as it has them. */
function isGarbage(records: Uint8Array): boolean {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  if (view.byteLength < BATCH_OVERHEAD_BYTES) return false;
  if (view.getInt32(BATCH_AT.batchLength) < SMALLEST_BATCH_LENGTH) return true;
  if (view.byteLength <= BATCH_AT.magic) return false;
  const magic = view.getInt8(BATCH_AT.magic);
  return magic < 0 || magic > CURRENT_MAGIC;
}

/** What is wrong with a whole batch that came from a producer, undefined when nothing is. */
export function refuseBatch(
  records: Uint8Array,
  header: RecordBatchHeader,
  config: TopicConfig,
): BatchRefusal | undefined {
  const { sizeBytes, attributes, recordsCount, lastOffsetDelta, producerId, producerEpoch, baseSequence } =
    header;
  const invalid = (errorMessage: string) => ({ errorCode: ErrorCode.INVALID_RECORD, errorMessage });
  if (sizeBytes < records.length) return invalid("Only one record batch per partition is taken");
  if (sizeBytes > config.maxMessageBytes) {
    return {
      errorCode: ErrorCode.MESSAGE_TOO_LARGE,
      errorMessage: `The record batch has ${sizeBytes} bytes: max.message.bytes is ${config.maxMessageBytes}`,
    };
  }
  if (header.baseOffset !== 0n) return invalid(`baseOffset must be 0: it is ${header.baseOffset}`);
  if (recordsCount < 1 || lastOffsetDelta !== recordsCount - 1) {
    return invalid(`${recordsCount} records cannot end at offset delta ${lastOffsetDelta}`);
  }
  if (compressionTypeOf(attributes) === undefined) {
    return invalid(`Attributes ${attributes} name no compression`);
  }
  if ((attributes & BatchAttribute.control) !== 0) return invalid("A client cannot write control batches");
  if (producerId >= 0n && baseSequence < 0) return invalid(`baseSequence is ${baseSequence}`);
  if (producerId >= 0n && producerEpoch < NO_PRODUCER_EPOCH) {
    return { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH, errorMessage: `producerEpoch is ${producerEpoch}` };
  }
  return undefined;
}
