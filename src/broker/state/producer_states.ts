/**
 * What a partition remembers of its idempotent producers: enough to know a batch that was sent twice from a new one,
 * and a gap from neither. Kafka's ProducerStateManager is the model.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";

/** Batches remembered per producer: as many as a client may have in flight. */
const REMEMBERED_BATCHES = 5;
const MAX_SEQUENCE = 2 ** 31 - 1;

/** A batch of an idempotent producer. */
export interface SequencedBatch {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordsCount: number;
}

interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: bigint;
  readonly timestamp: bigint;
}

interface ProducerState {
  producerEpoch: number;
  /** When it was last used: a count of batches. */
  lastUse: number;
  batches: RememberedBatch[];
}

/** What to do with a batch. */
export type SequenceCheck =
  | { readonly kind: "new" }
  | { readonly kind: "duplicate"; readonly baseOffset: bigint; readonly timestamp: bigint }
  | { readonly kind: "refused"; readonly errorCode: number };

const NEW: SequenceCheck = { kind: "new" };

/** See the module. */
export class ProducerStates {
  readonly #max: number;
  #uses = 0;
  readonly #producers = new Map<bigint, ProducerState>();

  constructor(maxProducers: number) {
    this.#max = maxProducers;
  }

  get size(): number {
    return this.#producers.size;
  }

  /** Judges a batch before it is appended. */
  check(batch: SequencedBatch): SequenceCheck {
    const state = this.#producers.get(batch.producerId);
    // A producer that is not known, as its records were deleted or it is new, may begin anywhere.
    if (state === undefined) return NEW;
    if (batch.producerEpoch < state.producerEpoch) {
      return { kind: "refused", errorCode: ErrorCode.INVALID_PRODUCER_EPOCH };
    }
    if (batch.producerEpoch > state.producerEpoch) {
      if (batch.baseSequence === 0) return NEW;
      return { kind: "refused", errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const lastSequence = lastSequenceOf(batch);
    const same = state.batches.find((known) =>
      known.firstSequence === batch.baseSequence && known.lastSequence === lastSequence
    );
    if (same !== undefined) {
      return { kind: "duplicate", baseOffset: same.baseOffset, timestamp: same.timestamp };
    }
    const newest = state.batches.at(-1);
    if (newest === undefined || batch.baseSequence === addToSequence(newest.lastSequence, 1)) return NEW;
    return { kind: "refused", errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }

  /** Remembers a batch that was appended, now or before a restart. */
  remember(batch: SequencedBatch, baseOffset: bigint, timestamp: bigint): void {
    let state = this.#producers.get(batch.producerId);
    if (state === undefined) {
      if (this.#producers.size >= this.#max) this.#forgetOldest();
      state = { producerEpoch: batch.producerEpoch, lastUse: 0, batches: [] };
      this.#producers.set(batch.producerId, state);
    }
    state.lastUse = ++this.#uses;
    if (state.producerEpoch !== batch.producerEpoch) {
      state.producerEpoch = batch.producerEpoch;
      state.batches = [];
    }
    const lastSequence = lastSequenceOf(batch);
    if (state.batches.length === REMEMBERED_BATCHES) state.batches.shift();
    state.batches.push({ firstSequence: batch.baseSequence, lastSequence, baseOffset, timestamp });
  }

  #forgetOldest(): void {
    let oldest: [producerId: bigint, lastUse: number] = [-1n, Infinity];
    for (const [producerId, { lastUse }] of this.#producers) {
      if (lastUse < oldest[1]) oldest = [producerId, lastUse];
    }
    this.#producers.delete(oldest[0]);
  }
}

/** Sequences run from 0 to 2^31 - 1 and then from 0 again. */
function addToSequence(sequence: number, count: number): number {
  return sequence > MAX_SEQUENCE - count ? count - (MAX_SEQUENCE - sequence) - 1 : sequence + count;
}

function lastSequenceOf(batch: SequencedBatch): number {
  return addToSequence(batch.baseSequence, batch.recordsCount - 1);
}
