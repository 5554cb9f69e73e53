/**
 * A segment that is written anew, beside the one that it will replace.
 *
 * @module
 */
import { readBatchHeader } from "../../wire/record_batch.ts";
import { extentOf, type IndexSource, Segment } from "./segment.ts";
import { type Storage, StorageError } from "./storage.ts";

/** Bytes that are collected before they are written. */
const BUFFER_BYTES = 256 * 1024;

/** See the module. Disposed of, it leaves nothing behind, unless it has taken the other's place. */
export class SegmentWriter implements Disposable {
  readonly path: string;
  readonly #storage: Storage;
  readonly #indexes: IndexSource;
  #segment: Segment;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #isPlaced = false;

  /** @throws {StorageError} */
  constructor(storage: Storage, path: string, old: Segment, indexes: IndexSource) {
    this.path = path;
    this.#storage = storage;
    this.#indexes = indexes;
    storage.remove(path);
    this.#segment = Segment.unknown(old.baseOffset, storage.open(path), old.createdAtMs, indexes);
  }

  get isEmpty(): boolean {
    return this.#segment.sizeBytes + this.#bytes === 0;
  }

  /** Takes a batch: a copy of it. @throws {StorageError} */
  append(batch: Uint8Array): void {
    this.#segment.note(this.#segment.sizeBytes + this.#bytes, extentOf(readBatchHeader(batch)));
    this.#parts.push(batch.slice());
    this.#bytes += batch.length;
    if (this.#bytes >= BUFFER_BYTES) this.#flush();
  }

  /** Makes it safe. @throws {StorageError} */
  async finish(): Promise<void> {
    this.#flush();
    await this.#segment.file.sync();
  }

  /** Takes the name of the other one. @returns the segment, to be used from now on @throws {StorageError} */
  place(path: string): Segment {
    const { facts, index } = this.#segment;
    this.#segment.file.close();
    this.#storage.rename(this.path, path);
    this.#isPlaced = true;
    return this.#segment = Segment.known(facts, this.#storage.open(path), index, this.#indexes);
  }

  [Symbol.dispose](): void {
    if (this.#isPlaced) return;
    this.#segment.file.close();
    try {
      this.#storage.remove(this.path);
    } catch (error) {
      // The next start removes it.
      if (!(error instanceof StorageError)) throw error;
    }
  }

  #flush(): void {
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    if (bytes.length > 0) this.#segment.file.append(bytes);
    this.#parts = [];
    this.#bytes = 0;
  }
}
