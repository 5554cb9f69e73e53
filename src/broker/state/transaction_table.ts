/**
 * All transactional ids, kept in a journal. One that is not used for long is forgotten.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";
import type { Due } from "./deadlines.ts";
import type { Syncable } from "./flusher.ts";
import { type Change, Journal } from "./journal.ts";
import { type Storage, StorageError } from "./storage.ts";
import { isPending, takeIn, type Transaction, type TransactionParts } from "./transaction.ts";
import { lineOf, lineOfMore, parseLine, parseTransaction, type TransactionLine } from "./transaction_line.ts";

const log = logger("broker");

const PATH = "journals/transactions.log";

/** A transactional id, and when something is to be done about it. */
export class TransactionEntry implements Due {
  transaction: Transaction;
  deadlineMs = 0;
  dueIndex = -1;
  /** Of a transaction that ends: the keys of partitions without a marker, and whether its offsets are not settled. */
  readonly missing = new Set<string>();
  hasOffsets = false;
  readonly onDeadline: () => void;

  constructor(transaction: Transaction, onDeadline: (entry: TransactionEntry) => void) {
    this.transaction = transaction;
    this.onDeadline = () => onDeadline(this);
  }
}

/** Times in milliseconds. */
export interface TransactionTableOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly expirationMs: number;
  readonly cleanupIntervalMs: number;
}

/** See the module. */
export class TransactionTable implements Syncable, Disposable {
  readonly #options: TransactionTableOptions;
  readonly #onDeadline: (entry: TransactionEntry) => void;
  readonly #journal: Journal<TransactionLine>;
  readonly #entries = new Map<string, TransactionEntry>();
  #cancelCleanup: (() => void) | undefined;

  /**
   * @param onDeadline the time of an entry is over
   * @throws {StorageError}
   */
  constructor(options: TransactionTableOptions, onDeadline: (entry: TransactionEntry) => void) {
    this.#options = options;
    this.#onDeadline = onDeadline;
    this.#journal = new Journal(options.storage, PATH);
  }

  /** Reads what was there before. @returns notes for the log @throws {StorageError} */
  open(): string[] {
    const notes = this.#journal.replay(parseLine, ([transactionalId, line]) => {
      if (line === null) return void this.#entries.delete(transactionalId);
      const before = this.#entries.get(transactionalId)?.transaction;
      const transaction = parseTransaction(transactionalId, line, before);
      this.#entries.set(transactionalId, this.newEntry(transaction));
    });
    this.#scheduleCleanup();
    return notes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(transactionalId: string): TransactionEntry | undefined {
    return this.#entries.get(transactionalId);
  }

  entries(): Iterable<TransactionEntry> {
    return this.#entries.values();
  }

  /** An entry for a transactional id that is not in the table: {@linkcode TransactionTable.put} takes it in. */
  newEntry(transaction: Transaction): TransactionEntry {
    return new TransactionEntry(transaction, this.#onDeadline);
  }

  /** Writes a step down, and takes it. @throws {StorageError} nothing was changed */
  put(entry: TransactionEntry, next: Transaction): void {
    this.#journal.append([[next.transactionalId, lineOf(next)]]);
    this.#take(entry, next);
  }

  /** As `put`, of a step that goes on with a transaction under way: what comes into it. @throws {StorageError} */
  extend(entry: TransactionEntry, next: Transaction, added: TransactionParts): void {
    this.#journal.append([[next.transactionalId, lineOfMore(next, added)]]);
    takeIn(next, added);
    this.#take(entry, next);
  }

  /** Makes what was written down survive a power loss. @throws {StorageError} */
  sync(): Promise<void> {
    return this.#journal.sync();
  }

  [Symbol.dispose](): void {
    this.#cancelCleanup?.();
  }

  #take(entry: TransactionEntry, next: Transaction): void {
    entry.transaction = next;
    this.#entries.set(next.transactionalId, entry);
    this.#journal.compact(this.#entries.size, () => this.#changes());
  }

  #scheduleCleanup(): void {
    const { clock, cleanupIntervalMs } = this.#options;
    this.#cancelCleanup = clock.schedule(cleanupIntervalMs, () => {
      this.#forgetExpired();
      this.#scheduleCleanup();
    });
  }

  #forgetExpired(): void {
    const before = this.#options.clock.epochMs() - this.#options.expirationMs;
    const expired = [...this.#entries.values()].map(({ transaction }) => transaction)
      .filter((transaction) => !isPending(transaction) && transaction.updatedAtMs <= before);
    try {
      this.#journal.append(
        expired.map(({ transactionalId }): Change<TransactionLine> => [transactionalId, null]),
      );
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return log.error(`Cannot forget transactional ids: ${describeError(error)}`);
    }
    for (const { transactionalId } of expired) this.#entries.delete(transactionalId);
    this.#journal.compact(this.#entries.size, () => this.#changes());
  }

  *#changes(): Iterable<Change<TransactionLine>> {
    for (const { transaction } of this.#entries.values()) {
      yield [transaction.transactionalId, lineOf(transaction)];
    }
  }
}
