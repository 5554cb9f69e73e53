/**
 * Producer ids: each given once, also across restarts. A block of them is taken on disk at a time, so that most cost no
 * write.
 *
 * @module
 */
import { Journal } from "./journal.ts";
import type { Storage } from "./storage.ts";

const PATH = "journals/producer_ids.log";
const KEY = "reserved";
const BLOCK = 1000;
/** What is left out when lines are damaged: more ids than a journal has lines for before it is written anew. */
const DAMAGE_GAP = 2 ** 32;

/** See the module. */
export class ProducerIds {
  readonly #journal: Journal<number>;
  #next = 0;
  #reserved = 0;

  /** @throws {StorageError} */
  constructor(storage: Storage) {
    this.#journal = new Journal(storage, PATH);
  }

  /** Reads how many were taken before. @returns notes for the log @throws {StorageError} */
  open(): string[] {
    const notes = this.#journal.replay(
      (value) => typeof value === "number" ? value : undefined,
      ([, value]) => this.#reserved = Math.max(this.#reserved, value ?? 0),
    );
    if (notes.length > 0) this.#reserved += DAMAGE_GAP;
    this.#next = this.#reserved;
    return notes;
  }

  /** A new one. @throws {StorageError} */
  take(): bigint {
    if (this.#next === this.#reserved) {
      this.#journal.append([[KEY, this.#reserved + BLOCK]]);
      this.#reserved += BLOCK;
      this.#journal.compact(1, () => [[KEY, this.#reserved]]);
    }
    return BigInt(this.#next++);
  }

  /** Makes it survive a power loss that they were given out. @throws {StorageError} */
  sync(): Promise<void> {
    return this.#journal.sync();
  }
}
