/**
 * What a partition knows from the batches of its log (its producers, its transactions), as the log sees it: the log has
 * it written down from time to time, so that a start need not read all batches again.
 *
 * @module
 */
import type { RecordBatchHeader } from "../../wire/record_batch.ts";

/** A batch of the log that is read again at a start. */
export interface LoggedBatch {
  readonly header: RecordBatchHeader;
  /** The whole batch. Good until the visit ends. @throws {StorageError} */
  bytes(): Uint8Array;
}

/** See the module. All is called synchronously, between two appends. */
export interface LogState {
  /**
   * Forgets everything, and takes what `snapshot` gave at some offset of the log; undefined for what is known at its
   * start, which is nothing. To be called first, and again when a snapshot is not readable.
   *
   * @returns whether it is readable: if not, nothing is known
   */
  restore(snapshot: Uint8Array | undefined): boolean;
  /** Takes the next batch, in the order of the log, from where the snapshot was taken. */
  visit(batch: LoggedBatch): void;
  /** All that is known, of all batches that were visited or appended so far. */
  snapshot(): Uint8Array;
}
