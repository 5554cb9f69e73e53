/**
 * The records that wait to leave for a partition, and how many of them leave together.
 *
 * @module
 */
import { type BatchRecord, RECORD_OVERHEAD } from "./record_encoder.ts";

/** As many records leave in a request as keep this many a millisecond going at the round trip seen. */
const RECORDS_PER_MS = 200;
const MIN_RECORDS_PER_REQUEST = 16;
/** Until a round trip was seen: a far broker's first requests are not to be small. */
const FIRST_ROUND_TRIP_MS = 10;
/** The weight of the newest round trip in the mean. */
const ROUND_TRIP_WEIGHT = 1 / 8;
/** A record that was accepted. */
export interface AcceptedRecord extends BatchRecord {
  /** When to give up, on the clock of `performance.now()`. */
  readonly deadlineMs: number;
  /** One of the two is called, once. */
  readonly onDelivered: (partition: number, offset: bigint, timestamp: number) => void;
  readonly onFailed: (error: Error) => void;
}

/** See the module. */
export class LaneQueue {
  #records: AcceptedRecord[] = [];
  /** Where the queue begins: what stands before has been taken. */
  #first = 0;
  #roundTripMs = FIRST_ROUND_TRIP_MS;

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  push(record: AcceptedRecord): void {
    this.#records.push(record);
  }

  /** A request was answered after `roundTripMs`. */
  saw(roundTripMs: number): void {
    this.#roundTripMs += (roundTripMs - this.#roundTripMs) * ROUND_TRIP_WEIGHT;
  }

  /**
   * What leaves in the next request, in order.
   *
   * @param late is given what is past its time
   */
  take(maxRequestBytes: number, late: AcceptedRecord[]): AcceptedRecord[] {
    const nowMs = performance.now();
    const maxRecords = recordsPerRequest(this.#roundTripMs);
    const batch: AcceptedRecord[] = [];
    let size = 0;
    for (; this.#first < this.#records.length && batch.length < maxRecords; this.#first++) {
      const record = this.#records[this.#first];
      if (record === undefined) break;
      if (record.deadlineMs <= nowMs) {
        late.push(record);
        continue;
      }
      size += record.body.length + RECORD_OVERHEAD;
      if (batch.length > 0 && size > maxRequestBytes) break;
      batch.push(record);
    }
    // Only now and then, so that a long queue is not moved for every request.
    if (this.#first * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
    return batch;
  }
}

/**
 * How many records a request takes. With a quick broker many small requests are better than few large ones: in a large
 * one, all that are in flight travel together, and everybody waits for whoever handles them just then. With a far
 * broker a request must hold more, as only one is in flight.
 */
export function recordsPerRequest(roundTripMs: number): number {
  return Math.max(MIN_RECORDS_PER_REQUEST, Math.ceil(roundTripMs * RECORDS_PER_MS));
}
