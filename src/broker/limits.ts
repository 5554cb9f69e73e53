/**
 * Every bound of the broker, in one place: what a peer can make it hold, and how long it waits for anything. The
 * values are the defaults; {@linkcode Limits} lets a test or a host choose others.
 *
 * @module
 */

/** Bounds of one broker. Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** The largest request taken; more closes the connection. Kafka: `socket.request.max.bytes`. */
  readonly maxFrameBytes: number;
  /** Connections at one time; one more is closed at once. Kafka: `max.connections`. */
  readonly maxConnections: number;
  /** Connections of one address. Kafka: `max.connections.per.ip`. */
  readonly maxConnectionsPerIp: number;
  /** A connection that sent nothing for so long is closed. Kafka: `connections.max.idle.ms`. */
  readonly connectionIdleMs: number;
  /** How long a client has to prove who it is; and for the first frame, where the listener encrypts. */
  readonly authenticationMs: number;
  /** The largest frame of a client that has not. Kafka: `sasl.server.max.receive.size`. */
  readonly maxUnauthenticatedFrameBytes: number;
  /** Before a failed authentication is answered. Kafka: `connection.failed.authentication.delay.ms`. */
  readonly failedAuthenticationDelayMs: number;
  /** How long a peer has to take our last words. */
  readonly lingerMs: number;
  /** A frame that was begun, and of which no further MiB came for so long, closes the connection. */
  readonly frameStallMs: number;
  /** Requests of one connection that are not answered yet; further ones are not read before. */
  readonly maxInFlightRequests: number;
  /** Bytes of answers that a peer has not taken; above it, no further request of that peer is read. */
  readonly maxResponseBacklogBytes: number;
  /** Of requests that are not whole and answers that are not taken, of all connections together. */
  readonly maxBufferedBytes: number;
  /** A peer that takes nothing of its answers for so long is closed. */
  readonly writeStallMs: number;
  /** The most that one fetch answers, whatever it asks for. Kafka: `fetch.max.bytes`. */
  readonly maxFetchBytes: number;
  /** The longest that a fetch waits, whatever it asks for. */
  readonly maxFetchWaitMs: number;
  /** Kafka: `max.incremental.fetch.session.cache.slots`. */
  readonly maxFetchSessions: number;
  /** Over all fetch sessions. */
  readonly maxFetchSessionPartitions: number;
  /** A fetch session that nobody used for so long makes room for another. Kafka: `min.incremental.fetch.session.eviction.ms`. */
  readonly fetchSessionEvictionMs: number;
  /** Over all users. */
  readonly maxScramCredentials: number;
  readonly maxTopics: number;
  /** Over all topics. */
  readonly maxPartitions: number;
  readonly maxPartitionsPerTopic: number;
  readonly maxGroups: number;
  readonly maxMembersPerGroup: number;
  /** Of a member's subscription and assignment, each. */
  readonly maxGroupMetadataBytes: number;
  /** Of the subscriptions and assignments of the members of all groups. */
  readonly maxMembersBytes: number;
  /** Of an offset commit. Kafka: `offset.metadata.max.bytes`. */
  readonly maxOffsetMetadataBytes: number;
  /** Of one answer to DescribeConfigs. */
  readonly maxConfigsPerAnswer: number;
  /** Of one answer to DescribeTopicPartitions. Kafka: `max.request.partition.size.limit`. */
  readonly maxPartitionsPerAnswer: number;
  /** Committed offsets, over all groups. */
  readonly maxCommittedOffsets: number;
  readonly maxTransactionalIds: number;
  /** Idempotent producers that a partition remembers; the one silent for longest is forgotten first. */
  readonly maxProducersPerPartition: number;
  /** Files of the data folder that are open at one time. */
  readonly maxOpenFiles: number;
  /** Memory for the newest batches of all partitions, and of one. */
  readonly maxTailBytes: number;
  readonly maxTailBytesPerPartition: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_LIMITS: Limits = {
  maxFrameBytes: 100 * MIB,
  maxConnections: 4096,
  maxConnectionsPerIp: 4096,
  connectionIdleMs: 600_000,
  authenticationMs: 15_000,
  maxUnauthenticatedFrameBytes: 64 * KIB,
  failedAuthenticationDelayMs: 100,
  lingerMs: 1_000,
  frameStallMs: 60_000,
  maxInFlightRequests: 64,
  maxResponseBacklogBytes: 8 * MIB,
  maxBufferedBytes: 512 * MIB,
  writeStallMs: 60_000,
  maxFetchBytes: 55 * MIB,
  maxFetchWaitMs: 60_000,
  maxFetchSessions: 1_000,
  maxFetchSessionPartitions: 200_000,
  fetchSessionEvictionMs: 120_000,
  maxScramCredentials: 10_000,
  maxTopics: 10_000,
  maxPartitions: 20_000,
  maxPartitionsPerTopic: 4_096,
  maxGroups: 10_000,
  maxMembersPerGroup: 1_000,
  maxGroupMetadataBytes: MIB,
  maxMembersBytes: 256 * MIB,
  maxOffsetMetadataBytes: 4_096,
  maxConfigsPerAnswer: 500_000,
  maxPartitionsPerAnswer: 2_000,
  maxCommittedOffsets: 500_000,
  maxTransactionalIds: 100_000,
  maxProducersPerPartition: 1_000,
  maxOpenFiles: 256,
  maxTailBytes: 8 * MIB,
  maxTailBytesPerPartition: 512 * KIB,
};
