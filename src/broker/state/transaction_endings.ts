/**
 * Carries through what has begun to end: once a transaction is prepared, its markers are written, its offsets settled and
 * its end written down, in this order, however often the disk refuses.
 *
 * All of it is one step that nothing comes between, except for the disk in fsync mode, or one that refuses: until it is
 * done the state is PrepareCommit or PrepareAbort, as in Kafka.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";
import type { CommittedOffsets } from "./committed_offsets.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Flusher, SyncFaults } from "./flusher.ts";
import { Later } from "./later.ts";
import type { Partition } from "./partition.ts";
import { StorageError } from "./storage.ts";
import { completed } from "./transaction.ts";
import type { TransactionMarkers } from "./transaction_markers.ts";
import type { TransactionEntry, TransactionTable } from "./transaction_table.ts";

const log = logger("broker");

/** How long to wait before what the disk refused is tried again. */
export const RETRY_MS = 1_000;
/** Bytes that those who wait are told of: a marker's, roughly. */
const MARKER_BYTES = 78;

/** What endings are made of. */
export interface TransactionEndingsOptions {
  readonly table: TransactionTable;
  readonly markers: TransactionMarkers;
  readonly offsets: CommittedOffsets;
  readonly deadlines: Deadlines;
  readonly flusher: Flusher;
  readonly clock: Clock;
  readonly fsync: boolean;
}

/** See the module. */
export class TransactionEndings implements Disposable {
  readonly #options: TransactionEndingsOptions;
  #isClosed = false;

  constructor(options: TransactionEndingsOptions) {
    this.#options = options;
  }

  /**
   * Carries a prepared transaction through, as far as the disk lets it; the rest is tried again later.
   *
   * @returns in fsync mode, whether the outcome would survive a power loss, once that is known and the markers were tried
   */
  conclude(entry: TransactionEntry): boolean | Later<boolean> {
    if (this.#options.fsync) return this.#concludeSafely(entry);
    this.#attempt(entry, () => {
      for (const partition of this.#mark(entry).values()) partition.waiters.wake(MARKER_BYTES);
      this.#complete(entry);
    });
    return true;
  }

  /** Tries no more: what is left is for the next start. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
  }

  /** The outcome before the markers, and these before the end of the transaction: a power loss may come at any time. */
  #concludeSafely(entry: TransactionEntry): Later<boolean> {
    const { flusher, offsets, table } = this.#options;
    const later = new Later<boolean>();
    flusher.commit([table]).listen((faults) => {
      if (this.#isClosed || faults.size > 0) {
        this.#failed(entry, faults.values());
        return later.complete(false);
      }
      const marked = this.#attempt(entry, () => this.#mark(entry));
      if (marked === undefined) return later.complete(true);
      flusher.commit([offsets, ...marked.values()]).listen((markerFaults) => {
        this.#attempt(entry, () => this.#settle(entry, marked, markerFaults));
        later.complete(true);
      });
    });
    return later;
  }

  /** Ends the transaction, unless the disk could not keep all that was written for it. */
  #settle(entry: TransactionEntry, marked: ReadonlyMap<string, Partition>, faults: SyncFaults): void {
    for (const [key, partition] of marked) {
      partition.fault ??= faults.get(partition);
      // The marker may not be there after a restart: only then is it known whether it is.
      if (partition.fault !== undefined) entry.missing.add(key);
      partition.waiters.wake(MARKER_BYTES);
    }
    if (this.#isClosed || faults.size > 0) this.#failed(entry, faults.values());
    else this.#complete(entry);
  }

  /** What fails by a fault of ours is tried again, too: the outcome is decided, and nobody else would carry it through. */
  #attempt<T>(entry: TransactionEntry, step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      log.error("A fault of ours in the end of a transaction: {error}", { error });
      this.#failed(entry, []);
      return undefined;
    }
  }

  /** Writes what markers are missing, and settles the offsets. @returns where markers were written */
  #mark(entry: TransactionEntry): Map<string, Partition> {
    const { transaction, missing } = entry;
    const marked = this.#options.markers.write(transaction, missing);
    if (!entry.hasOffsets) return marked;
    try {
      this.#options.offsets.finish(transaction.producerId, transaction.state === "PrepareCommit");
      entry.hasOffsets = false;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(`Cannot settle the offsets of '${transaction.transactionalId}': ${describeError(error)}`);
    }
    return marked;
  }

  /** Writes the end of the transaction down, when nothing is missing. */
  #complete(entry: TransactionEntry): void {
    if (entry.missing.size > 0 || entry.hasOffsets) return this.#failed(entry, []);
    try {
      this.#options.table.put(entry, completed(entry.transaction, this.#options.clock.epochMs()));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#failed(entry, [describeError(error)]);
    }
  }

  #failed(entry: TransactionEntry, reasons: Iterable<string>): void {
    for (const reason of reasons) {
      log.error(`Cannot end the transaction of '${entry.transaction.transactionalId}' yet: ${reason}`);
    }
    if (this.#isClosed) return;
    entry.deadlineMs = this.#options.clock.nowMs() + RETRY_MS;
    this.#options.deadlines.add(entry);
  }
}
