/**
 * The transaction coordinator: who has which transactional id, and what becomes of its transactions. Kafka's
 * TransactionCoordinator is the model.
 *
 * A step is written down before it is answered, and the end of a transaction before its first marker: from then on it is
 * carried through, also after a crash.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { NO_PRODUCER_ID } from "../../wire/record_batch.ts";
import type { CommittedOffsets } from "./committed_offsets.ts";
import { Deadlines } from "./deadlines.ts";
import type { Flusher, Syncable } from "./flusher.ts";
import { Later } from "./later.ts";
import type { ProducerIds } from "./producer_ids.ts";
import type { Topics } from "./topics.ts";
import {
  completed,
  type Ending,
  isEpochExhausted,
  isKnownProducer,
  isPending,
  isPrepared,
  ongoing,
  partitionKey,
  prepared,
  type ProducerIdAndEpoch,
  takeIn,
  type Transaction,
  type TransactionPartition,
} from "./transaction.ts";
import { TransactionEndings } from "./transaction_endings.ts";
import { TransactionMarkers } from "./transaction_markers.ts";
import { judgeEnd, judgeEndWithEpoch, judgeProducer } from "./transaction_rules.ts";
import {
  type TransactionEntry,
  TransactionTable,
  type TransactionTableOptions,
} from "./transaction_table.ts";
import { TransactionTimeouts } from "./transaction_timeouts.ts";
import { TransactionalIds } from "./transactional_ids.ts";
import {
  failed,
  producerOf,
  type ProducerResult,
  type TransactionalProducer,
} from "./transactional_producer.ts";

/** Groups whose offsets one transaction commits. */
const MAX_GROUPS = 100;

/** Times in milliseconds. */
export interface TransactionsOptions extends TransactionTableOptions {
  readonly topics: Topics;
  readonly offsets: CommittedOffsets;
  readonly producerIds: ProducerIds;
  readonly flusher: Flusher;
  readonly fsync: boolean;
  /** A table with more takes no new transactional id. */
  readonly maxTransactionalIds: number;
  readonly maxTimeoutMs: number;
}

/** See the module. */
export class Transactions implements Syncable, Disposable {
  readonly #options: TransactionsOptions;
  readonly #table: TransactionTable;
  readonly #ids: TransactionalIds;
  readonly #markers: TransactionMarkers;
  readonly #endings: TransactionEndings;
  readonly #timeouts: TransactionTimeouts;
  readonly #deadlines: Deadlines;

  /** @throws {StorageError} */
  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#table = new TransactionTable(options, (entry) => this.#onDeadline(entry));
    this.#markers = new TransactionMarkers(options.topics, options.clock);
    this.#deadlines = new Deadlines(options.clock);
    this.#ids = new TransactionalIds(this.#table, options);
    const { offsets, flusher, clock, fsync } = options;
    this.#timeouts = new TransactionTimeouts(clock, this.#deadlines, (entry) => void this.#abort(entry));
    this.#endings = new TransactionEndings({
      table: this.#table,
      markers: this.#markers,
      deadlines: this.#deadlines,
      offsets,
      flusher,
      clock,
      fsync,
    });
  }

  /**
   * Reads what was there before, and carries on what had begun to end. To be called when topics, offsets and producer ids
   * are open.
   *
   * @returns notes for the log
   * @throws {StorageError}
   */
  open(): string[] {
    const notes = this.#table.open();
    const underWay = new Map<bigint, Transaction>();
    for (const transaction of this.all()) {
      if (isPending(transaction)) underWay.set(transaction.producerId, transaction);
    }
    notes.push(
      ...this.#markers.abortOrphans((producerId, topic, partition) =>
        underWay.get(producerId)?.partitions.has(partitionKey({ topic, partition })) ?? false
      ),
    );
    for (const entry of this.#table.entries()) {
      if (entry.transaction.state === "Ongoing") this.#timeouts.watch(entry);
      if (!isPrepared(entry.transaction.state)) continue;
      this.#conclude(entry, this.#markers.missing(entry.transaction));
    }
    return notes;
  }

  get(transactionalId: string): Transaction | undefined {
    return this.#table.get(transactionalId)?.transaction;
  }

  *all(): Iterable<Transaction> {
    for (const { transaction } of this.#table.entries()) yield transaction;
  }

  /**
   * Gives a transactional id to a producer; one that had it before is fenced. A transaction that is under way is aborted
   * first, and the producer is to ask again.
   *
   * @param named the producer id and epoch that it says it has, when it does (KIP-360)
   * @throws {StorageError} nothing was changed
   */
  initProducerId(
    transactionalId: string,
    timeoutMs: number,
    named: ProducerIdAndEpoch | undefined,
  ): ProducerResult | Later<ProducerResult> {
    if (transactionalId === "") return failed(ErrorCode.INVALID_REQUEST);
    if (timeoutMs <= 0 || timeoutMs > this.#options.maxTimeoutMs) {
      return failed(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    }
    const entry = this.#ids.entryOf(transactionalId);
    if (entry === undefined) return failed(ErrorCode.POLICY_VIOLATION);
    const { transaction } = entry;
    if (named !== undefined && !isKnownProducer(transaction, named)) return failed(ErrorCode.PRODUCER_FENCED);
    switch (transaction.state) {
      case "PrepareCommit":
      case "PrepareAbort":
        return failed(ErrorCode.CONCURRENT_TRANSACTIONS);
      case "Ongoing":
        return mapped(this.#abort(entry), () => failed(ErrorCode.CONCURRENT_TRANSACTIONS));
      case "Empty":
      case "CompleteCommit":
      case "CompleteAbort":
        return this.#ids.give(entry, timeoutMs, named);
    }
  }

  /**
   * Takes partitions into a producer's transaction, which begins when it has not yet.
   *
   * @returns an error code
   * @throws {StorageError} nothing was changed
   */
  addPartitions(
    producer: TransactionalProducer,
    partitions: readonly TransactionPartition[],
    isEpochPerTransaction: boolean,
  ): number {
    return this.#extend(producer, partitions, [], isEpochPerTransaction);
  }

  /**
   * Takes a group's offsets into a producer's transaction, which begins when it has not yet.
   *
   * @returns an error code
   * @throws {StorageError} nothing was changed
   */
  addOffsets(producer: TransactionalProducer, groupId: string, isEpochPerTransaction: boolean): number {
    return this.#extend(producer, [], [groupId], isEpochPerTransaction);
  }

  /** Whether a partition is in a producer's transaction. @returns an error code, TRANSACTION_ABORTABLE when it is not */
  verifyPartition(producer: TransactionalProducer, partition: TransactionPartition): number {
    return this.#verify(producer, ({ partitions }) => partitions.has(partitionKey(partition)));
  }

  /** Whether a group is in a producer's transaction. @returns an error code, TRANSACTION_ABORTABLE when it is not */
  verifyOffsets(producer: TransactionalProducer, groupId: string): number {
    return this.#verify(producer, ({ groupIds }) => groupIds.has(groupId));
  }

  /**
   * Ends a producer's transaction.
   *
   * @param isEpochPerTransaction the producer goes on with the next epoch, which it is told (KIP-890)
   * @throws {StorageError} nothing was changed
   */
  end(
    producer: TransactionalProducer,
    isCommit: boolean,
    isEpochPerTransaction: boolean,
  ): ProducerResult | Later<ProducerResult> {
    const entry = this.#entryOf(producer);
    if (typeof entry === "number") return failed(entry);
    const judge = isEpochPerTransaction ? judgeEndWithEpoch : judgeEnd;
    const verdict = judge(entry.transaction, producer, isCommit);
    switch (verdict.kind) {
      case "refused":
        return failed(verdict.errorCode);
      case "done":
        return producerOf(entry.transaction);
      case "go": {
        const isUsedUp = isEpochPerTransaction && isEpochExhausted(entry.transaction.producerEpoch);
        const nextProducerId = isUsedUp ? this.#options.producerIds.take() : NO_PRODUCER_ID;
        return this.#end(entry, { isCommit, isEpochPerTransaction, nextProducerId });
      }
    }
  }

  /** Makes what was written down survive a power loss. @throws {StorageError} */
  sync(): Promise<void> {
    return this.#table.sync();
  }

  [Symbol.dispose](): void {
    this.#endings[Symbol.dispose]();
    this.#table[Symbol.dispose]();
    this.#deadlines[Symbol.dispose]();
  }

  /** The entry of a producer's transactional id, or the error code that there is none for. */
  #entryOf({ transactionalId }: TransactionalProducer): TransactionEntry | number {
    if (transactionalId === "") return ErrorCode.INVALID_REQUEST;
    return this.#table.get(transactionalId) ?? ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  }

  #extend(
    producer: TransactionalProducer,
    partitions: readonly TransactionPartition[],
    groupIds: readonly string[],
    isEpochPerTransaction: boolean,
  ): number {
    const entry = this.#entryOf(producer);
    if (typeof entry === "number") return entry;
    const { transaction } = entry;
    const errorCode = judgeProducer(transaction, producer);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    const added = {
      partitions: partitions.filter((one) => !transaction.partitions.has(partitionKey(one))),
      groupIds: groupIds.filter((groupId) => !transaction.groupIds.has(groupId)),
    };
    const isBegun = transaction.state === "Ongoing";
    if (isBegun && added.partitions.length === 0 && added.groupIds.length === 0) return ErrorCode.NONE;
    if (transaction.groupIds.size + added.groupIds.length > MAX_GROUPS) return ErrorCode.POLICY_VIOLATION;
    const next = ongoing(transaction, isEpochPerTransaction, this.#options.clock.epochMs());
    if (isBegun) this.#table.extend(entry, next, added);
    else {
      takeIn(next, added);
      this.#table.put(entry, next);
    }
    if (!isBegun) this.#timeouts.watch(entry);
    return ErrorCode.NONE;
  }

  #verify(producer: TransactionalProducer, has: (transaction: Transaction) => boolean): number {
    const entry = this.#entryOf(producer);
    if (typeof entry === "number") return entry;
    const errorCode = judgeProducer(entry.transaction, producer);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    return has(entry.transaction) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
  }

  /**
   * Aborts a transaction that its producer has not ended. The next epoch keeps the producer out, an older client's too.
   *
   * @throws {StorageError} nothing was changed
   */
  #abort(entry: TransactionEntry): ProducerResult | Later<ProducerResult> {
    const ending = { isCommit: false, isEpochPerTransaction: true, nextProducerId: NO_PRODUCER_ID };
    return this.#end(entry, ending);
  }

  /** @throws {StorageError} nothing was changed */
  #end(entry: TransactionEntry, ending: Ending): ProducerResult | Later<ProducerResult> {
    const next = prepared(entry.transaction, ending, this.#options.clock.epochMs());
    this.#table.put(entry, next);
    this.#deadlines.delete(entry);
    const answer = producerOf(completed(next, next.updatedAtMs));
    return mapped(
      this.#conclude(entry, next.partitions.keys()),
      (isDecided) => isDecided ? answer : failed(ErrorCode.COORDINATOR_NOT_AVAILABLE),
    );
  }

  #conclude(entry: TransactionEntry, missing: Iterable<string>): boolean | Later<boolean> {
    for (const key of missing) entry.missing.add(key);
    entry.hasOffsets = true;
    return this.#endings.conclude(entry);
  }

  #onDeadline(entry: TransactionEntry): void {
    const { state } = entry.transaction;
    if (isPrepared(state)) this.#endings.conclude(entry);
    else if (state === "Ongoing") this.#timeouts.over(entry);
  }
}

function mapped<T, U>(value: T | Later<T>, change: (value: T) => U): U | Later<U> {
  return value instanceof Later ? value.map(change) : change(value);
}
