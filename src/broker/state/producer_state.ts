/**
 * What a partition remembers of one producer, and how a snapshot has it.
 *
 * @module
 */
import type { Reader } from "../../wire/reader.ts";
import type { Writer } from "../../wire/writer.ts";

export const NO_OFFSET = -1n;

/** The fewest bytes of a producer's state in a snapshot, and those of a batch. */
export const PRODUCER_STATE_BYTES = 34;
const BATCH_BYTES = 24;

/** A batch by which one that is sent twice is known. */
interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: bigint;
  readonly timestamp: bigint;
}

/** See the module. */
export interface ProducerState {
  producerEpoch: number;
  coordinatorEpoch: number;
  lastTimestamp: bigint;
  /** Where its transaction under way begins, -1 without one. */
  txnFirstOffset: bigint;
  /** Epoch milliseconds of its last batch here; and when that was among those of others: a count of batches. */
  lastUsedMs: number;
  lastUse: number;
  batches: RememberedBatch[];
}

/** Writes what {@linkcode readProducerState} reads. */
export function writeProducerState(writer: Writer, state: ProducerState): void {
  writer.int16(state.producerEpoch);
  writer.int32(state.coordinatorEpoch);
  writer.int64(state.lastTimestamp);
  writer.int64(state.txnFirstOffset);
  writer.int64(BigInt(state.lastUsedMs));
  writer.int32(state.batches.length);
  for (const { firstSequence, lastSequence, baseOffset, timestamp } of state.batches) {
    writer.int32(firstSequence);
    writer.int32(lastSequence);
    writer.int64(baseOffset);
    writer.int64(timestamp);
  }
}

/** @throws {WireError} if the bytes do not hold one */
export function readProducerState(reader: Reader, lastUse: number): ProducerState {
  const state: ProducerState = {
    producerEpoch: reader.int16(),
    coordinatorEpoch: reader.int32(),
    lastTimestamp: reader.int64(),
    txnFirstOffset: reader.int64(),
    lastUsedMs: Number(reader.int64()),
    lastUse,
    batches: [],
  };
  for (let left = reader.arrayCount(BATCH_BYTES); left > 0; left--) {
    state.batches.push({
      firstSequence: reader.int32(),
      lastSequence: reader.int32(),
      baseOffset: reader.int64(),
      timestamp: reader.int64(),
    });
  }
  return state;
}
