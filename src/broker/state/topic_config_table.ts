/**
 * All configs of a topic: Kafka's names, types, defaults and limits (TopicConfig.java, LogConfig.java), and which of the
 * broker's configs give their defaults. Long, as it is one table: an entry a config, in the order of their names.
 *
 * @module
 */
import { type ConfigDefinition, ConfigType, LONG_MAX, splitList } from "./config_definition.ts";

/** A config of a topic. */
export interface TopicConfigDefinition extends ConfigDefinition {
  readonly defaultValue: string;
  /** The broker's configs that give its default, the one that counts before the others first; empty for none. */
  readonly brokerKeys: readonly BrokerKey[];
}

/** A config of the broker that gives the default of a topic's. */
export interface BrokerKey {
  readonly name: string;
  /** What one of it is in the topic's unit, such as an hour in milliseconds. @default {1} */
  readonly factor?: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const { BOOLEAN, STRING, INT, LONG, DOUBLE, LIST } = ConfigType;

/** All configs of a topic. */
export const TOPIC_CONFIGS: readonly TopicConfigDefinition[] = [
  {
    name: "cleanup.policy",
    brokerKeys: [{ name: "log.cleanup.policy" }],
    type: LIST,
    defaultValue: "delete",
    oneOf: ["compact", "delete"],
    documentation: "What becomes of old segments: deleted by retention, compacted by key, or both.",
  },
  {
    name: "compression.gzip.level",
    brokerKeys: [{ name: "compression.gzip.level" }],
    type: INT,
    defaultValue: "-1",
    refuse: (value) =>
      Number(value) === -1 || (Number(value) >= 1 && Number(value) <= 9)
        ? undefined
        : "Value must be between 1 and 9 or equal to -1",
    documentation: "Kept only: batches are kept as the producer sent them.",
  },
  {
    name: "compression.lz4.level",
    brokerKeys: [{ name: "compression.lz4.level" }],
    type: INT,
    defaultValue: "9",
    min: 1n,
    max: 17n,
    documentation: "Kept only: batches are kept as the producer sent them.",
  },
  {
    name: "compression.type",
    brokerKeys: [{ name: "compression.type" }],
    type: STRING,
    defaultValue: "producer",
    oneOf: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
    documentation: "Batches are kept as the producer sent them, whatever this says.",
  },
  {
    name: "compression.zstd.level",
    brokerKeys: [{ name: "compression.zstd.level" }],
    type: INT,
    defaultValue: "3",
    min: -131_072n,
    max: 22n,
    documentation: "Kept only: batches are kept as the producer sent them.",
  },
  {
    name: "delete.retention.ms",
    brokerKeys: [{ name: "log.cleaner.delete.retention.ms" }],
    type: LONG,
    defaultValue: "86400000",
    min: 0n,
    documentation: "How long a tombstone stays in a compacted topic.",
  },
  {
    name: "file.delete.delay.ms",
    brokerKeys: [{ name: "log.segment.delete.delay.ms" }],
    type: LONG,
    defaultValue: "60000",
    min: 0n,
    documentation: "Kept only: files are deleted at once.",
  },
  {
    name: "flush.messages",
    brokerKeys: [{ name: "log.flush.interval.messages" }],
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 1n,
    documentation: "Kept only: the broker's fsync mode decides.",
  },
  {
    name: "flush.ms",
    brokerKeys: [{ name: "log.flush.interval.ms" }, { name: "log.flush.scheduler.interval.ms" }],
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 0n,
    documentation: "Kept only: the broker's fsync mode decides.",
  },
  {
    name: "follower.replication.throttled.replicas",
    brokerKeys: [],
    type: LIST,
    defaultValue: "",
    refuse: refuseReplicas("follower.replication.throttled.replicas"),
    documentation: "Kept only: there is one replica.",
  },
  {
    name: "index.interval.bytes",
    brokerKeys: [{ name: "log.index.interval.bytes" }],
    type: INT,
    defaultValue: "4096",
    min: 0n,
    documentation: "Kept only: the index's interval is fixed.",
  },
  {
    name: "leader.replication.throttled.replicas",
    brokerKeys: [],
    type: LIST,
    defaultValue: "",
    refuse: refuseReplicas("leader.replication.throttled.replicas"),
    documentation: "Kept only: there is one replica.",
  },
  {
    name: "local.retention.bytes",
    brokerKeys: [{ name: "log.local.retention.bytes" }],
    type: LONG,
    defaultValue: "-2",
    min: -2n,
    documentation: "Kept only: there is no tiered storage.",
  },
  {
    name: "local.retention.ms",
    brokerKeys: [{ name: "log.local.retention.ms" }],
    type: LONG,
    defaultValue: "-2",
    min: -2n,
    documentation: "Kept only: there is no tiered storage.",
  },
  {
    name: "max.compaction.lag.ms",
    brokerKeys: [{ name: "log.cleaner.max.compaction.lag.ms" }],
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 1n,
    documentation: "The longest that a record stays uncompacted.",
  },
  {
    name: "max.message.bytes",
    brokerKeys: [{ name: "message.max.bytes" }],
    type: INT,
    defaultValue: "1048588",
    min: 0n,
    documentation: "The largest record batch taken.",
  },
  {
    name: "message.timestamp.after.max.ms",
    brokerKeys: [{ name: "log.message.timestamp.after.max.ms" }],
    type: LONG,
    defaultValue: "3600000",
    min: 0n,
    documentation: "How far a record's timestamp may be ahead of the broker's clock.",
  },
  {
    name: "message.timestamp.before.max.ms",
    brokerKeys: [{ name: "log.message.timestamp.before.max.ms" }],
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 0n,
    documentation: "How far a record's timestamp may be behind the broker's clock.",
  },
  {
    name: "message.timestamp.type",
    brokerKeys: [{ name: "log.message.timestamp.type" }],
    type: STRING,
    defaultValue: "CreateTime",
    oneOf: ["CreateTime", "LogAppendTime"],
    documentation: "Whether records keep the producer's time or get the broker's.",
  },
  {
    name: "min.cleanable.dirty.ratio",
    brokerKeys: [{ name: "log.cleaner.min.cleanable.ratio" }],
    type: DOUBLE,
    defaultValue: "0.5",
    min: 0n,
    max: 1n,
    documentation: "How much of a compacted log may be uncompacted.",
  },
  {
    name: "min.compaction.lag.ms",
    brokerKeys: [{ name: "log.cleaner.min.compaction.lag.ms" }],
    type: LONG,
    defaultValue: "0",
    min: 0n,
    documentation: "The shortest that a record stays uncompacted.",
  },
  {
    name: "min.insync.replicas",
    brokerKeys: [{ name: "min.insync.replicas" }],
    type: INT,
    defaultValue: "1",
    min: 1n,
    documentation: "Kept only: there is one replica.",
  },
  {
    name: "preallocate",
    brokerKeys: [{ name: "log.preallocate" }],
    type: BOOLEAN,
    defaultValue: "false",
    documentation: "Kept only: files grow as they are written.",
  },
  {
    name: "remote.log.copy.disable",
    brokerKeys: [],
    type: BOOLEAN,
    defaultValue: "false",
    documentation: "Kept only: there is no tiered storage.",
  },
  {
    name: "remote.log.delete.on.disable",
    brokerKeys: [],
    type: BOOLEAN,
    defaultValue: "false",
    documentation: "Kept only: there is no tiered storage.",
  },
  {
    name: "remote.storage.enable",
    brokerKeys: [],
    type: BOOLEAN,
    defaultValue: "false",
    documentation: "There is no tiered storage: true is refused.",
  },
  {
    name: "retention.bytes",
    brokerKeys: [{ name: "log.retention.bytes" }],
    type: LONG,
    defaultValue: "-1",
    documentation: "The size of a partition above which its oldest segments are deleted; -1: none.",
  },
  {
    name: "retention.ms",
    brokerKeys: [{ name: "log.retention.ms" }, { name: "log.retention.minutes", factor: MINUTE_MS }, {
      name: "log.retention.hours",
      factor: HOUR_MS,
    }],
    type: LONG,
    defaultValue: "604800000",
    min: -1n,
    documentation: "The age from which segments are deleted; -1: never.",
  },
  {
    name: "segment.bytes",
    brokerKeys: [{ name: "log.segment.bytes" }],
    type: INT,
    defaultValue: "1073741824",
    min: 1_048_576n,
    documentation: "The size at which a new segment begins.",
  },
  {
    name: "segment.index.bytes",
    brokerKeys: [{ name: "log.index.size.max.bytes" }],
    type: INT,
    defaultValue: "10485760",
    min: 4n,
    documentation: "Kept only: the index is in memory.",
  },
  {
    name: "segment.jitter.ms",
    brokerKeys: [{ name: "log.roll.jitter.ms" }, { name: "log.roll.jitter.hours", factor: HOUR_MS }],
    type: LONG,
    defaultValue: "0",
    min: 0n,
    documentation: "Kept only: segments begin without jitter.",
  },
  {
    name: "segment.ms",
    brokerKeys: [{ name: "log.roll.ms" }, { name: "log.roll.hours", factor: HOUR_MS }],
    type: LONG,
    defaultValue: "604800000",
    min: 1n,
    documentation: "The age at which a new segment begins.",
  },
  {
    name: "unclean.leader.election.enable",
    brokerKeys: [{ name: "unclean.leader.election.enable" }],
    type: BOOLEAN,
    defaultValue: "false",
    documentation: "Kept only: there is one replica.",
  },
];

/** As Kafka has it for its own tests: segments of any size. Not told, only taken. */
const INTERNAL_SEGMENT_BYTES: TopicConfigDefinition = {
  name: "internal.segment.bytes",
  brokerKeys: [],
  type: INT,
  defaultValue: "",
  min: 14n,
  documentation: "The size at which a new segment begins, with no lower bound.",
};

const BY_NAME = new Map([...TOPIC_CONFIGS, INTERNAL_SEGMENT_BYTES].map((one) => [one.name, one]));

/** A topic config's definition. */
export function findTopicConfig(name: string): TopicConfigDefinition | undefined {
  return BY_NAME.get(name);
}

function refuseReplicas(name: string): (value: string) => string | undefined {
  const isReplicas = (value: string) =>
    value.trim() === "*" || splitList(value).every((one) => /^\d+:\d+$/.test(one));
  return (value) =>
    isReplicas(value)
      ? undefined
      : `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`;
}
