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
   * all others, those that it rejects later as soon as there is room.
   *
   * @returns until when nothing more is to be given, if it cannot be done at once; never rejects
   */
  give(records: readonly ConsumedRecord[], signal: AbortSignal): Promise<void> | undefined {
    if (signal.aborted || records.length > this.#room) return this.#giveInTurns(records, signal, 0);
    const fault = this.#offer(records, 1);
    return fault === undefined ? undefined : this.#giveAgain(records, fault.error, 1, signal);
  }

  async #giveInTurns(
    records: readonly ConsumedRecord[],
    signal: AbortSignal,
    failures: number,
  ): Promise<void> {
    let from = 0;
    while (from < records.length && !signal.aborted) {
      const room = this.#room;
      if (room <= 0) {
        await untilAborted(this.#nextFreed(), signal).catch(() => {});
        continue;
      }
      const batch = records.slice(from, from += room);
      const fault = this.#offer(batch, failures + 1);
      failures = fault === undefined ? 0 : failures + 1;
      if (fault === undefined) continue;
      records = [...await this.#takeBack(batch, fault.error, failures, signal), ...records.slice(from)];
      from = 0;
    }
    if (from < records.length) this.#options.onLeft(records.slice(from));
  }

  /** @returns what the handler threw */
  #offer(batch: readonly ConsumedRecord[], tries: number): { readonly error: unknown } | undefined {
    for (const record of batch) this.#records.add(record);
    try {
      // The array becomes the handler's.
      const taken = this.#options.onBatch([...batch]);
      if (taken instanceof Promise) this.#watch(taken, batch, tries);
    } catch (error) {
      return { error };
    }
  }

  /** When it rejects, others may follow this batch whose way must not change, under another signal than its own. */
  #watch(taken: Promise<unknown>, batch: readonly ConsumedRecord[], tries: number): void {
    taken.catch((error) => this.#giveAgain(batch, error, tries, this.#options.signal));
  }

  async #giveAgain(
    batch: readonly ConsumedRecord[],
    error: unknown,
    failures: number,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#giveInTurns(await this.#takeBack(batch, error, failures, signal), signal, failures);
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

  get #room(): number {
    return this.#options.maxCount - this.#records.size;
  }

  /** Resolves when nothing is in hand. */
  async empty(): Promise<void> {
    while (this.#records.size > 0) await this.#nextFreed();
  }

  #nextFreed(): Promise<void> {
    return (this.#freed ??= Promise.withResolvers()).promise;
  }
}
