/**
 * What becomes of a batch that is to be appended.
 *
 * @module
 */
import type { RecordError } from "./record_rules.ts";

/** See the module. */
export interface AppendResult {
  readonly errorCode: number;
  /** Why, for people; null when Kafka's own words say it. */
  readonly errorMessage: string | null;
  readonly baseOffset: bigint;
  /** Epoch milliseconds when the broker set it, else -1. */
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: bigint;
  /** The records that it was refused for. */
  readonly recordErrors?: RecordError[];
}

/** A batch that is not taken. @param errorMessage null when Kafka's own words say it */
export function refused(errorCode: number, errorMessage: string | null): AppendResult {
  return { errorCode, errorMessage, baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: -1n };
}
