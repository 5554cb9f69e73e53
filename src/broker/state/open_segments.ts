/**
 * Finding a partition's segments again. What is known to be safe is not read: the closed segments have their indexes,
 * and the checkpoint says how far the newest one was safe. What lies behind is read batch by batch, a torn tail cut off.
 *
 * @module
 */
import { BATCH_AT, BATCH_HEADER_BYTES, CURRENT_MAGIC } from "../../wire/record_batch.ts";
import { CHECKPOINT_NAME, decodeCheckpoint, type LogCheckpoint } from "./log_checkpoint.ts";
import type { LogState } from "./log_state.ts";
import { scanBatches } from "./recovery.ts";
import { extentOf, type IndexSource, Segment } from "./segment.ts";
import { decodeSegmentIndex, type SegmentFacts } from "./segment_index.ts";
import { parseSegmentName, segmentIndexName, type SegmentName, segmentName } from "./segment_name.ts";
import type { SparseIndex } from "./sparse_index.ts";
import { type Storage, StorageError, type StorageFile } from "./storage.ts";

/** Files that a crash left half made. */
const LEFTOVER = /\.(new|cleaned)$/;

/** What lies in a partition's folder. */
export interface OpenedSegments {
  readonly segments: Segment[];
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  /** All before it is safe on the disk. */
  readonly safeOffset: bigint;
  readonly compactedOffset: bigint;
  /** Bytes of the segments that had to be read. */
  readonly readBytes: number;
  /** Bytes of a torn tail that were cut off. */
  readonly cutBytes: number;
  /** For the log: what was not as it should be. */
  readonly notes: readonly string[];
}

/** Reads what lies in `folder`, and tells `state`. @throws {StorageError} when there is damage that is no torn tail */
export function openSegments(
  storage: Storage,
  folder: string,
  nowMs: number,
  state: LogState,
  indexes: IndexSource,
): OpenedSegments {
  return new Opening(storage, folder, nowMs, state, indexes).run();
}

class Opening {
  readonly #storage: Storage;
  readonly #folder: string;
  readonly #nowMs: number;
  readonly #state: LogState;
  readonly #indexes: IndexSource;
  readonly #notes: string[] = [];
  #checkpoint: LogCheckpoint | undefined;
  #readBytes = 0;
  #cutBytes = 0;

  constructor(storage: Storage, folder: string, nowMs: number, state: LogState, indexes: IndexSource) {
    this.#storage = storage;
    this.#folder = folder;
    this.#nowMs = nowMs;
    this.#state = state;
    this.#indexes = indexes;
  }

  run(): OpenedSegments {
    const names = this.#storage.list(this.#folder);
    for (const name of names.filter((one) => LEFTOVER.test(one))) this.#storage.remove(this.#path(name));
    const saved = names.includes(CHECKPOINT_NAME) ? this.#readCheckpoint() : undefined;
    // What the owner knows and what is known of the segments belong together: without the one all is read.
    this.#checkpoint = saved !== undefined && this.#state.restore(saved.snapshot) ? saved : undefined;
    if (this.#checkpoint === undefined) this.#state.restore(undefined);
    const found = this.#withoutReplaced(namesOf(names));
    const left = this.#withoutDeleted(found, saved?.startOffset ?? 0n);
    const segments = left.map((name, i) => this.#open(name, i === left.length - 1));
    const startOffset = saved?.startOffset ?? segments[0]?.baseOffset ?? 0n;
    const safeOffset = this.#checkpoint?.recoveryOffset ?? startOffset;
    let endOffset = segments.at(-1)?.nextOffset ?? 0n;
    this.#expectNewest(left, startOffset);
    for (const offset of [startOffset, safeOffset]) if (endOffset < offset) endOffset = offset;
    return {
      segments,
      startOffset,
      endOffset,
      safeOffset,
      compactedOffset: saved?.compactedOffset ?? 0n,
      readBytes: this.#readBytes,
      cutBytes: this.#cutBytes,
      notes: this.#notes,
    };
  }

  #readCheckpoint(): LogCheckpoint | undefined {
    const bytes = this.#storage.readAll(this.#path(CHECKPOINT_NAME));
    const checkpoint = bytes === undefined ? undefined : decodeCheckpoint(bytes);
    if (checkpoint === undefined) {
      this.#notes.push(`'${this.#path(CHECKPOINT_NAME)}' is not readable; all of the log was read`);
    }
    return checkpoint;
  }

  /** Removes the segments that another one stands for, as a compaction was cut short. */
  #withoutReplaced(names: readonly SegmentName[]): SegmentName[] {
    let coveredTo = -1n;
    return names.filter((name) => {
      const isReplaced = name.baseOffset <= coveredTo;
      if (isReplaced) this.#storage.remove(this.#path(segmentName(name)));
      else coveredTo = name.lastBase;
      return !isReplaced;
    });
  }

  /** Removes the segments that were to be deleted when a crash came between. */
  #withoutDeleted(names: readonly SegmentName[], startOffset: bigint): SegmentName[] {
    const isDeleted = (i: number) => (names[i + 1]?.baseOffset ?? startOffset + 1n) <= startOffset;
    for (const [i, name] of names.entries()) {
      if (isDeleted(i)) removeSegment(this.#storage, this.#folder, name);
    }
    return names.filter((_, i) => !isDeleted(i));
  }

  #open(name: SegmentName, isLast: boolean): Segment {
    const path = this.#path(segmentName(name));
    const file = this.#storage.open(path);
    const known = this.#known(name, file);
    const segment = known === undefined
      ? Segment.unknown(name.baseOffset, file, this.#nowMs, this.#indexes, name.lastBase)
      : Segment.known(known.facts, file, known.index, this.#indexes, name.lastBase);
    segment.isIndexed = known !== undefined && known.index === undefined;
    const from = known?.facts.sizeBytes ?? 0;
    if (from < file.sizeBytes) this.#scan(segment, path, from, isLast);
    return segment;
  }

  /** What need not be read of a segment. @throws {StorageError} when it is shorter than what was safe */
  #known(
    name: SegmentName,
    file: StorageFile,
  ): { facts: SegmentFacts; index: SparseIndex | undefined } | undefined {
    const base = name.baseOffset;
    const newest = this.#checkpoint?.newest;
    if (newest === undefined || base > newest.facts.baseOffset) return undefined;
    if (base === newest.facts.baseOffset) {
      if (newest.facts.sizeBytes > file.sizeBytes) throw this.#tooShort(name, newest.facts.sizeBytes, file);
      return newest;
    }
    const bytes = this.#storage.readAll(this.#path(segmentIndexName(name)));
    const found = bytes === undefined ? undefined : decodeSegmentIndex(bytes);
    const isFitting = found !== undefined && found.facts.baseOffset === base &&
      isPlausible(found.facts, found.index, file);
    if (isFitting && found.facts.sizeBytes > file.sizeBytes) {
      throw this.#tooShort(name, found.facts.sizeBytes, file);
    }
    if (isFitting && found.facts.sizeBytes === file.sizeBytes) {
      return { facts: found.facts, index: undefined };
    }
    this.#notes.push(`the index of '${this.#path(segmentName(name))}' is missing or wrong; made anew`);
    return undefined;
  }

  #scan(segment: Segment, path: string, from: number, isLast: boolean): void {
    const { file } = segment;
    const visitFrom = this.#checkpoint?.recoveryOffset ?? 0n;
    const { goodBytes, fault } = scanBatches(file, from, segment.nextOffset, (batch, position) => {
      segment.note(position, extentOf(batch.header));
      if (batch.header.baseOffset >= visitFrom) this.#state.visit(batch);
    });
    this.#readBytes += file.sizeBytes - from;
    if (from === 0 && segment.maxTimestamp >= 0) {
      segment.createdAtMs = Math.min(this.#nowMs, segment.maxTimestamp);
    }
    if (fault === undefined) return;
    const what = `segment '${path}' is not whole at byte ${goodBytes}: ${fault.reason}`;
    if (!fault.isTornTail || !isLast) throw new StorageError(`Cannot serve the log: ${what}`);
    const tornBytes = file.sizeBytes - goodBytes;
    file.truncate(goodBytes);
    this.#cutBytes += tornBytes;
    this.#notes.push(`${what}; cut ${tornBytes} bytes off its end`);
  }

  /** @throws {StorageError} when a segment is gone of which something was safe */
  #expectNewest(names: readonly SegmentName[], startOffset: bigint): void {
    const facts = this.#checkpoint?.newest?.facts;
    if (facts === undefined || facts.sizeBytes === 0 || facts.nextOffset <= startOffset) return;
    const { baseOffset } = facts;
    if (names.some((name) => name.baseOffset === baseOffset)) return;
    const path = this.#path(segmentName({ baseOffset, lastBase: baseOffset }));
    throw new StorageError(`Cannot serve the log: segment '${path}' is missing`);
  }

  #tooShort(name: SegmentName, safeBytes: number, file: StorageFile): StorageError {
    return new StorageError(
      `Cannot serve the log: segment '${this.#path(segmentName(name))}' has ${file.sizeBytes} bytes, ` +
        `${safeBytes} were safe`,
    );
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }
}

/** Removes a segment's files. @throws {StorageError} */
export function removeSegment(storage: Storage, folder: string, name: SegmentName): void {
  storage.remove(`${folder}/${segmentIndexName(name)}`);
  storage.remove(`${folder}/${segmentName(name)}`);
}

/** By their first offset; of those with the same, the one that stands for most, first. */
function namesOf(names: readonly string[]): SegmentName[] {
  const found = names.map(parseSegmentName).filter((name) => name !== undefined);
  return found.sort((a, b) => Number(a.baseOffset - b.baseOffset) || Number(b.lastBase - a.lastBase));
}

/** Whether an index fits the segment, by the batch that its last entry names: a read of a header. */
function isPlausible(facts: SegmentFacts, index: SparseIndex, file: StorageFile): boolean {
  const { last } = index;
  if (last === undefined) return facts.sizeBytes === 0;
  const header = new Uint8Array(BATCH_HEADER_BYTES);
  if (last.position >= file.sizeBytes) return facts.sizeBytes > file.sizeBytes;
  if (file.read(last.position, header) < header.length) return false;
  return header[BATCH_AT.magic] === CURRENT_MAGIC &&
    new DataView(header.buffer).getBigInt64(BATCH_AT.baseOffset) ===
      facts.baseOffset + BigInt(last.relativeOffset);
}
