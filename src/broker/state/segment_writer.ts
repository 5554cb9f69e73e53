/**
 * A segment that is written anew, beside the ones that it will replace.
 *
 * @module
 */
import { readBatchHeader } from "../../wire/record_batch.ts";
import { extentOf, Segment } from "./segment.ts";
import type { SegmentIndexes } from "./segment_indexes.ts";
import { cleanedName, segmentName } from "./segment_name.ts";
import { type Storage, StorageError } from "./storage.ts";

/** Bytes that are collected before they are written. */
const BUFFER_BYTES = 256 * 1024;

/** See the module. Disposed of, it leaves nothing behind, unless it was kept. */
export class SegmentWriter implements Disposable {
  readonly #storage: Storage;
  readonly #group: readonly Segment[];
  readonly #indexes: SegmentIndexes;
  #path: string;
  #segment: Segment;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #isKept = false;

  /**
   * @param group what it will replace: at least one, following each other
   * @throws {StorageError}
   */
  constructor(storage: Storage, group: readonly Segment[], indexes: SegmentIndexes) {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) throw new RangeError("Cannot replace no segment");
    this.#storage = storage;
    this.#group = group;
    this.#indexes = indexes;
    this.#path = `${indexes.folder}/${cleanedName(first)}`;
    storage.remove(this.#path);
    const { baseOffset, createdAtMs } = first;
    const file = storage.open(this.#path);
    this.#segment = Segment.unknown(baseOffset, file, createdAtMs, indexes, last.lastBase);
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

  /**
   * Takes the name of what it stands for: of one segment the place at once, of several beside them.
   *
   * @returns the segment, to be used from now on
   * @throws {StorageError}
   */
  place(): Segment {
    const { facts, index, lastBase } = this.#segment;
    const path = `${this.#indexes.folder}/${segmentName(this.#segment)}`;
    this.#segment.file.close();
    this.#storage.rename(this.#path, path);
    this.#path = path;
    this.#isKept = this.#group.length === 1;
    return this.#segment = Segment.known(facts, this.#storage.open(path), index, this.#indexes, lastBase);
  }

  /** What was placed stays. */
  keep(): void {
    this.#isKept = true;
  }

  [Symbol.dispose](): void {
    if (this.#isKept) return;
    this.#segment.file.close();
    try {
      this.#storage.remove(this.#path);
    } catch (error) {
      // The next start removes it, or has it stand for the others: they are the same.
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
