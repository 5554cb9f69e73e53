/**
 * What of a log is to be compacted, and which of its segments become one.
 *
 * @module
 */
import type { PartitionLog } from "./partition_log.ts";
import type { Segment } from "./segment.ts";
import { MAX_RELATIVE_OFFSET } from "./sparse_index.ts";
import type { TopicConfig } from "./topic_config.ts";

/** What a compaction works on. */
export interface CompactionPlan {
  /** Closed segments, from the log's start. */
  readonly segments: readonly Segment[];
  /** All before it has been compacted before. */
  readonly dirtyOffset: bigint;
}

/** What is to be compacted; undefined when it is not worth while. @throws {StorageError} */
export function planOf(
  log: PartitionLog,
  config: TopicConfig,
  limit: bigint,
  nowMs: number,
): CompactionPlan | undefined {
  if (!config.cleanupCompact) return undefined;
  const dirtyOffset = log.compactedOffset;
  const segments: Segment[] = [];
  let cleanBytes = 0;
  let dirtyBytes = 0;
  let firstDirty: Segment | undefined;
  for (const segment of log.segments.closed) {
    const isDirty = segment.nextOffset > dirtyOffset;
    const isTooNew = segment.nextOffset > limit ||
      config.minCompactionLagMs > 0 && nowMs - segment.maxTimestamp < config.minCompactionLagMs;
    if (isDirty && isTooNew) break;
    segments.push(segment);
    if (isDirty) {
      firstDirty ??= segment;
      dirtyBytes += segment.sizeBytes;
    } else cleanBytes += segment.sizeBytes;
  }
  if (firstDirty === undefined) return undefined;
  const isDirtyEnough = dirtyBytes / (cleanBytes + dirtyBytes) > config.minCleanableDirtyRatio;
  const isWorthIt = isDirtyEnough || nowMs - firstDirty.firstTimestamp() > config.maxCompactionLagMs;
  return isWorthIt ? { segments, dirtyOffset } : undefined;
}

/** Segments that follow each other and have room in one, together: each group becomes a segment. */
export function groupsOf(segments: readonly Segment[], segmentBytes: number): Segment[][] {
  const groups: Segment[][] = [];
  let group: Segment[] = [];
  let sizeBytes = 0;
  for (const segment of segments) {
    const first = group[0];
    const hasRoom = first !== undefined && sizeBytes + segment.sizeBytes <= segmentBytes &&
      segment.nextOffset - first.baseOffset <= MAX_RELATIVE_OFFSET;
    if (!hasRoom) {
      groups.push(group = []);
      sizeBytes = 0;
    }
    group.push(segment);
    sizeBytes += segment.sizeBytes;
  }
  return groups;
}
