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
  readonly onBatch: (records: ConsumedRecord[]) => void;
  /** `onBatch` threw; it is given the records that it had not finished again in `retryInMs`. */
  readonly onFailed: (error: unknown, retryInMs: number) => void;
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
   * Gives records to the handler, in their order, until `signal` aborts. Never rejects.
   *
   * @returns those that the handler has not taken
   */
  async give(records: ConsumedRecord[], signal: AbortSignal): Promise<ConsumedRecord[]> {
    const { maxCount, onBatch, onFailed } = this.#options;
    let from = 0;
    let failures = 0;
    while (from < records.length && !signal.aborted) {
      const room = maxCount - this.#records.size;
      if (room <= 0) {
        await untilAborted(this.#nextFreed(), signal).catch(() => {});
        continue;
      }
      const batch = records.slice(from, from += room);
      for (const record of batch) this.#records.add(record);
      try {
        onBatch(batch);
        failures = 0;
      } catch (error) {
        const unfinished = batch.filter((record) => this.finish(record));
        records = [...unfinished, ...records.slice(from)];
        from = 0;
        const retryInMs = unfinished.length === 0 ? 0 : backoffMs(++failures, RETRY_BACKOFF);
        onFailed(error, retryInMs);
        await sleep(retryInMs, signal).catch(() => {});
      }
    }
    return records.slice(from);
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
