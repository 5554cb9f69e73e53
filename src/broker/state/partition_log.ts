/**
 * A partition's log: segments in a folder, the newest batches in memory.
 *
 * What `append` returned from is the kernel's: it survives a kill -9 of the process. `sync` makes it survive more.
 *
 * @module
 */
import { BATCH_AT, type RecordBatchHeader } from "../../wire/record_batch.ts";
import type { LogState } from "./log_state.ts";
import { scanBatches } from "./recovery.ts";
import { type BatchExtent, type BatchPlace, parseSegmentName, Segment, segmentName } from "./segment.ts";
import { type Storage, StorageError } from "./storage.ts";
import { Tail, type TailPool } from "./tail.ts";
import type { TopicConfig } from "./topic_config.ts";

const EMPTY = new Uint8Array();
/** Offsets in a segment must fit its index. */
const MAX_RELATIVE_OFFSET = 2n ** 32n - 1n;

/** What {@linkcode PartitionLog.open} came across. */
export interface LogRecovery {
  readonly recordsCount: number;
  readonly cutBytes: number;
  /** For the log: what was cut away, and why. */
  readonly notes: readonly string[];
}

/** See the module. */
export class PartitionLog {
  readonly #storage: Storage;
  readonly #folder: string;
  readonly #tail: Tail;
  #segments: Segment[] = [];
  #endOffset = 0n;
  #syncedOffset = 0n;
  #isClosed = false;

  /** An empty log; {@linkcode PartitionLog.open} reads one that may be there. */
  constructor(storage: Storage, folder: string, tails: TailPool) {
    this.#storage = storage;
    this.#folder = folder;
    this.#tail = new Tail(tails);
  }

  /**
   * Reads what lies in the folder: checks every batch, cuts a torn tail off.
   *
   * @param state is told what it has to know of the batches
   * @throws {StorageError} when the folder cannot be read, or holds damage that is no torn tail
   */
  open(nowMs: number, state: LogState): LogRecovery {
    state.restore(undefined);
    const bases = this.#storage.list(this.#folder).map(parseSegmentName).filter((base) => base !== undefined);
    bases.sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
    const notes: string[] = [];
    let recordsCount = 0;
    let cutBytes = 0;
    for (const [i, base] of bases.entries()) {
      const path = this.#path(base);
      const segment = new Segment(base, this.#storage.open(path), nowMs);
      const { goodBytes, fault } = scanBatches(segment.file, base, (batch, position) => {
        segment.note(position, extentOf(batch.header));
        recordsCount += batch.header.recordsCount;
        state.visit(batch);
      });
      if (fault !== undefined) {
        const what = `segment '${path}' is not whole at byte ${goodBytes}: ${fault.reason}`;
        if (!fault.isTornTail || i < bases.length - 1) {
          throw new StorageError(`Cannot serve the log: ${what}`);
        }
        const tornBytes = segment.sizeBytes - goodBytes;
        segment.file.truncate(goodBytes);
        cutBytes += tornBytes;
        notes.push(`${what}; cut ${tornBytes} bytes off its end`);
      }
      if (segment.maxTimestamp >= 0) segment.createdAtMs = Math.min(nowMs, segment.maxTimestamp);
      this.#segments.push(segment);
      this.#endOffset = segment.nextOffset;
    }
    return { recordsCount, cutBytes, notes };
  }

  /** The first offset that can be read. */
  get startOffset(): bigint {
    return this.#segments[0]?.baseOffset ?? this.#endOffset;
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

  /** The first batch, below `limit`, with a timestamp of at least `timestamp`. @throws {StorageError} */
  batchByTimestamp(timestamp: number, limit: bigint): Uint8Array | undefined {
    const segment = this.#segments.find((candidate) => candidate.maxTimestamp >= timestamp);
    const wanted = BigInt(timestamp);
    const from = segment?.positionForTimestamp(timestamp) ?? 0;
    const place = segment?.firstBatch(
      from,
      (_, header) => header.getBigInt64(BATCH_AT.maxTimestamp) >= wanted,
    );
    return this.#batchBelow(segment, place, limit);
  }

  /** The largest timestamp of all, -1 when there is none. */
  get maxTimestamp(): number {
    return this.#segments.reduce((max, segment) => Math.max(max, segment.maxTimestamp), -1);
  }

  /**
   * Deletes segments that are too old or too many, whole ones only.
   *
   * @returns whether something was deleted
   * @throws {StorageError}
   */
  applyRetention(config: TopicConfig, nowMs: number): boolean {
    if (!config.cleanupDelete) return false;
    const before = this.startOffset;
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
      this.#segments.shift();
      oldest.file.close();
      this.#storage.remove(this.#path(oldest.baseOffset));
    }
    return this.startOffset > before;
  }

  /** Makes all that was appended until now survive a power loss. @returns the offset behind it @throws {StorageError} */
  async sync(): Promise<bigint> {
    const endOffset = this.#endOffset;
    for (const segment of this.#segments.filter((candidate) => candidate.nextOffset > this.#syncedOffset)) {
      try {
        await segment.file.sync();
      } catch (error) {
        // What has been deleted meanwhile, by retention or with its topic, need not be safe.
        if (!this.#isClosed && this.#segments.includes(segment)) throw error;
      }
    }
    return this.#syncedOffset = endOffset;
  }

  /** Ends the use of the log; its files stay. */
  close(): void {
    this.#isClosed = true;
    this.#tail.clear();
    for (const segment of this.#segments) segment.file.close();
  }

  #segmentFor(sizeBytes: number, extent: BatchExtent, config: TopicConfig, nowMs: number): Segment {
    const active = this.#segments.at(-1);
    if (active === undefined) return this.#roll(nowMs);
    const isFull = active.sizeBytes + sizeBytes > config.segmentBytes ||
      nowMs - active.createdAtMs > config.segmentMs ||
      extent.nextOffset - active.baseOffset > MAX_RELATIVE_OFFSET;
    return isFull && active.sizeBytes > 0 ? this.#roll(nowMs) : active;
  }

  #roll(nowMs: number): Segment {
    const segment = new Segment(this.#endOffset, this.#storage.open(this.#path(this.#endOffset)), nowMs);
    this.#segments.push(segment);
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

  #batchBelow(
    segment: Segment | undefined,
    place: BatchPlace | undefined,
    limit: bigint,
  ): Uint8Array | undefined {
    if (segment === undefined || place === undefined || place.baseOffset >= limit) return undefined;
    return segment.readBatch(place);
  }

  #path(baseOffset: bigint): string {
    return `${this.#folder}/${segmentName(baseOffset)}`;
  }
}

/** What the log must know of a batch. */
export function extentOf(
  header: Pick<RecordBatchHeader, "baseOffset" | "lastOffsetDelta" | "maxTimestamp">,
): BatchExtent {
  return {
    baseOffset: header.baseOffset,
    nextOffset: header.baseOffset + BigInt(header.lastOffsetDelta) + 1n,
    maxTimestamp: Number(header.maxTimestamp),
  };
}
