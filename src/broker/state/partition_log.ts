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
import { encodeCheckpoint, writeCheckpoint } from "./log_checkpoint.ts";
import { Rounds } from "./log_rounds.ts";
import { isAllExpired, retainedFrom } from "./log_retention.ts";
import { hasRoomFor, LogSegments } from "./log_segments.ts";
import type { LogState } from "./log_state.ts";
import type { OpenedSegments } from "./open_segments.ts";
import type { BatchExtent, BatchPlace, Segment } from "./segment.ts";
import type { SegmentWriter } from "./segment_writer.ts";
import { type Storage, StorageError } from "./storage.ts";
import { Tail, type TailPool } from "./tail.ts";
import type { TopicConfig } from "./topic_config.ts";

const EMPTY = new Uint8Array();

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
  readonly segments: LogSegments;
  unsafeBytes = 0;
  readonly #storage: Storage;
  readonly #tail: Tail;
  readonly #checkpoints: Checkpoints | undefined;
  #state: LogState | undefined;
  #startOffset = 0n;
  /** As the disk has it. */
  #safeStartOffset = 0n;
  #endOffset = 0n;
  #syncedOffset = 0n;
  #compactedOffset = 0n;
  #isClosed = false;
  /** A sync failed. The next may succeed although bytes are lost: nothing more is called safe. */
  #isLossy = false;
  readonly #checkpointRounds = new Rounds(() => this.#writeCheckpoint());

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
    this.segments = new LogSegments(storage, folder);
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
    this.#startOffset = this.#safeStartOffset = opened.startOffset;
    this.#endOffset = opened.endOffset;
    this.#syncedOffset = opened.safeOffset;
    this.#compactedOffset = opened.compactedOffset;
    this.#grew(opened.readBytes);
    // A crash may have left some that are of the past.
    this.segments.deleteBefore(this.#startOffset);
    const isWorthWriting = opened.readBytes > 0 && this.segments.length > 1;
    if (isWorthWriting || this.segments.deleted.length > 0) this.#checkpoints?.want(this);
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
    return this.segments.sizeBytes;
  }

  /** Appends a batch whose offsets are set, beginning at `endOffset`. @throws {StorageError} nothing was appended */
  append(batch: Uint8Array, extent: BatchExtent, config: TopicConfig, nowMs: number): void {
    const { newest } = this.segments;
    const hasRoom = newest !== undefined && hasRoomFor(newest, batch.length, extent, config, nowMs);
    (hasRoom ? newest : this.#roll(nowMs)).append(batch, extent);
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
    return this.segments.reaching(offset)?.read(offset, limit, maxBytes, minOneBatch) ?? EMPTY;
  }

  /** The first batch from the start, below `limit`, with a timestamp of at least `timestamp`. @throws {StorageError} */
  batchByTimestamp(timestamp: number, limit: bigint): Uint8Array | undefined {
    const wanted = BigInt(timestamp);
    const matches = ({ nextOffset }: BatchPlace, header: DataView) =>
      header.getBigInt64(BATCH_AT.maxTimestamp) >= wanted && nextOffset > this.#startOffset &&
      header.getInt32(BATCH_AT.recordsCount) > 0;
    for (const segment of this.segments) {
      if (segment.maxTimestamp < timestamp) continue;
      const place = segment.firstBatch(segment.positionForTimestamp(timestamp), matches);
      if (place !== undefined) return place.baseOffset < limit ? segment.readBatch(place) : undefined;
    }
    return undefined;
  }

  /** The largest timestamp of all, -1 when there is none. */
  get maxTimestamp(): number {
    return this.segments.maxTimestamp;
  }

  /**
   * Deletes segments that are too old or too many, whole ones only. On the disk they go with the next checkpoint.
   *
   * @returns whether something was deleted
   * @throws {StorageError}
   */
  applyRetention(config: TopicConfig, nowMs: number): boolean {
    if (!config.cleanupDelete) return false;
    if (isAllExpired(this.segments, config, nowMs)) this.#roll(nowMs);
    return this.#advanceStart(retainedFrom(this.segments, config, nowMs) ?? 0n);
  }

  /**
   * Gives up all records before `offset`, which is within the log.
   *
   * @returns when that survives a kill of the process
   * @throws {StorageError}
   */
  async deleteRecordsBefore(offset: bigint): Promise<void> {
    this.#advanceStart(offset);
    await this.checkpoint();
  }

  /** Makes all that was appended until now survive a power loss. @returns the offset behind it @throws {StorageError} */
  async sync(): Promise<bigint> {
    const endOffset = this.#endOffset;
    for (const segment of this.segments.endingBehind(this.#syncedOffset)) {
      try {
        await segment.file.sync();
      } catch (error) {
        // What has been deleted meanwhile, by retention or with its topic, need not be safe.
        if (!this.segments.has(segment)) continue;
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
    // One that is under way may have begun before what the caller has in mind.
    return this.#checkpointRounds.run();
  }

  /** All before it has been compacted. */
  get compactedOffset(): bigint {
    return this.#compactedOffset;
  }

  /** See {@linkcode LogSegments.replace}. */
  async replaceSegments(group: readonly Segment[], writer: SegmentWriter): Promise<boolean> {
    if (!await this.segments.replace(group, writer)) return false;
    this.#tail.forgetBefore(group.at(-1)?.nextOffset ?? 0n);
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
    this.segments.close();
  }

  #opened(nowMs: number, state: LogState): OpenedSegments {
    try {
      return this.segments.open(nowMs, state);
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
    const { newest, deleted } = this.segments;
    const closed = this.segments.closed.filter((segment) => !segment.isIndexed);
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
    for (const segment of closed) if (this.segments.has(segment)) this.segments.indexes.write(segment);
    if (!await writeCheckpoint(this.#storage, this.folder, bytes, () => !this.#isClosed)) return;
    this.unsafeBytes -= unsafeBytes;
    this.#checkpoints?.shrank(this, unsafeBytes);
    if (startOffset === this.#safeStartOffset && deleted.length === 0) return;
    // Once the new start is safe: a power loss may bring any of the names back.
    await this.#storage.syncNames(this.folder);
    this.#safeStartOffset = startOffset;
    this.segments.removeDeleted(deleted);
  }

  /** Gives up what is before an offset; the start never moves back. @returns whether it moved */
  #advanceStart(offset: bigint): boolean {
    if (offset <= this.#startOffset) return false;
    this.#startOffset = offset;
    this.segments.deleteBefore(offset);
    this.#checkpoints?.want(this);
    return true;
  }

  #grew(bytes: number): void {
    this.unsafeBytes += bytes;
    this.#checkpoints?.grew(this, bytes);
  }

  #roll(nowMs: number): Segment {
    const segment = this.segments.roll(this.#endOffset, nowMs);
    if (this.segments.length > 1) this.#checkpoints?.want(this);
    return segment;
  }
}
