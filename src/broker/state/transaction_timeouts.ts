/**
 * Aborts transactions that their producers have not ended in their time, however often the disk refuses.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";
import type { Deadlines } from "./deadlines.ts";
import { StorageError } from "./storage.ts";
import { RETRY_MS } from "./transaction_endings.ts";
import type { TransactionEntry } from "./transaction_table.ts";

const log = logger("broker");

/** See the module. */
export class TransactionTimeouts {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #abort: (entry: TransactionEntry) => void;

  /** @param abort aborts a transaction that is under way; a StorageError says that nothing was changed */
  constructor(clock: Clock, deadlines: Deadlines, abort: (entry: TransactionEntry) => void) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#abort = abort;
  }

  /** Watches a transaction that has begun, now or before a restart. */
  watch(entry: TransactionEntry): void {
    const { startedAtMs, timeoutMs } = entry.transaction;
    // It may have begun in the future, by a clock that was set back since.
    const leftMs = Math.min(startedAtMs + timeoutMs - this.#clock.epochMs(), timeoutMs);
    this.#overIn(entry, Math.max(0, leftMs));
  }

  /** The time of a transaction under way is over. */
  over(entry: TransactionEntry): void {
    const { transactionalId, timeoutMs } = entry.transaction;
    try {
      this.#abort(entry);
      log.info(`Aborted the transaction of '${transactionalId}' as its ${timeoutMs} ms are over`);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(`Cannot abort the transaction of '${transactionalId}': ${describeError(error)}`);
      this.#overIn(entry, RETRY_MS);
    }
  }

  #overIn(entry: TransactionEntry, ms: number): void {
    entry.deadlineMs = this.#clock.nowMs() + ms;
    this.#deadlines.add(entry);
  }
}
