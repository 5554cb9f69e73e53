/**
 * What a producer has accepted and not brought to its end: no more bytes at a time than there is room for. Who finds
 * none waits, in order.
 *
 * @module
 */
import { KafkaError } from "./errors.ts";

/** Records that wait for room. More are refused. */
const MAX_WAITING = 100_000;

/** See the module. */
export class Backlog {
  readonly #maxBytes: number;
  readonly #waiting: { bytes: number; go: () => void }[] = [];
  #bytes = 0;
  /** Of records, those that wait too. */
  #count = 0;
  #onEmpty: (() => void)[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes a record of `bytes` in. A record that is larger than all the room has it to itself.
   *
   * @returns whether there was room; if not, it is to {@linkcode Backlog.wait}
   * @throws {KafkaError} THROTTLING_QUOTA_EXCEEDED if 100,000 wait already
   */
  enter(topic: string, bytes: number): boolean {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new KafkaError(
        "THROTTLING_QUOTA_EXCEEDED",
        `Cannot produce to ${topic}: ${MAX_WAITING} records wait for room in the queue already`,
        { retriable: true },
      );
    }
    this.#count++;
    if (this.#waiting.length > 0 || !this.#hasRoom(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Calls `go` when there is room. */
  wait(bytes: number, go: () => void): void {
    this.#waiting.push({ bytes, go });
  }

  /** So many records, of so many bytes, have ended: whoever waits for their room comes in. */
  leave(count: number, bytes: number): void {
    this.#bytes -= bytes;
    this.#count -= count;
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      if (first === undefined || !this.#hasRoom(first.bytes)) break;
      this.#waiting.shift();
      this.#bytes += first.bytes;
      first.go();
    }
    if (this.#count === 0) { for (const resolve of this.#onEmpty.splice(0)) resolve(); }
  }

  /** Resolves when every record has ended. */
  empty(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes;
  }
}
