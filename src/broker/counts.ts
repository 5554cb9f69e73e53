/**
 * What a broker tells of itself to whoever watches it, as plain data: it goes from the broker's thread to another.
 *
 * @module
 */
import type { DurationCounts } from "./durations.ts";
import type { ErrorCount, RequestCount, RequestDurations } from "./metrics.ts";
import type { BrokerState } from "./state/broker_state.ts";

/** More topics than these are told of as one, so that what is told stays small. */
const MAX_TOPICS = 100;

/** One topic, or the rest of them. */
export interface TopicCounts {
  /** Undefined for all that are not told by name. */
  readonly topic: string | undefined;
  readonly partitionsCount: number;
  readonly sizeBytes: number;
}

/** What a rule of faults has done. */
export interface FaultCounts {
  readonly matchedCount: number;
  readonly struckCount: number;
}

/** See the module. What ends with `Total` or is of bytes sent, received or written only grows while the broker runs. */
export interface BrokerCounts {
  readonly connectionsCount: number;
  readonly connectionsTotal: number;
  readonly refusedConnectionsTotal: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly recordsTotal: number;
  readonly recordBytes: number;
  readonly requests: readonly RequestCount[];
  readonly errors: readonly ErrorCount[];
  readonly durations: readonly RequestDurations[];
  /** The largest, by their size. */
  readonly topics: readonly TopicCounts[];
  readonly topicsCount: number;
  readonly partitionsCount: number;
  /** Partitions that are not served, as the disk failed them. */
  readonly offlinePartitionsCount: number;
  readonly groupsCount: number;
  /** Rounds of fsync. */
  readonly syncs: DurationCounts;
  /** Of each rule at work, in their order. */
  readonly faults: readonly FaultCounts[];
  /** Of this process. */
  readonly residentBytes: number;
}

/** See the module. */
export function countsOf({ metrics, topics, groups, faults }: BrokerState): BrokerCounts {
  const all = [...topics.all()].map(({ name, partitions }): TopicCounts => ({
    topic: name,
    partitionsCount: partitions.length,
    sizeBytes: partitions.reduce((sum, { log }) => sum + log.sizeBytes, 0),
  })).sort((a, b) => b.sizeBytes - a.sizeBytes);
  const rest = all.slice(MAX_TOPICS);
  const sum = (list: readonly TopicCounts[], field: "partitionsCount" | "sizeBytes") =>
    list.reduce((total, counts) => total + counts[field], 0);
  const others = {
    topic: undefined,
    partitionsCount: sum(rest, "partitionsCount"),
    sizeBytes: sum(rest, "sizeBytes"),
  };
  let offlinePartitionsCount = 0;
  for (const { partitions } of topics.all()) {
    offlinePartitionsCount += partitions.filter(({ fault }) => fault !== undefined).length;
  }
  const { connectionsCount, connectionsTotal, refusedConnectionsTotal } = metrics;
  const { receivedBytes, sentBytes, recordsTotal, recordBytes, requests, errors, durations, syncs } = metrics;
  return {
    connectionsCount,
    connectionsTotal,
    refusedConnectionsTotal,
    receivedBytes,
    sentBytes,
    recordsTotal,
    recordBytes,
    requests,
    errors,
    durations,
    topics: rest.length === 0 ? all : [...all.slice(0, MAX_TOPICS), others],
    topicsCount: all.length,
    partitionsCount: sum(all, "partitionsCount"),
    offlinePartitionsCount,
    groupsCount: groups.size,
    syncs,
    faults: (faults?.active ?? []).map(({ matchedCount, struckCount }) => ({ matchedCount, struckCount })),
    residentBytes: Deno.memoryUsage().rss,
  };
}
