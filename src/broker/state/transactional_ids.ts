/**
 * Who has which transactional id: gives them to producers, each with an epoch that fences who had it before.
 *
 * @module
 */
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Clock } from "./clock.ts";
import type { Flusher } from "./flusher.ts";
import type { Later } from "./later.ts";
import type { ProducerIds } from "./producer_ids.ts";
import {
  initialized,
  isEpochExhausted,
  newTransaction,
  type ProducerIdAndEpoch,
  rotated,
} from "./transaction.ts";
import type { TransactionEntry, TransactionTable } from "./transaction_table.ts";
import { failed, producerOf, type ProducerResult } from "./transactional_producer.ts";

const log = logger("broker");

/** The longest transactional id that is kept; Kafka has no bound but a string's. */
const MAX_TRANSACTIONAL_ID_CHARS = 1_024;

/** What they are given out with. */
export interface TransactionalIdsOptions {
  readonly producerIds: ProducerIds;
  readonly flusher: Flusher;
  readonly clock: Clock;
  readonly fsync: boolean;
  readonly maxTransactionalIds: number;
}

/** See the module. */
export class TransactionalIds {
  readonly #table: TransactionTable;
  readonly #options: TransactionalIdsOptions;

  constructor(table: TransactionTable, options: TransactionalIdsOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** The entry of a transactional id, a new one that nobody has yet included; undefined when there is no room for it. */
  entryOf(transactionalId: string): TransactionEntry | undefined {
    const entry = this.#table.get(transactionalId);
    if (entry !== undefined) return entry;
    const { maxTransactionalIds, producerIds, clock } = this.#options;
    if (this.#table.size >= maxTransactionalIds || transactionalId.length > MAX_TRANSACTIONAL_ID_CHARS) {
      return undefined;
    }
    return this.#table.newEntry(newTransaction(transactionalId, producerIds.take(), clock.epochMs()));
  }

  /**
   * Gives one that has no transaction under way to a producer.
   *
   * @param named the producer id and epoch that it says it has, when it does
   * @throws {StorageError} nothing was changed
   */
  give(
    entry: TransactionEntry,
    timeoutMs: number,
    named: ProducerIdAndEpoch | undefined,
  ): ProducerResult | Later<ProducerResult> {
    const { clock, producerIds, fsync, flusher } = this.#options;
    const { transaction } = entry;
    const nowMs = clock.epochMs();
    const isRotation = isEpochExhausted(transaction.producerEpoch) &&
      (named === undefined || named.producerEpoch === transaction.producerEpoch);
    const next = isRotation
      ? rotated(transaction, producerIds.take(), timeoutMs, named !== undefined, nowMs)
      : initialized(transaction, timeoutMs, named?.producerEpoch, nowMs);
    if (typeof next === "number") return failed(next);
    this.#table.put(entry, next);
    if (!fsync) return producerOf(next);
    return flusher.commit([this.#table, producerIds]).map((faults) => {
      for (const fault of faults.values()) log.error(fault);
      return faults.size === 0 ? producerOf(next) : failed(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    });
  }
}
