/**
 * Compacts the topics that are to be, one partition after another, in slices between which others have the thread.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";
import { compact } from "./compaction.ts";
import type { Partition } from "./partition.ts";
import { StorageError } from "./storage.ts";
import type { Topic } from "./topic.ts";
import type { Topics } from "./topics.ts";

const log = logger("broker");

/** See the module. */
export class Cleaner implements Disposable {
  readonly #topics: Topics;
  readonly #clock: Clock;
  readonly #backoffMs: number;
  #cancel: (() => void) | undefined;
  #isDisposed = false;

  /** @param backoffMs between two rounds over all topics */
  constructor(topics: Topics, clock: Clock, backoffMs: number) {
    this.#topics = topics;
    this.#clock = clock;
    this.#backoffMs = backoffMs;
  }

  /** Goes over all topics, each `backoffMs`. */
  start(): void {
    this.#cancel = this.#clock.schedule(this.#backoffMs, () => void this.#run());
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#cancel?.();
  }

  async #run(): Promise<void> {
    for (const topic of [...this.#topics.all()]) {
      if (!topic.config.cleanupCompact) continue;
      for (const partition of [...topic.partitions]) await this.#compact(topic, partition);
    }
    if (!this.#isDisposed) this.start();
  }

  async #compact(topic: Topic, partition: Partition): Promise<void> {
    if (this.#isDisposed || partition.fault !== undefined) return;
    const pause = () => new Promise<void>((resolve) => void this.#clock.schedule(0, resolve));
    try {
      await compact(partition, topic.config, this.#clock.epochMs(), pause);
    } catch (error) {
      // What went with its topic, or with the broker, is no fault.
      if (this.#isDisposed || this.#topics.get(topic.name) !== topic) return;
      const reason = `Cannot compact ${topic.name}-${partition.index}: ${describeError(error)}`;
      const isNew = error instanceof StorageError ? partition.failed(error) : true;
      if (isNew) log.error(reason);
    }
  }
}
