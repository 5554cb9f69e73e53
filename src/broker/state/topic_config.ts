/**
 * A topic's configs as they are set for it. What the broker acts on is in {@linkcode TopicConfig}; the others are kept
 * and told, as Kafka's tools set them without a second thought.
 *
 * @module
 */
import { invalidValue, splitList } from "./config_definition.ts";
import { findTopicConfig, type TopicConfigDefinition } from "./topic_config_table.ts";

/** Why a value is no value of a config, undefined when it is. Kafka's words. */
export function invalidConfig(name: string, value: string | null): string | undefined {
  const definition = findTopicConfig(name);
  if (definition === undefined) return `Unknown topic config name: ${name}`;
  if (value === null) return `Null value not supported for topic configs: ${name}`;
  return invalidValue(definition, value);
}

/** Why configs do not go together, or one of them is none; undefined when all is well. */
export function invalidConfigs(
  configs: ReadonlyMap<string, string | null>,
  defaults: ConfigDefaults,
): string | undefined {
  for (const [name, value] of configs) {
    const reason = invalidConfig(name, value);
    if (reason !== undefined) return reason;
  }
  const valueOf = (name: string) =>
    configs.get(name) ?? defaults[name] ?? findTopicConfig(name)?.defaultValue ?? "";
  if (valueOf("remote.storage.enable").toLowerCase() === "true") {
    return "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.";
  }
  const [min, max] = [valueOf("min.compaction.lag.ms"), valueOf("max.compaction.lag.ms")];
  if (BigInt(min.trim()) <= BigInt(max.trim())) return undefined;
  return `conflict topic config setting min.compaction.lag.ms (${min}) > max.compaction.lag.ms (${max})`;
}

/** What the broker acts on, parsed. Numbers are bytes and milliseconds; -1 is "no bound". */
export interface TopicConfig {
  readonly cleanupDelete: boolean;
  readonly cleanupCompact: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly deleteRetentionMs: number;
  readonly maxMessageBytes: number;
  readonly logAppendTime: boolean;
  /** How far a producer's timestamp may be behind the broker's clock. */
  readonly timestampBeforeMaxMs: number;
  /** How far a producer's timestamp may be ahead of the broker's clock. */
  readonly timestampAfterMaxMs: number;
}

/** Defaults of a broker, by the topic config's name, where they are not Kafka's. */
export type ConfigDefaults = Readonly<Record<string, string>>;

/** The value in force of a config. */
export function configValue(
  definition: TopicConfigDefinition,
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
    const definition = findTopicConfig(name);
    return definition === undefined ? "" : configValue(definition, overrides, defaults).trim();
  };
  const policies = splitList(value("cleanup.policy"));
  return {
    cleanupDelete: policies.includes("delete"),
    cleanupCompact: policies.includes("compact"),
    retentionMs: Number(value("retention.ms")),
    retentionBytes: Number(value("retention.bytes")),
    segmentBytes: Number(value("internal.segment.bytes") || value("segment.bytes")),
    segmentMs: Number(value("segment.ms")),
    minCleanableDirtyRatio: Number(value("min.cleanable.dirty.ratio")),
    minCompactionLagMs: Number(value("min.compaction.lag.ms")),
    maxCompactionLagMs: Number(value("max.compaction.lag.ms")),
    deleteRetentionMs: Number(value("delete.retention.ms")),
    maxMessageBytes: Number(value("max.message.bytes")),
    logAppendTime: value("message.timestamp.type") === "LogAppendTime",
    timestampBeforeMaxMs: Number(value("message.timestamp.before.max.ms")),
    timestampAfterMaxMs: Number(value("message.timestamp.after.max.ms")),
  };
}
