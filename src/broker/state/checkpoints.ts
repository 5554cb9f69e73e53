/**
 * When logs write their checkpoints: so that a start after a kill has little to read, and the disk little to do for it.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Clock } from "./clock.ts";

const log = logger("broker");

const MIB = 1024 * 1024;
/** Bytes of one log, and of all, that a start may have to read. */
const MAX_UNSAFE_BYTES_PER_LOG = 64 * MIB;
const MAX_UNSAFE_BYTES = 128 * MIB;
/** How long one waits for company. */
const DELAY_MS = 200;
/** When it is tried again after the disk refused. */
const RETRY_MS = 10_000;
/** Checkpoints under way at a time when all are written. */
const MAX_AT_A_TIME = 16;

/** What can write a checkpoint. */
export interface Checkpointed {
  /** Bytes appended since the last one. */
  readonly unsafeBytes: number;
  /** For the log. */
  readonly folder: string;
  /** @throws {StorageError} */
  checkpoint(): Promise<void>;
}

/** See the module. */
export class Checkpoints implements Disposable {
  readonly #clock: Clock;
  /** Those with unsafe bytes, and those that have another reason. */
  readonly #changed = new Set<Checkpointed>();
  readonly #wanted = new Set<Checkpointed>();
  #unsafeBytes = 0;
  #cancel: (() => void) | undefined;
  #isDisposed = false;
  /** One line in the log says it, however often it is tried. */
  #lastFailure: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `bytes` were appended. */
  grew(one: Checkpointed, bytes: number): void {
    if (one.unsafeBytes === bytes) this.#changed.add(one);
    this.#unsafeBytes += bytes;
    if (this.#unsafeBytes > MAX_UNSAFE_BYTES) this.#schedule(DELAY_MS);
    else if (one.unsafeBytes > MAX_UNSAFE_BYTES_PER_LOG) this.want(one);
  }

  /** `bytes` are safe now, or gone. */
  shrank(one: Checkpointed, bytes: number): void {
    this.#unsafeBytes -= bytes;
    if (one.unsafeBytes === 0) this.#changed.delete(one);
  }

  /** One is to be written soon. */
  want(one: Checkpointed): void {
    this.#wanted.add(one);
    this.#schedule(DELAY_MS);
  }

  /** It is not there any more. */
  forget(one: Checkpointed): void {
    this.#changed.delete(one);
    this.#wanted.delete(one);
    this.#unsafeBytes -= one.unsafeBytes;
  }

  /** Writes all that are due, those of the clean end of a broker: afterwards a start reads nothing. */
  async settle(): Promise<void> {
    this[Symbol.dispose]();
    const left = new Set([...this.#wanted, ...this.#changed]).values();
    const writeOnes = async () => {
      for (const one of left) await this.#write(one);
    };
    await Promise.all(Array.from({ length: MAX_AT_A_TIME }, writeOnes));
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#cancel?.();
  }

  #schedule(delayMs: number): void {
    if (this.#cancel !== undefined || this.#isDisposed) return;
    this.#cancel = this.#clock.schedule(delayMs, () => void this.#run());
  }

  async #run(): Promise<void> {
    let isWhole = true;
    for (let one = this.#next(); one !== undefined && isWhole && !this.#isDisposed; one = this.#next()) {
      isWhole = await this.#write(one);
    }
    this.#cancel = undefined;
    if (this.#next() !== undefined) this.#schedule(isWhole ? DELAY_MS : RETRY_MS);
  }

  /** One that is wanted; or, while too much is unsafe, the one with most of it. */
  #next(): Checkpointed | undefined {
    for (const one of this.#wanted) return one;
    if (this.#unsafeBytes <= MAX_UNSAFE_BYTES / 2) return undefined;
    let most: Checkpointed | undefined;
    for (const one of this.#changed) if (one.unsafeBytes > (most?.unsafeBytes ?? 0)) most = one;
    return most;
  }

  /** @returns whether it was written */
  async #write(one: Checkpointed): Promise<boolean> {
    this.#wanted.delete(one);
    try {
      await one.checkpoint();
      this.#lastFailure = undefined;
      return true;
    } catch (error) {
      this.#wanted.add(one);
      const failure = `Cannot write a checkpoint of '${one.folder}': ${describeError(error)}`;
      if (failure !== this.#lastFailure) log.error(failure);
      this.#lastFailure = failure;
      return false;
    }
  }
}
