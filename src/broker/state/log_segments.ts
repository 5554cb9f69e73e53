/**
 * The segments of a log, from the oldest to the newest, which is appended to.
 *
 * @module
 */
import type { LogState } from "./log_state.ts";
import { type OpenedSegments, openSegments, removeSegment } from "./open_segments.ts";
import { type BatchExtent, Segment } from "./segment.ts";
import { SegmentIndexes } from "./segment_indexes.ts";
import { segmentName } from "./segment_name.ts";
import { SegmentWriter } from "./segment_writer.ts";
import { MAX_RELATIVE_OFFSET } from "./sparse_index.ts";
import type { Storage } from "./storage.ts";
import type { TopicConfig } from "./topic_config.ts";

/** See the module. */
export class LogSegments implements Iterable<Segment> {
  readonly folder: string;
  readonly indexes: SegmentIndexes;
  readonly #storage: Storage;
  #segments: Segment[] = [];
  /** Deleted, but not yet on the disk. */
  #deleted: Segment[] = [];
  #isClosed = false;

  constructor(storage: Storage, folder: string) {
    this.#storage = storage;
    this.folder = folder;
    this.indexes = new SegmentIndexes(storage, folder);
  }

  /** Finds what lies in the folder. @throws {StorageError} what is there stays as it is */
  open(nowMs: number, state: LogState): OpenedSegments {
    const opened = openSegments(this.#storage, this.folder, nowMs, state, this.indexes);
    this.#segments = [...opened.segments];
    return opened;
  }

  get length(): number {
    return this.#segments.length;
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** Those that are not appended to any more. */
  get closed(): readonly Segment[] {
    return this.#segments.slice(0, -1);
  }

  /** Those that are deleted, and still on the disk. */
  get deleted(): readonly Segment[] {
    return [...this.#deleted];
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** The largest timestamp of all, -1 when there is none. */
  get maxTimestamp(): number {
    return this.#segments.reduce((max, segment) => Math.max(max, segment.maxTimestamp), -1);
  }

  [Symbol.iterator](): Iterator<Segment> {
    return this.#segments.values();
  }

  /** Whether a segment is still in use. */
  has(segment: Segment): boolean {
    return !this.#isClosed && this.#segments.includes(segment);
  }

  /** The first segment that reaches to an offset or beyond. */
  reaching(offset: bigint): Segment | undefined {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      // An offset behind a segment's last one is at the start of the next, where a compaction left a gap.
      if ((this.#segments[middle]?.nextOffset ?? 0n) > offset) high = middle;
      else low = middle + 1;
    }
    const found = this.#segments[low];
    return found !== undefined && offset < found.nextOffset ? found : undefined;
  }

  /** Those that end behind an offset. */
  endingBehind(offset: bigint): Segment[] {
    return this.#segments.filter((segment) => segment.nextOffset > offset);
  }

  /** Begins a segment, which is the newest from now on. @throws {StorageError} */
  roll(baseOffset: bigint, nowMs: number): Segment {
    // Its folder may have been removed: one that is made anew would hide that.
    this.newest?.file.check();
    const file = this.#storage.open(this.#path({ baseOffset, lastBase: baseOffset }));
    const segment = Segment.unknown(baseOffset, file, nowMs, this.indexes);
    this.#segments.push(segment);
    return segment;
  }

  /** Deletes those without anything at an offset or behind it. The newest stays: it is appended to. */
  deleteBefore(offset: bigint): void {
    const { newest } = this;
    const isGone = (segment: Segment) => segment.nextOffset <= offset && segment !== newest;
    this.#deleted.push(...this.#segments.filter(isGone));
    this.#segments = this.#segments.filter((segment) => !isGone(segment));
  }

  /** Removes what was deleted from the disk. @throws {StorageError} */
  removeDeleted(deleted: readonly Segment[]): void {
    if (this.#isClosed) return;
    for (const segment of deleted) {
      segment.file.close();
      removeSegment(this.#storage, this.folder, segment);
    }
    this.#deleted = this.#deleted.filter((segment) => !deleted.includes(segment));
  }

  /** A writer of what is to replace closed segments that follow each other; undefined when one is gone. @throws {StorageError} */
  writer(group: readonly Segment[]): SegmentWriter | undefined {
    return this.#hasAll(group) ? new SegmentWriter(this.#storage, group, this.indexes) : undefined;
  }

  /**
   * Puts what was written in the place of closed segments; nothing, where nothing was.
   *
   * @returns false when one is gone
   * @throws {StorageError}
   */
  async replace(group: readonly Segment[], writer: SegmentWriter): Promise<boolean> {
    if (!this.#hasAll(group)) return false;
    // In this order, also for a power loss: an index that knows more than is there would look like a loss.
    for (const segment of group) this.indexes.remove(segment);
    await this.#storage.syncNames(this.folder);
    if (!this.#hasAll(group)) return false;
    const placed = writer.isEmpty ? undefined : writer.place();
    if (placed !== undefined && group.length > 1) {
      // Its name has to be safe before it is all that is left of several.
      await this.#storage.syncNames(this.folder);
      if (!this.#hasAll(group)) return false;
    }
    if (placed !== undefined) writer.keep();
    const at = this.#segments.findIndex((segment) => segment === group[0]);
    this.#segments.splice(at, group.length, ...(placed === undefined ? [] : [placed]));
    for (const segment of group) {
      segment.file.close();
      const isTaken = placed !== undefined && this.#path(placed) === this.#path(segment);
      if (!isTaken) this.#storage.remove(this.#path(segment));
    }
    return true;
  }

  /** Ends their use; their files stay. */
  close(): void {
    this.#isClosed = true;
    for (const segment of [...this.#segments, ...this.#deleted]) segment.file.close();
  }

  #hasAll(group: readonly Segment[]): boolean {
    return group.every((segment) => this.has(segment));
  }

  #path(segment: Pick<Segment, "baseOffset" | "lastBase">): string {
    return `${this.folder}/${segmentName(segment)}`;
  }
}

/** Whether a segment takes one more batch: it is small, young and near enough. An empty one takes any. */
export function hasRoomFor(
  segment: Segment,
  sizeBytes: number,
  extent: BatchExtent,
  config: TopicConfig,
  nowMs: number,
): boolean {
  if (segment.sizeBytes === 0) return true;
  const { segmentBytes, segmentMs, cleanupCompact, maxCompactionLagMs } = config;
  const maxAgeMs = cleanupCompact ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
  return segment.sizeBytes + sizeBytes <= segmentBytes &&
    nowMs - segment.createdAtMs <= maxAgeMs &&
    extent.nextOffset - segment.baseOffset <= MAX_RELATIVE_OFFSET;
}
