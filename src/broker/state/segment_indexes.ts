/**
 * The indexes of a log's closed segments: on the disk, and a few of them in memory.
 *
 * @module
 */
import type { IndexSource, Segment } from "./segment.ts";
import { decodeSegmentIndex, encodeSegmentIndex } from "./segment_index.ts";
import { segmentIndexName } from "./segment_name.ts";
import type { SparseIndex } from "./sparse_index.ts";
import type { Storage } from "./storage.ts";

/** Indexes of closed segments that a log keeps in memory. */
const MAX_IN_MEMORY = 4;

/** See the module. */
export class SegmentIndexes implements IndexSource {
  readonly folder: string;
  readonly #storage: Storage;
  /** Segments whose indexes are in memory, the one that came first, first. */
  readonly #inMemory: Segment[] = [];

  constructor(storage: Storage, folder: string) {
    this.#storage = storage;
    this.folder = folder;
  }

  load(segment: Segment): SparseIndex | undefined {
    this.#keep(segment);
    const bytes = this.#storage.readAll(this.#path(segment));
    const found = bytes === undefined ? undefined : decodeSegmentIndex(bytes);
    return found?.facts.sizeBytes === segment.sizeBytes ? found.index : undefined;
  }

  /** Writes the index of a segment that is safe. Torn by a crash, it is made anew. @throws {StorageError} */
  write(segment: Segment): void {
    this.remove(segment);
    const file = this.#storage.open(this.#path(segment));
    file.append(encodeSegmentIndex(segment.facts, segment.index));
    file.close();
    segment.isIndexed = true;
    this.#keep(segment);
  }

  /** @throws {StorageError} */
  remove(segment: Segment): void {
    this.#storage.remove(this.#path(segment));
  }

  #keep(segment: Segment): void {
    this.#inMemory.push(segment);
    if (this.#inMemory.length > MAX_IN_MEMORY) this.#inMemory.shift()?.forgetIndex();
  }

  #path(segment: Segment): string {
    return `${this.folder}/${segmentIndexName(segment)}`;
  }
}
