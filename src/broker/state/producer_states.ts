/**
 * What a partition remembers of its producers: enough to know a batch that was sent twice from a new one, a gap from
 * neither, and where each transaction under way begins. Kafka's ProducerStateManager is the model.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import type { EndTxnMarker } from "../../wire/control_records.ts";
import { BatchAttribute, NO_PRODUCER_EPOCH, NO_SEQUENCE } from "../../wire/record_batch.ts";
import type { Reader } from "../../wire/reader.ts";
import type { Writer } from "../../wire/writer.ts";
import {
  NO_OFFSET,
  PRODUCER_STATE_BYTES,
  type ProducerState,
  readProducerState,
  writeProducerState,
} from "./producer_state.ts";

/** Batches remembered per producer: as many as a client may have in flight. */
const REMEMBERED_BATCHES = 5;
const MAX_SEQUENCE = 2 ** 31 - 1;
const NO_COORDINATOR_EPOCH = -1;
const PRODUCER_ID_BYTES = 8;
/** From this transaction.version on a marker's epoch is newer than that of the records. */
const EPOCH_PER_TRANSACTION_SINCE = 2;
/** A batch of an idempotent producer. */
export interface SequencedBatch {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordsCount: number;
  readonly attributes: number;
}

/** A producer, as DescribeProducers tells of it; -1 for what there is not. */
export interface ActiveProducer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: bigint;
  readonly coordinatorEpoch: number;
  readonly currentTxnStartOffset: bigint;
}

/** A marker that the broker's own coordinator has not made. */
export interface ForeignMarker {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  /** Kafka's `transaction.version`, by which the marker's epoch was chosen. */
  readonly transactionVersion: number;
}

/** What to do with a batch. */
export type SequenceCheck =
  | { readonly kind: "new" }
  | { readonly kind: "duplicate"; readonly baseOffset: bigint; readonly timestamp: bigint }
  | { readonly kind: "refused"; readonly errorCode: number };

/** Bounds of what is remembered. */
export interface ProducerStatesOptions {
  readonly max: number;
  /** How long one is remembered that sends nothing. Kafka: `producer.id.expiration.ms`. */
  readonly expirationMs: number;
}

const NEW: SequenceCheck = { kind: "new" };

/** See the module. Times are epoch milliseconds. */
export class ProducerStates {
  readonly #options: ProducerStatesOptions;
  readonly #producers = new Map<bigint, ProducerState>();
  /** Who has a transaction under way, by where it begins: the first is the earliest. */
  readonly #open = new Map<bigint, bigint>();
  #uses = 0;

  constructor(options: ProducerStatesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#producers.size;
  }

  /** Where the earliest transaction under way begins, undefined without one. */
  get firstUnstableOffset(): bigint | undefined {
    for (const firstOffset of this.#open.values()) return firstOffset;
    return undefined;
  }

  /** Those who have a transaction under way. */
  openProducerIds(): Iterable<bigint> {
    return this.#open.keys();
  }

  /** The epoch that a producer was last seen with, undefined when it is not known. */
  epochOf(producerId: bigint): number | undefined {
    return this.#producers.get(producerId)?.producerEpoch;
  }

  /** Whether a producer is remembered. */
  isActive(producerId: bigint, nowMs: number): boolean {
    return this.#known(producerId, nowMs) !== undefined;
  }

  hasOpenTransaction(producerId: bigint): boolean {
    return this.#open.has(producerId);
  }

  /**
   * Judges a batch before it is appended.
   *
   * @param isEpochPerTransaction each transaction has an epoch of its own (KIP-890): a producer that is not known begins
   * at 0, as its records cannot have been deleted
   */
  check(batch: SequencedBatch, nowMs: number, isEpochPerTransaction = false): SequenceCheck {
    const state = this.#known(batch.producerId, nowMs);
    const isTransactional = (batch.attributes & BatchAttribute.transactional) !== 0;
    if (state?.producerEpoch === batch.producerEpoch) {
      const lastSequence = lastSequenceOf(batch);
      const same = state.batches.find((known) =>
        known.firstSequence === batch.baseSequence && known.lastSequence === lastSequence
      );
      if (same !== undefined) {
        return { kind: "duplicate", baseOffset: same.baseOffset, timestamp: same.timestamp };
      }
    }
    if (state !== undefined && batch.producerEpoch < state.producerEpoch) {
      return refused(ErrorCode.INVALID_PRODUCER_EPOCH);
    }
    const newest = state?.batches.at(-1);
    if (isTransactional && isEpochPerTransaction && newest === undefined && batch.baseSequence !== 0) {
      return refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    // A producer that is not known, as its records were deleted or it is new, may begin anywhere.
    if (state === undefined || state.producerEpoch === NO_PRODUCER_EPOCH) return NEW;
    const isSameEpoch = batch.producerEpoch === state.producerEpoch;
    const expected = isSameEpoch && newest !== undefined ? addToSequence(newest.lastSequence, 1) : 0;
    if (batch.baseSequence !== expected) return refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    if (state.txnFirstOffset !== NO_OFFSET && !isTransactional) return refused(ErrorCode.INVALID_TXN_STATE);
    return NEW;
  }

  /** Remembers a batch that was appended, now or before a restart. */
  remember(batch: SequencedBatch, baseOffset: bigint, timestamp: bigint, nowMs: number): void {
    const state = this.#entry(batch.producerId, batch.producerEpoch, nowMs);
    const lastSequence = lastSequenceOf(batch);
    if (state.batches.length === REMEMBERED_BATCHES) state.batches.shift();
    state.batches.push({ firstSequence: batch.baseSequence, lastSequence, baseOffset, timestamp });
    state.lastTimestamp = timestamp;
    if ((batch.attributes & BatchAttribute.transactional) !== 0 && state.txnFirstOffset === NO_OFFSET) {
      state.txnFirstOffset = baseOffset;
      this.#open.set(batch.producerId, baseOffset);
    }
  }

  /** Judges a marker that somebody else than the coordinator brings. @returns an error code */
  judgeMarker({ producerId, producerEpoch, coordinatorEpoch, transactionVersion }: ForeignMarker): number {
    const state = this.#producers.get(producerId);
    const knownEpoch = state?.producerEpoch ?? NO_PRODUCER_EPOCH;
    const isEpochPerTransaction = transactionVersion >= EPOCH_PER_TRANSACTION_SINCE;
    // With nothing under way it is the marker that is here already, once more.
    const isOfTheRecords = producerEpoch === knownEpoch && this.#open.has(producerId);
    if (producerEpoch < knownEpoch || (isEpochPerTransaction && isOfTheRecords)) {
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    }
    const isFenced = coordinatorEpoch < (state?.coordinatorEpoch ?? NO_COORDINATOR_EPOCH);
    return isFenced ? ErrorCode.TRANSACTION_COORDINATOR_FENCED : ErrorCode.NONE;
  }

  /**
   * Takes the marker that ends a producer's transaction.
   *
   * @returns where the transaction began, undefined when it has no records here
   */
  end(
    { producerId, producerEpoch }: { producerId: bigint; producerEpoch: number },
    { coordinatorEpoch }: EndTxnMarker,
    timestamp: bigint,
    nowMs: number,
  ): bigint | undefined {
    const state = this.#entry(producerId, producerEpoch, nowMs);
    const { txnFirstOffset } = state;
    state.coordinatorEpoch = coordinatorEpoch;
    state.lastTimestamp = timestamp;
    state.txnFirstOffset = NO_OFFSET;
    this.#open.delete(producerId);
    return txnFirstOffset === NO_OFFSET ? undefined : txnFirstOffset;
  }

  /** All that are remembered. */
  active(nowMs: number): ActiveProducer[] {
    for (const [producerId, state] of this.#producers) {
      if (this.#isExpired(state, nowMs)) this.#producers.delete(producerId);
    }
    return [...this.#producers].map(([producerId, state]) => ({
      producerId,
      producerEpoch: state.producerEpoch,
      lastSequence: state.batches.at(-1)?.lastSequence ?? NO_SEQUENCE,
      lastTimestamp: state.lastTimestamp,
      coordinatorEpoch: state.coordinatorEpoch,
      currentTxnStartOffset: state.txnFirstOffset,
    }));
  }

  /** Writes a snapshot of all: {@linkcode ProducerStates.read} reads it. */
  write(writer: Writer): void {
    writer.int32(this.#producers.size);
    for (const [producerId, state] of this.#producers) {
      writer.int64(producerId);
      writeProducerState(writer, state);
    }
  }

  /** @throws {WireError} */
  static read(reader: Reader, options: ProducerStatesOptions): ProducerStates {
    const states = new ProducerStates(options);
    for (let left = reader.arrayCount(PRODUCER_ID_BYTES + PRODUCER_STATE_BYTES); left > 0; left--) {
      const producerId = reader.int64();
      states.#producers.set(producerId, readProducerState(reader, ++states.#uses));
    }
    const open = [...states.#producers].filter(([, { txnFirstOffset }]) => txnFirstOffset !== NO_OFFSET);
    open.sort(([, a], [, b]) => a.txnFirstOffset < b.txnFirstOffset ? -1 : 1);
    for (const [producerId, { txnFirstOffset }] of open) states.#open.set(producerId, txnFirstOffset);
    return states;
  }

  #known(producerId: bigint, nowMs: number): ProducerState | undefined {
    const state = this.#producers.get(producerId);
    if (state === undefined || !this.#isExpired(state, nowMs)) return state;
    this.#producers.delete(producerId);
    return undefined;
  }

  /** What is remembered of a producer, from now on with this epoch. It is the one that was used last. */
  #entry(producerId: bigint, producerEpoch: number, nowMs: number): ProducerState {
    let state = this.#producers.get(producerId);
    if (state === undefined) {
      if (this.#producers.size >= this.#options.max) this.#forgetOldest();
      state = {
        producerEpoch,
        coordinatorEpoch: NO_COORDINATOR_EPOCH,
        lastTimestamp: -1n,
        txnFirstOffset: NO_OFFSET,
        lastUsedMs: nowMs,
        lastUse: 0,
        batches: [],
      };
      this.#producers.set(producerId, state);
    }
    state.lastUsedMs = nowMs;
    state.lastUse = ++this.#uses;
    if (state.producerEpoch !== producerEpoch) {
      state.producerEpoch = producerEpoch;
      state.batches = [];
    }
    return state;
  }

  #isExpired({ txnFirstOffset, lastUsedMs }: ProducerState, nowMs: number): boolean {
    return txnFirstOffset === NO_OFFSET && nowMs - lastUsedMs >= this.#options.expirationMs;
  }

  /** One with a transaction under way is not forgotten: nobody would know that its records are not to be read yet. */
  #forgetOldest(): void {
    let oldest: [producerId: bigint, lastUse: number] = [-1n, Infinity];
    for (const [producerId, { lastUse, txnFirstOffset }] of this.#producers) {
      if (txnFirstOffset === NO_OFFSET && lastUse < oldest[1]) oldest = [producerId, lastUse];
    }
    this.#producers.delete(oldest[0]);
  }
}

function refused(errorCode: number): SequenceCheck {
  return { kind: "refused", errorCode };
}

/** Sequences run from 0 to 2^31 - 1 and then from 0 again. */
function addToSequence(sequence: number, count: number): number {
  return sequence > MAX_SEQUENCE - count ? count - (MAX_SEQUENCE - sequence) - 1 : sequence + count;
}

function lastSequenceOf(batch: SequencedBatch): number {
  return addToSequence(batch.baseSequence, batch.recordsCount - 1);
}
