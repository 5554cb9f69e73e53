/**
 * The records that a handler has taken and not finished yet: no more at a time than there is room for.
 *
 * @module
 */
import { backoffMs } from "../base/backoff.ts";
import { sleep, untilAborted } from "../base/stop.ts";
import type { ConsumedRecord } from "./record.ts";
import { RETRY_BACKOFF } from "./retry.ts";

/** What {@linkcode RecordsInHand} needs. */
export interface RecordsInHandOptions {
  readonly maxCount: number;
  readonly onBatch: (records: ConsumedRecord[]) => unknown;
  /** `onBatch` threw or rejected; it is given the records that it had not finished again in `retryInMs`. */
  readonly onFailed: (error: unknown, retryInMs: number) => void;
  /** Aborted when nothing is to be given any more. */
  readonly signal: AbortSignal;
  /** The giving was ended, and these were not taken, or failed. In their order. */
  readonly onLeft: (records: readonly ConsumedRecord[]) => void;
}

/** See the module. */
export class RecordsInHand {
  readonly #options: RecordsInHandOptions;
  readonly #records = new Set<ConsumedRecord>();
  #freed: PromiseWithResolvers<void> | undefined;

  constructor(options: RecordsInHandOptions) {
    this.#options = options;
  }

  /**
   * Gives records to the handler, in their order, until `signal` aborts. Those that it throws on are given again before
   * all others, those that it rejects later as soon as there is room. Never rejects.
   *
   * @param failures how often these have failed already
   */
  async give(records: ConsumedRecord[], signal: AbortSignal, failures = 0): Promise<void> {
    const { maxCount, onBatch, onLeft } = this.#options;
    let from = 0;
    while (from < records.length && !signal.aborted) {
      const room = maxCount - this.#records.size;
      if (room <= 0) {
        await untilAborted(this.#nextFreed(), signal).catch(() => {});
        continue;
      }
      const batch = records.slice(from, from += room);
      for (const record of batch) this.#records.add(record);
      const tries = failures + 1;
      try {
        const taken = onBatch(batch);
        if (taken instanceof Promise) taken.catch((error) => this.#giveAgain(batch, error, tries));
        failures = 0;
      } catch (error) {
        records = [...await this.#takeBack(batch, error, tries, signal), ...records.slice(from)];
        from = 0;
        failures = tries;
      }
    }
    if (from < records.length) onLeft(records.slice(from));
  }

  /** By then `signal` of the batch may have aborted, and others follow it whose way this must not change. */
  async #giveAgain(batch: readonly ConsumedRecord[], error: unknown, failures: number): Promise<void> {
    const { signal } = this.#options;
    await this.give(await this.#takeBack(batch, error, failures, signal), signal, failures);
  }

  /** @returns what of a batch that failed is to be given again, when it is time to */
  async #takeBack(
    batch: readonly ConsumedRecord[],
    error: unknown,
    failures: number,
    signal: AbortSignal,
  ): Promise<ConsumedRecord[]> {
    const unfinished = batch.filter((record) => this.finish(record));
    const retryInMs = unfinished.length === 0 ? 0 : backoffMs(failures, RETRY_BACKOFF);
    this.#options.onFailed(error, retryInMs);
    await sleep(retryInMs, signal).catch(() => {});
    return unfinished;
  }

  /** @returns whether the record was in hand */
  finish(record: ConsumedRecord): boolean {
    if (!this.#records.delete(record)) return false;
    this.#freed?.resolve();
    this.#freed = undefined;
    return true;
  }

  /** Resolves when nothing is in hand. */
  async empty(): Promise<void> {
    while (this.#records.size > 0) await this.#nextFreed();
  }

  #nextFreed(): Promise<void> {
    return (this.#freed ??= Promise.withResolvers()).promise;
  }
}
