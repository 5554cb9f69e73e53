/**
 * What a topic asks of each record of a batch: a key where it is compacted, a timestamp that is near enough.
 *
 * @module
 */
import { WireError } from "../../base/errors.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import type { RecordBatchHeader } from "../../wire/record_batch.ts";
import { type DecodedRecord, decodeRecords } from "../../wire/records.ts";
import type { TopicConfig } from "./topic_config.ts";

/** A record that the topic does not take. */
export interface RecordError {
  /** Its place in the batch. */
  readonly batchIndex: number;
  readonly batchIndexErrorMessage: string;
}

/** Why a batch is refused for its records. */
export interface RecordsRefusal {
  readonly errorCode: number;
  readonly errorMessage: string;
  readonly recordErrors: RecordError[];
}

/** A record that does not say when it was made. */
const NO_TIMESTAMP = -1n;
/** No answer names more records: it would grow with the request. */
const MAX_RECORD_ERRORS = 100;

/**
 * What is wrong with records, undefined when nothing is. The batch's header tells its first and its largest timestamp:
 * only where they are out of range are the records looked at.
 */
export function refuseRecords(
  batch: Uint8Array,
  header: RecordBatchHeader,
  config: TopicConfig,
  nowMs: number,
): RecordsRefusal | undefined {
  if (config.cleanupCompact) {
    const errors = recordErrors(batch, ({ key }) =>
      key === null ? "Compacted topic cannot accept message without key" : undefined) ?? [];
    if (errors.length > 0) {
      const errorMessage =
        `One or more records have been rejected due to ${errors.length} record errors in total`;
      return { errorCode: ErrorCode.INVALID_RECORD, errorMessage, recordErrors: errors };
    }
  }
  if (config.logAppendTime) return undefined;
  const earliest = nowMs - config.timestampBeforeMaxMs;
  const latest = nowMs + config.timestampAfterMaxMs;
  const isOutOfRange = (timestamp: bigint) =>
    timestamp !== NO_TIMESTAMP && (Number(timestamp) < earliest || Number(timestamp) > latest);
  if (!isOutOfRange(header.baseTimestamp) && !isOutOfRange(header.maxTimestamp)) return undefined;
  const errors = recordErrors(
    batch,
    ({ timestamp }) =>
      isOutOfRange(timestamp)
        ? `Timestamp ${timestamp} is out of range. The timestamp should be within [${earliest}, ${latest}]`
        : undefined,
  );
  if (errors?.length === 0) return undefined;
  const errorMessage = "One or more records have been rejected due to invalid timestamp";
  return { errorCode: ErrorCode.INVALID_TIMESTAMP, errorMessage, recordErrors: errors ?? [] };
}

/** What is wrong with each record, undefined where they cannot be read. */
function recordErrors(
  batch: Uint8Array,
  refuse: (record: DecodedRecord) => string | undefined,
): RecordError[] | undefined {
  try {
    const errors: RecordError[] = [];
    for (const [batchIndex, record] of decodeRecords(batch).entries()) {
      const message = refuse(record);
      if (message !== undefined) errors.push({ batchIndex, batchIndexErrorMessage: message });
      if (errors.length === MAX_RECORD_ERRORS) break;
    }
    return errors;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}
