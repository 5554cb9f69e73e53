/**
 * Deletes what retention lets go, now and then.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";
import type { Topics } from "./topics.ts";

const log = logger("broker");

/** See the module. */
export class Retention implements Disposable {
  readonly #topics: Topics;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #cancel: (() => void) | undefined;

  constructor(topics: Topics, clock: Clock, intervalMs: number) {
    this.#topics = topics;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Goes over all topics each interval. */
  start(): void {
    this.#cancel = this.#clock.schedule(this.#intervalMs, () => {
      this.run();
      this.start();
    });
  }

  /** Goes over all topics once. */
  run(): void {
    const nowMs = this.#clock.epochMs();
    for (const topic of this.#topics.all()) {
      for (const partition of topic.partitions) {
        try {
          if (partition.fault === undefined) partition.log.applyRetention(topic.config, nowMs);
        } catch (error) {
          log.error(`Retention failed on ${topic.name}-${partition.index}: ${describeError(error)}`);
        }
      }
    }
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
  }
}
