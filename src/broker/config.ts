/**
 * A broker's own settings, by Kafka's names where Kafka has them.
 *
 * @module
 */
import type { ConfigDefaults } from "./state/topic_config.ts";

/** Times in milliseconds. */
export interface BrokerConfig {
  /** Whether an acknowledgement waits for fsync. */
  readonly fsync: boolean;
  /** Whether naming a topic in Metadata makes it. Kafka: `auto.create.topics.enable`. */
  readonly autoCreateTopics: boolean;
  /** Partitions of a topic when none are asked for. Kafka: `num.partitions`. */
  readonly defaultPartitions: number;
  /** Kafka: `group.initial.rebalance.delay.ms`; 0 here, so that a first record does not wait. */
  readonly groupInitialRebalanceDelayMs: number;
  /** How long a member stays in its group whose connection closed. */
  readonly groupDisconnectGraceMs: number;
  /** Kafka: `group.min.session.timeout.ms`, `group.max.session.timeout.ms`. */
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  /** Kafka: `log.retention.check.interval.ms`. */
  readonly retentionCheckIntervalMs: number;
  /** Defaults of topic configs, where they are not Kafka's. */
  readonly topicDefaults: ConfigDefaults;
}

export const DEFAULT_CONFIG: BrokerConfig = {
  fsync: false,
  autoCreateTopics: true,
  defaultPartitions: 1,
  groupInitialRebalanceDelayMs: 0,
  groupDisconnectGraceMs: 1_000,
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  retentionCheckIntervalMs: 300_000,
  topicDefaults: {},
};
