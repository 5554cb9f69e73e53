/**
 * A topic's configs: Kafka's names, types, defaults and limits (TopicConfig.java, LogConfig.java). What the broker acts
 * on is in {@linkcode TopicConfig}; the others are kept and told, as Kafka's tools set them without a second thought.
 *
 * @module
 */

/** A config as DescribeConfigs tells it. The numbers are Kafka's ConfigDef types. */
export const ConfigType = { BOOLEAN: 1, STRING: 2, INT: 3, SHORT: 4, LONG: 5, DOUBLE: 6, LIST: 7 } as const;
export type ConfigType = typeof ConfigType[keyof typeof ConfigType];

export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  readonly defaultValue: string;
  readonly min?: bigint;
  readonly oneOf?: readonly string[];
  readonly documentation: string;
}

const INT_MAX = 2n ** 31n - 1n;
const LONG_MAX = 2n ** 63n - 1n;
const { BOOLEAN, STRING, INT, LONG, DOUBLE, LIST } = ConfigType;

/** All configs of a topic. */
export const TOPIC_CONFIGS: readonly ConfigDefinition[] = [
  {
    name: "cleanup.policy",
    type: LIST,
    defaultValue: "delete",
    oneOf: ["compact", "delete"],
    documentation: "What becomes of old segments: deleted by retention, compacted by key, or both.",
  },
  {
    name: "compression.type",
    type: STRING,
    defaultValue: "producer",
    oneOf: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
    documentation: "Batches are kept as the producer sent them, whatever this says.",
  },
  {
    name: "delete.retention.ms",
    type: LONG,
    defaultValue: "86400000",
    min: 0n,
    documentation: "How long a tombstone stays in a compacted topic.",
  },
  {
    name: "file.delete.delay.ms",
    type: LONG,
    defaultValue: "60000",
    min: 0n,
    documentation: "Kept only: files are deleted at once.",
  },
  {
    name: "flush.messages",
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 1n,
    documentation: "Kept only: the broker's fsync mode decides.",
  },
  {
    name: "flush.ms",
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 0n,
    documentation: "Kept only: the broker's fsync mode decides.",
  },
  {
    name: "index.interval.bytes",
    type: INT,
    defaultValue: "4096",
    min: 0n,
    documentation: "Kept only: the index's interval is fixed.",
  },
  {
    name: "max.compaction.lag.ms",
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 1n,
    documentation: "The longest that a record stays uncompacted.",
  },
  {
    name: "max.message.bytes",
    type: INT,
    defaultValue: "1048588",
    min: 0n,
    documentation: "The largest record batch taken.",
  },
  {
    name: "message.timestamp.after.max.ms",
    type: LONG,
    defaultValue: "3600000",
    min: 0n,
    documentation: "Kept only: how far a timestamp may be ahead.",
  },
  {
    name: "message.timestamp.before.max.ms",
    type: LONG,
    defaultValue: `${LONG_MAX}`,
    min: 0n,
    documentation: "Kept only: how far a timestamp may be behind.",
  },
  {
    name: "message.timestamp.type",
    type: STRING,
    defaultValue: "CreateTime",
    oneOf: ["CreateTime", "LogAppendTime"],
    documentation: "Whether records keep the producer's time or get the broker's.",
  },
  {
    name: "min.cleanable.dirty.ratio",
    type: DOUBLE,
    defaultValue: "0.5",
    documentation: "How much of a compacted log may be uncompacted.",
  },
  {
    name: "min.compaction.lag.ms",
    type: LONG,
    defaultValue: "0",
    min: 0n,
    documentation: "The shortest that a record stays uncompacted.",
  },
  {
    name: "min.insync.replicas",
    type: INT,
    defaultValue: "1",
    min: 1n,
    documentation: "Kept only: there is one replica.",
  },
  {
    name: "preallocate",
    type: BOOLEAN,
    defaultValue: "false",
    documentation: "Kept only: files grow as they are written.",
  },
  {
    name: "retention.bytes",
    type: LONG,
    defaultValue: "-1",
    min: -1n,
    documentation: "The size of a partition above which its oldest segments are deleted; -1: none.",
  },
  {
    name: "retention.ms",
    type: LONG,
    defaultValue: "604800000",
    min: -1n,
    documentation: "The age from which segments are deleted; -1: never.",
  },
  {
    name: "segment.bytes",
    type: INT,
    defaultValue: "1073741824",
    min: 14n,
    documentation: "The size at which a new segment begins.",
  },
  {
    name: "segment.index.bytes",
    type: INT,
    defaultValue: "10485760",
    min: 4n,
    documentation: "Kept only: the index is in memory.",
  },
  {
    name: "segment.jitter.ms",
    type: LONG,
    defaultValue: "0",
    min: 0n,
    documentation: "Kept only: segments begin without jitter.",
  },
  {
    name: "segment.ms",
    type: LONG,
    defaultValue: "604800000",
    min: 1n,
    documentation: "The age at which a new segment begins.",
  },
  {
    name: "unclean.leader.election.enable",
    type: BOOLEAN,
    defaultValue: "false",
    documentation: "Kept only: there is one replica.",
  },
];

const BY_NAME = new Map(TOPIC_CONFIGS.map((definition) => [definition.name, definition]));

/** Why a value is no value of a config, undefined when it is. */
export function invalidConfig(name: string, value: string | null): string | undefined {
  const definition = BY_NAME.get(name);
  if (definition === undefined) return `Unknown topic config name: ${name}`;
  if (value === null) return `Null value not supported for topic configs: ${name}`;
  const wrong = `Invalid value ${value} for configuration ${name}`;
  switch (definition.type) {
    case ConfigType.BOOLEAN:
      return /^(true|false)$/i.test(value)
        ? undefined
        : `${wrong}: Expected value to be either true or false`;
    case ConfigType.DOUBLE:
      return Number(value) >= 0 && Number(value) <= 1 && value.trim() !== ""
        ? undefined
        : `${wrong}: Value must be between 0 and 1`;
    case ConfigType.INT:
    case ConfigType.SHORT:
    case ConfigType.LONG: {
      if (!/^[+-]?\d{1,19}$/.test(value.trim())) {
        return `${wrong}: Not a number of type ${typeName(definition.type)}`;
      }
      const number = BigInt(value.trim());
      if (number > (definition.type === ConfigType.LONG ? LONG_MAX : INT_MAX)) {
        return `${wrong}: Not a number of type ${typeName(definition.type)}`;
      }
      if (definition.min !== undefined && number < definition.min) {
        return `${wrong}: Value must be at least ${definition.min}`;
      }
      return undefined;
    }
    case ConfigType.STRING:
      return definition.oneOf === undefined || definition.oneOf.includes(value)
        ? undefined
        : `${wrong}: String must be one of: ${definition.oneOf.join(", ")}`;
    case ConfigType.LIST: {
      const unknown = splitList(value).find((item) => definition.oneOf?.includes(item) === false);
      return unknown === undefined
        ? undefined
        : `${wrong}: String must be one of: ${definition.oneOf?.join(", ") ?? ""}`;
    }
  }
}

/** What the broker acts on, parsed. Numbers are bytes and milliseconds; -1 is "no bound". */
export interface TopicConfig {
  readonly cleanupDelete: boolean;
  readonly cleanupCompact: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly maxMessageBytes: number;
  readonly logAppendTime: boolean;
}

/** Defaults of a broker, by config name, where they are not Kafka's. */
export type ConfigDefaults = Readonly<Record<string, string>>;

/** The value in force of a config. */
export function configValue(
  definition: ConfigDefinition,
  overrides: ReadonlyMap<string, string>,
  defaults: ConfigDefaults,
): string {
  return overrides.get(definition.name) ?? defaults[definition.name] ?? definition.defaultValue;
}

/** Parses valid overrides. */
export function parseTopicConfig(
  overrides: ReadonlyMap<string, string>,
  defaults: ConfigDefaults,
): TopicConfig {
  const value = (name: string) => {
    const definition = BY_NAME.get(name);
    return definition === undefined ? "" : configValue(definition, overrides, defaults).trim();
  };
  const policies = splitList(value("cleanup.policy"));
  return {
    cleanupDelete: policies.includes("delete"),
    cleanupCompact: policies.includes("compact"),
    retentionMs: Number(value("retention.ms")),
    retentionBytes: Number(value("retention.bytes")),
    segmentBytes: Number(value("segment.bytes")),
    segmentMs: Number(value("segment.ms")),
    maxMessageBytes: Number(value("max.message.bytes")),
    logAppendTime: value("message.timestamp.type") === "LogAppendTime",
  };
}

function splitList(value: string): string[] {
  return value.split(",").map((item) => item.trim()).filter((item) => item !== "");
}

function typeName(type: ConfigType): string {
  return type === ConfigType.LONG ? "LONG" : type === ConfigType.SHORT ? "SHORT" : "INT";
}
