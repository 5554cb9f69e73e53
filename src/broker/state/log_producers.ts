/**
 * Who wrote a partition's log: its producers, and their transactions under way and aborted. Written down with the log from
 * time to time, so that a start need not read all of it.
 *
 * @module
 */
import { WireError } from "../../base/errors.ts";
import { decodeEndTxnMarker, type EndTxnMarker } from "../../wire/control_records.ts";
import { BatchAttribute, type RecordBatchHeader } from "../../wire/record_batch.ts";
import { Reader } from "../../wire/reader.ts";
import { Writer } from "../../wire/writer.ts";
import { AbortedTransactions } from "./aborted_transactions.ts";
import type { LoggedBatch, LogState } from "./log_state.ts";
import { ProducerStates, type ProducerStatesOptions } from "./producer_states.ts";

/** How a snapshot is written. */
const SNAPSHOT_VERSION = 1;

/** See the module. */
export class LogProducers implements LogState {
  /** Epoch milliseconds of the start: when what is read again is taken to have been used last. */
  openedAtMs = 0;
  readonly #options: ProducerStatesOptions;
  #states: ProducerStates;
  #aborted = new AbortedTransactions();

  constructor(options: ProducerStatesOptions) {
    this.#options = options;
    this.#states = new ProducerStates(options);
  }

  get states(): ProducerStates {
    return this.#states;
  }

  get aborted(): AbortedTransactions {
    return this.#aborted;
  }

  /** Takes a batch of records that was appended at `header.baseOffset`. */
  appended(header: RecordBatchHeader, nowMs: number): void {
    this.#states.remember(header, header.baseOffset, header.maxTimestamp, nowMs);
  }

  /** Takes a marker that was appended at `header.baseOffset`. */
  ended(header: RecordBatchHeader, marker: EndTxnMarker, nowMs: number): void {
    const { producerId, baseOffset: lastOffset, maxTimestamp } = header;
    const firstOffset = this.#states.end(header, marker, maxTimestamp, nowMs);
    if (firstOffset === undefined || marker.isCommit) return;
    const lastStableOffset = this.#states.firstUnstableOffset ?? lastOffset + 1n;
    this.#aborted.add({ producerId, firstOffset, lastOffset, lastStableOffset });
  }

  restore(snapshot: Uint8Array | undefined): boolean {
    this.#states = new ProducerStates(this.#options);
    this.#aborted = new AbortedTransactions();
    if (snapshot === undefined) return true;
    try {
      const reader = new Reader(snapshot);
      if (reader.int16() !== SNAPSHOT_VERSION) return false;
      const states = ProducerStates.read(reader, this.#options);
      const aborted = AbortedTransactions.read(reader);
      reader.expectEnd();
      this.#states = states;
      this.#aborted = aborted;
      return true;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return false;
    }
  }

  visit(batch: LoggedBatch): void {
    const { header } = batch;
    if (header.producerId < 0n) return;
    if ((header.attributes & BatchAttribute.control) === 0) {
      // A compaction may have taken records out; the sequences go by how many there were.
      return this.appended({ ...header, recordsCount: header.lastOffsetDelta + 1 }, this.openedAtMs);
    }
    const marker = decodeEndTxnMarker(batch.bytes());
    if (marker !== undefined) this.ended(header, marker, this.openedAtMs);
  }

  snapshot(): Uint8Array {
    const writer = new Writer();
    writer.int16(SNAPSHOT_VERSION);
    this.#states.write(writer);
    this.#aborted.write(writer);
    return writer.written();
  }
}
