/**
 * A broker's own settings. Kafka's names for them are in broker_keys.ts.
 *
 * @module
 */
/** Times in milliseconds. */
export interface BrokerConfig {
  /** Whether an acknowledgement waits for fsync. */
  readonly fsync: boolean;
  /** Whether naming a topic in Metadata makes it. Kafka: `auto.create.topics.enable`. */
  readonly autoCreateTopics: boolean;
  /** Partitions of a topic when none are asked for. Kafka: `num.partitions`. */
  readonly defaultPartitions: number;
  /** How long an authentication by SASL holds; 0 for ever. Kafka: `connections.max.reauth.ms`. */
  readonly connectionsMaxReauthMs: number;
  /** Kafka: `group.initial.rebalance.delay.ms`; 0 here, so that a first record does not wait. */
  readonly groupInitialRebalanceDelayMs: number;
  /** How long a member stays in its group whose connection closed. */
  readonly groupDisconnectGraceMs: number;
  /** Kafka: `group.min.session.timeout.ms`, `group.max.session.timeout.ms`. */
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  /** How long a partition remembers a producer that sends nothing. Kafka: `producer.id.expiration.ms`. */
  readonly producerIdExpirationMs: number;
  /** The longest timeout that a transaction may ask for. Kafka: `transaction.max.timeout.ms`. */
  readonly transactionMaxTimeoutMs: number;
  /** How long a transactional id is kept that is not used. Kafka: `transactional.id.expiration.ms`. */
  readonly transactionalIdExpirationMs: number;
  /** How often those are looked for. Kafka: `transaction.remove.expired.transaction.cleanup.interval.ms`. */
  readonly transactionalIdCleanupIntervalMs: number;
  /** How long compaction rests between two rounds over all topics. Kafka: `log.cleaner.backoff.ms`. */
  readonly cleanerBackoffMs: number;
  /** Kafka: `log.retention.check.interval.ms`. */
  readonly retentionCheckIntervalMs: number;
  /** Whether topics may be deleted. Kafka: `delete.topic.enable`. */
  readonly deleteTopics: boolean;
  /** How long the offsets of a group are kept that nobody is in. Kafka: `offsets.retention.minutes`. */
  readonly offsetsRetentionMs: number;
  /** Kafka: `offsets.retention.check.interval.ms`. */
  readonly offsetsRetentionCheckIntervalMs: number;
  /** Defaults of topic configs, by the broker's config that gives them, such as `log.retention.ms`. */
  readonly topicDefaults: Readonly<Record<string, string>>;
}

export const DEFAULT_CONFIG: BrokerConfig = {
  fsync: false,
  autoCreateTopics: true,
  defaultPartitions: 1,
  connectionsMaxReauthMs: 0,
  groupInitialRebalanceDelayMs: 0,
  groupDisconnectGraceMs: 1_000,
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  producerIdExpirationMs: 86_400_000,
  transactionMaxTimeoutMs: 900_000,
  transactionalIdExpirationMs: 604_800_000,
  transactionalIdCleanupIntervalMs: 3_600_000,
  cleanerBackoffMs: 15_000,
  retentionCheckIntervalMs: 300_000,
  deleteTopics: true,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  topicDefaults: {},
};
