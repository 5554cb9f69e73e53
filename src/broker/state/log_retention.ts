/**
 * What retention lets go of a log: whole segments, from the oldest on, that are too old or too many.
 *
 * @module
 */
import type { LogSegments } from "./log_segments.ts";
import type { Segment } from "./segment.ts";
import type { TopicConfig } from "./topic_config.ts";

/** Whether nothing in a log is young enough to stay, the newest segment included. */
export function isAllExpired(segments: LogSegments, config: TopicConfig, nowMs: number): boolean {
  return segments.length > 0 && [...segments].every((segment) => isExpired(segment, config, nowMs));
}

/** The offset before which all goes: where the first segment begins that stays; undefined when none goes. */
export function retainedFrom(segments: LogSegments, config: TopicConfig, nowMs: number): bigint | undefined {
  const { retentionBytes } = config;
  let excessBytes = retentionBytes >= 0 ? segments.sizeBytes - retentionBytes : 0;
  let gone = 0;
  for (const segment of segments.closed) {
    if (!isExpired(segment, config, nowMs) && excessBytes < segment.sizeBytes) break;
    excessBytes -= segment.sizeBytes;
    gone++;
  }
  return gone === 0 ? undefined : [...segments][gone]?.baseOffset;
}

function isExpired(segment: Segment, { retentionMs }: TopicConfig, nowMs: number): boolean {
  const { sizeBytes, maxTimestamp, createdAtMs } = segment;
  return retentionMs >= 0 && sizeBytes > 0 &&
    nowMs - (maxTimestamp >= 0 ? maxTimestamp : createdAtMs) > retentionMs;
}
