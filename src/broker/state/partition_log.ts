/**
 * A partition's log: segments in a folder, the newest batches in memory.
 *
 * What `append` returned from is the kernel's: it survives a kill -9 of the process. `sync` makes it survive more, and
 * `checkpoint` writes down how far it is safe, so that a start need not read it again.
 *
 * @module
 */
import { BATCH_AT } from "../../wire/record_batch.ts";
import type { Checkpointed, Checkpoints } from "./checkpoints.ts";
import { CHECKPOINT_NAME, encodeCheckpoint } from "./log_checkpoint.ts";
import type { LogState } from "./log_state.ts";
import { type OpenedSegments, openSegments, removeSegment } from "./open_segments.ts";
import { type BatchExtent, type BatchPlace, Segment, segmentName } from "./segment.ts";
import { SegmentIndexes } from "./segment_indexes.ts";
import { SegmentWriter } from "./segment_writer.ts";
import { type Storage, StorageError } from "./storage.ts";
import { Tail, type TailPool } from "./tail.ts";
import type { TopicConfig } from "./topic_config.ts";

const EMPTY = new Uint8Array();
/** Offsets in a segment must fit its index. */
const MAX_RELATIVE_OFFSET = 2n ** 32n - 1n;

/** What {@linkcode PartitionLog.open} came across. */
export interface LogRecovery {
  /** Offsets from the first to the last. */
  readonly recordsCount: number;
  /** Bytes that had to be read, as they were not known to be safe. */
  readonly readBytes: number;
  readonly cutBytes: number;
  /** For the log: what was cut away, and why; what was made anew. */
  readonly notes: readonly string[];
}

/** See the module. */
export class PartitionLog implements Checkpointed {
  readonly folder: string;
  unsafeBytes = 0;
  readonly #storage: Storage;
  readonly #tail: Tail;
  readonly #checkpoints: Checkpoints | undefined;
  #state: LogState | undefined;
  #segments: Segment[] = [];
  #startOffset = 0n;
  /** As the disk has it. */
  #safeStartOffset = 0n;
  #endOffset = 0n;
  #syncedOffset = 0n;
  #compactedOffset = 0n;
  #isClosed = false;
  /** A sync failed. The next may succeed although bytes are lost: nothing more is called safe. */
  #isLossy = false;
  /** Deleted, but not yet on the disk: that comes when the checkpoint has the new start. */
  #deleted: Segment[] = [];
  readonly #indexes: SegmentIndexes;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /**
   * An empty log; {@linkcode PartitionLog.open} reads one that may be there.
   *
   * @param options.state is asked for what it knows at each checkpoint, until `open` names another; without it there
   * are none
   * @param options.checkpoints sees to it that checkpoints are written; without them that is the caller's
   */
  constructor(
    storage: Storage,
    folder: string,
    tails: TailPool,
    options: { readonly state?: LogState; readonly checkpoints?: Checkpoints | undefined } = {},
  ) {
    this.#storage = storage;
    this.folder = folder;
    this.#indexes = new SegmentIndexes(storage, folder);
    this.#tail = new Tail(tails);
    this.#state = options.state;
    this.#checkpoints = options.checkpoints;
  }

  /**
   * Finds what lies in the folder, reads what was not known to be safe, cuts a torn tail off.
   *
   * @param state is told what it has to know of the batches, and asked for it at each checkpoint
   * @throws {StorageError} when the folder cannot be read, or holds damage that is no torn tail
   */
  open(nowMs: number, state: LogState): LogRecovery {
    const opened = this.#opened(nowMs, state);
    this.#state = state;
    this.#segments = opened.segments;
    this.#startOffset = this.#safeStartOffset = opened.startOffset;
    this.#endOffset = opened.endOffset;
    this.#syncedOffset = opened.safeOffset;
    this.#compactedOffset = opened.compactedOffset;
    this.#grew(opened.readBytes);
    if (opened.readBytes > 0 && this.#segments.length > 1) this.#checkpoints?.want(this);
    const { readBytes, cutBytes, notes } = opened;
    return { recordsCount: Number(this.#endOffset - this.#startOffset), readBytes, cutBytes, notes };
  }

  /** The first offset that can be read. */
  get startOffset(): bigint {
    return this.#startOffset;
  }

  /** The offset that the next record gets. */
  get endOffset(): bigint {
    return this.#endOffset;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  /** Appends a batch whose offsets are set, beginning at `endOffset`. @throws {StorageError} nothing was appended */
  append(batch: Uint8Array, extent: BatchExtent, config: TopicConfig, nowMs: number): void {
    this.#segmentFor(batch.length, extent, config, nowMs).append(batch, extent);
    this.#endOffset = extent.nextOffset;
    this.#tail.append(batch, extent);
    this.#grew(batch.length);
  }

  /**
   * Whole batches from the one that holds `offset`, below `limit`, at most `maxBytes` together (the first even when it
   * alone is larger, if `minOneBatch`). The view is good until the next append.
   *
   * @throws {StorageError}
   */
  read(offset: bigint, limit: bigint, maxBytes: number, minOneBatch: boolean): Uint8Array {
    if (offset >= limit) return EMPTY;
    const hot = this.#tail.read(offset, limit, maxBytes, minOneBatch);
    if (hot !== undefined) return hot;
    for (let i = this.#segmentIndex(offset); i < this.#segments.length; i++) {
      const segment = this.#segments[i];
      // An offset behind a segment's last one is at the start of the next, where a compaction left a gap.
      if (segment !== undefined && offset < segment.nextOffset) {
        return segment.read(offset, limit, maxBytes, minOneBatch);
      }
    }
    return EMPTY;
  }

  /** The first batch from the start, below `limit`, with a timestamp of at least `timestamp`. @throws {StorageError} */
  batchByTimestamp(timestamp: number, limit: bigint): Uint8Array | undefined {
    const wanted = BigInt(timestamp);
    const matches = ({ nextOffset }: BatchPlace, header: DataView) =>
      header.getBigInt64(BATCH_AT.maxTimestamp) >= wanted && nextOffset > this.#startOffset &&
      header.getInt32(BATCH_AT.recordsCount) > 0;
    for (const segment of this.#segments) {
      if (segment.maxTimestamp < timestamp) continue;
      const place = segment.firstBatch(segment.positionForTimestamp(timestamp), matches);
      if (place !== undefined) return place.baseOffset < limit ? segment.readBatch(place) : undefined;
    }
    return undefined;
  }

  /** The largest timestamp of all, -1 when there is none. */
  get maxTimestamp(): number {
    return this.#segments.reduce((max, segment) => Math.max(max, segment.maxTimestamp), -1);
  }

  /**
   * Deletes segments that are too old or too many, whole ones only. On the disk they go with the next checkpoint.
   *
   * @returns whether something was deleted
   * @throws {StorageError}
   */
  applyRetention(config: TopicConfig, nowMs: number): boolean {
    if (!config.cleanupDelete) return false;
    const before = this.#startOffset;
    const { retentionMs, retentionBytes } = config;
    const isExpired = (segment: Segment) =>
      retentionMs >= 0 && segment.sizeBytes > 0 &&
      nowMs - (segment.maxTimestamp >= 0 ? segment.maxTimestamp : segment.createdAtMs) > retentionMs;
    const active = this.#segments.at(-1);
    if (active !== undefined && this.#segments.every(isExpired)) this.#roll(nowMs);
    let excessBytes = retentionBytes >= 0 ? this.sizeBytes - retentionBytes : 0;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0];
      if (oldest === undefined || !(isExpired(oldest) || excessBytes >= oldest.sizeBytes)) break;
      excessBytes -= oldest.sizeBytes;
      this.#advanceStart(this.#segments[1]?.baseOffset ?? this.#endOffset);
    }
    return this.#startOffset > before;
  }

  /**
   * Gives up all records before `offset`, which is within the log.
   *
   * @returns when that survives a kill of the process
   * @throws {StorageError}
   */
  async deleteRecordsBefore(offset: bigint): Promise<void> {
    if (offset > this.#startOffset) this.#advanceStart(offset);
    await this.checkpoint();
  }

  /** Makes all that was appended until now survive a power loss. @returns the offset behind it @throws {StorageError} */
  async sync(): Promise<bigint> {
    const endOffset = this.#endOffset;
    for (const segment of this.#segments.filter((candidate) => candidate.nextOffset > this.#syncedOffset)) {
      try {
        await segment.file.sync();
      } catch (error) {
        // What has been deleted meanwhile, by retention or with its topic, need not be safe.
        if (!this.has(segment)) continue;
        this.#isLossy = true;
        throw error;
      }
    }
    if (endOffset > this.#syncedOffset) this.#syncedOffset = endOffset;
    return endOffset;
  }

  /**
   * Makes all safe that was appended until now, and writes that down: a start reads only what comes after. What was
   * deleted goes from the disk.
   *
   * @throws {StorageError}
   */
  checkpoint(): Promise<void> {
    if (this.#running === undefined) {
      return this.#running = this.#writeCheckpoint().finally(() => this.#running = undefined);
    }
    // The one under way may have begun before what the caller has in mind.
    return this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.checkpoint();
    });
  }

  /** All before it has been compacted. */
  get compactedOffset(): bigint {
    return this.#compactedOffset;
  }

  /** Those that are not appended to any more, from the start. */
  get closedSegments(): readonly Segment[] {
    return this.#segments.slice(0, -1);
  }

  /** Whether a segment is still in use. */
  has(segment: Segment): boolean {
    return !this.#isClosed && this.#segments.includes(segment);
  }

  /** A writer of what is to replace a closed segment; undefined when that is gone. @throws {StorageError} */
  cleanedSegment(segment: Segment): SegmentWriter | undefined {
    if (!this.has(segment)) return undefined;
    const path = this.#path(segment.baseOffset).replace(/log$/, "cleaned");
    return new SegmentWriter(this.#storage, path, segment, this.#indexes);
  }

  /**
   * Puts what was written in a closed segment's place; nothing, where nothing was.
   *
   * @returns false when the segment is gone
   * @throws {StorageError}
   */
  async replaceSegment(segment: Segment, writer: SegmentWriter): Promise<boolean> {
    if (!this.has(segment)) return false;
    // In this order, also for a power loss: an index that knows more than is there would look like a loss.
    this.#indexes.remove(segment);
    await this.#storage.syncNames(this.folder);
    if (!this.has(segment)) return false;
    segment.file.close();
    this.#tail.forgetBefore(segment.nextOffset);
    if (writer.isEmpty) {
      this.#segments = this.#segments.filter((one) => one !== segment);
      this.#storage.remove(this.#path(segment.baseOffset));
    } else {
      const placed = writer.place(this.#path(segment.baseOffset));
      this.#segments = this.#segments.map((one) => one === segment ? placed : one);
    }
    return true;
  }

  /** Notes that all before `offset` has been compacted, once that is safe. @throws {StorageError} */
  async compactedTo(offset: bigint): Promise<void> {
    if (this.#isClosed) return;
    await this.#storage.syncNames(this.folder);
    this.#compactedOffset = offset;
    await this.checkpoint();
  }

  /** Ends the use of the log; its files stay. */
  close(): void {
    this.#isClosed = true;
    this.#checkpoints?.forget(this);
    this.#tail.clear();
    for (const segment of [...this.#segments, ...this.#deleted]) segment.file.close();
  }

  #opened(nowMs: number, state: LogState): OpenedSegments {
    try {
      return openSegments(this.#storage, this.folder, nowMs, state, this.#indexes);
    } catch (error) {
      // What is there stays as it is.
      this.#isClosed = true;
      throw error;
    }
  }

  async #writeCheckpoint(): Promise<void> {
    const state = this.#state;
    if (state === undefined || this.#isClosed) return;
    if (this.#isLossy) {
      throw new StorageError(
        `Cannot call '${this.folder}' safe: a sync of it has failed, and what was lost is not known`,
      );
    }
    const newest = this.#segments.at(-1);
    const closed = this.#segments.filter((segment) => segment !== newest && !segment.isIndexed);
    const deleted = [...this.#deleted];
    const startOffset = this.#startOffset;
    const { unsafeBytes } = this;
    const bytes = encodeCheckpoint({
      startOffset,
      recoveryOffset: this.#endOffset,
      compactedOffset: this.#compactedOffset,
      newest: newest === undefined ? undefined : { facts: newest.facts, index: newest.index },
      snapshot: state.snapshot(),
    });
    await this.sync();
    // One may have been deleted or compacted meanwhile.
    for (const segment of closed) if (this.has(segment)) this.#indexes.write(segment);
    if (this.#isClosed) return;
    const path = `${this.folder}/${CHECKPOINT_NAME}`;
    this.#storage.remove(`${path}.new`);
    const file = this.#storage.open(`${path}.new`);
    try {
      file.append(bytes);
      await file.sync();
    } catch (error) {
      if (!this.#isClosed) throw error;
    } finally {
      file.close();
    }
    if (this.#isClosed) return;
    this.#storage.rename(`${path}.new`, path);
    this.unsafeBytes -= unsafeBytes;
    this.#checkpoints?.shrank(this, unsafeBytes);
    if (startOffset === this.#safeStartOffset && deleted.length === 0) return;
    // Once the new start is safe: a power loss may bring any of the names back.
    await this.#storage.syncNames(this.folder);
    this.#safeStartOffset = startOffset;
    this.#remove(deleted);
  }

  #remove(deleted: readonly Segment[]): void {
    if (this.#isClosed) return;
    for (const segment of deleted) {
      segment.file.close();
      removeSegment(this.#storage, this.folder, segment.baseOffset);
    }
    this.#deleted = this.#deleted.filter((segment) => !deleted.includes(segment));
  }

  #advanceStart(offset: bigint): void {
    this.#startOffset = offset;
    // The newest segment stays: it is appended to.
    const isGone = (_: Segment, i: number) => (this.#segments[i + 1]?.baseOffset ?? offset + 1n) <= offset;
    const gone = this.#segments.filter(isGone);
    this.#segments = this.#segments.slice(gone.length);
    this.#deleted.push(...gone);
    this.#checkpoints?.want(this);
  }

  #grew(bytes: number): void {
    this.unsafeBytes += bytes;
    this.#checkpoints?.grew(this, bytes);
  }

  #segmentFor(sizeBytes: number, extent: BatchExtent, config: TopicConfig, nowMs: number): Segment {
    const active = this.#segments.at(-1);
    if (active === undefined) return this.#roll(nowMs);
    const { segmentMs, cleanupCompact, maxCompactionLagMs } = config;
    const maxSegmentAgeMs = cleanupCompact ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
    const isFull = active.sizeBytes + sizeBytes > config.segmentBytes ||
      nowMs - active.createdAtMs > maxSegmentAgeMs ||
      extent.nextOffset - active.baseOffset > MAX_RELATIVE_OFFSET;
    return isFull && active.sizeBytes > 0 ? this.#roll(nowMs) : active;
  }

  #roll(nowMs: number): Segment {
    const newest = this.#segments.at(-1);
    // Its folder may have been removed: one that is made anew would hide that.
    newest?.file.check();
    const file = this.#storage.open(this.#path(this.#endOffset));
    const segment = Segment.unknown(this.#endOffset, file, nowMs, this.#indexes);
    this.#segments.push(segment);
    if (newest !== undefined) this.#checkpoints?.want(this);
    return segment;
  }

  /** The last segment that begins at or before an offset. */
  #segmentIndex(offset: bigint): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#segments[middle]?.baseOffset ?? 0n) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #path(baseOffset: bigint): string {
    return `${this.folder}/${segmentName(baseOffset)}`;
  }
}
