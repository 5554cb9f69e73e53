/**
 * Kafka's own broker configs, where the embedded broker has that knob: one table, from which DescribeConfigs answers,
 * `--set key=value` is read, and what may change at run time is known. Those of topics' defaults (`log.retention.ms`)
 * follow from the topics' own table.
 *
 * @module
 */
import { type BrokerConfig, DEFAULT_CONFIG } from "./config.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { NODE_ID } from "./node_id.ts";
import { type ConfigDefinition, ConfigType, invalidValue } from "./state/config_definition.ts";
import { TOPIC_CONFIGS } from "./state/topic_config_table.ts";

/** Where a setting is kept. */
export interface Settings {
  readonly config: BrokerConfig;
  readonly limits: Limits;
}

/** Settings that were given, and no others. */
export interface GivenSettings {
  readonly config: Partial<BrokerConfig>;
  readonly limits: Partial<Limits>;
}

/** Where the value of a broker config goes to and comes from. */
interface Setting {
  read(settings: Settings): string;
  /** Undefined for what is a fact, not a choice. */
  readonly write?: (value: string) => Partial<GivenSettings>;
}

/** A broker's config. */
export interface BrokerConfigDefinition extends ConfigDefinition {
  /** Whether it may change at run time. */
  readonly isDynamic: boolean;
  /** Undefined for a default of topics, which is kept as text. */
  readonly setting?: Setting;
}

type NumberOf<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

const { BOOLEAN, INT, LONG } = ConfigType;
const MINUTE_MS = 60_000;
const DEFAULTS: Settings = { config: DEFAULT_CONFIG, limits: DEFAULT_LIMITS };

/** A number of the config; `factor` is what one of it is in our unit. */
function config(field: NumberOf<BrokerConfig>, factor = 1): Setting {
  return {
    read: ({ config }) => String(Math.ceil(config[field] / factor)),
    write: (value) => ({ config: { [field]: Number(value) * factor } }),
  };
}

function limit(field: NumberOf<Limits>): Setting {
  return {
    read: ({ limits }) => String(limits[field]),
    write: (value) => ({ limits: { [field]: Number(value) } }),
  };
}

function flag(field: "autoCreateTopics" | "deleteTopics"): Setting {
  return {
    read: ({ config }) => String(config[field]),
    write: (value) => ({ config: { [field]: value.trim().toLowerCase() === "true" } }),
  };
}

function fact(value: number): Setting {
  return { read: () => String(value) };
}

/** A row of the table: its default is the setting's own. */
function row(
  name: string,
  type: ConfigType,
  setting: Setting,
  options: { min?: bigint; isDynamic?: boolean; documentation: string },
): BrokerConfigDefinition {
  const { isDynamic = false, ...rest } = options;
  return { name, type, setting, defaultValue: setting.read(DEFAULTS), isDynamic, ...rest };
}

const SETTINGS: readonly BrokerConfigDefinition[] = [
  row("auto.create.topics.enable", BOOLEAN, flag("autoCreateTopics"), {
    documentation: "Whether naming a topic in Metadata makes it.",
  }),
  row("broker.id", INT, fact(NODE_ID), { documentation: "The one node's id." }),
  row("connection.failed.authentication.delay.ms", INT, limit("failedAuthenticationDelayMs"), {
    min: 0n,
    documentation: "How long a failed authentication waits for its answer.",
  }),
  row("connections.max.idle.ms", LONG, limit("connectionIdleMs"), {
    min: 1n,
    documentation: "A connection that sent nothing for so long is closed.",
  }),
  row("connections.max.reauth.ms", LONG, config("connectionsMaxReauthMs"), {
    min: 0n,
    documentation: "How long an authentication by SASL holds; 0 for ever.",
  }),
  row("default.replication.factor", INT, fact(1), { documentation: "There is one replica." }),
  row("delete.topic.enable", BOOLEAN, flag("deleteTopics"), {
    documentation: "Whether topics may be deleted.",
  }),
  row("fetch.max.bytes", INT, limit("maxFetchBytes"), {
    min: 1024n,
    documentation: "The most that one fetch answers, whatever it asks for.",
  }),
  row("group.initial.rebalance.delay.ms", INT, config("groupInitialRebalanceDelayMs"), {
    min: 0n,
    documentation: "How long a group that was empty waits for more members.",
  }),
  row("group.max.session.timeout.ms", INT, config("groupMaxSessionTimeoutMs"), {
    min: 1n,
    documentation: "The longest session that a member may ask for.",
  }),
  row("group.max.size", INT, limit("maxMembersPerGroup"), {
    min: 1n,
    documentation: "The most members of a group.",
  }),
  row("group.min.session.timeout.ms", INT, config("groupMinSessionTimeoutMs"), {
    min: 1n,
    documentation: "The shortest session that a member may ask for.",
  }),
  row("log.cleaner.backoff.ms", LONG, config("cleanerBackoffMs"), {
    min: 0n,
    documentation: "How long compaction rests between two rounds over the topics.",
  }),
  row("log.retention.check.interval.ms", LONG, config("retentionCheckIntervalMs"), {
    min: 1n,
    documentation: "How often retention looks for what it may delete.",
  }),
  row("max.connections", INT, limit("maxConnections"), {
    min: 0n,
    isDynamic: true,
    documentation: "Connections at one time; one more is closed at once.",
  }),
  row("max.connections.per.ip", INT, limit("maxConnectionsPerIp"), {
    min: 0n,
    isDynamic: true,
    documentation: "Connections of one address; one more is closed at once.",
  }),
  row("max.incremental.fetch.session.cache.slots", INT, limit("maxFetchSessions"), {
    min: 0n,
    documentation: "Fetch sessions at one time.",
  }),
  row("max.request.partition.size.limit", INT, limit("maxPartitionsPerAnswer"), {
    min: 1n,
    documentation: "The most partitions in one answer to DescribeTopicPartitions.",
  }),
  row("node.id", INT, fact(NODE_ID), { documentation: "The one node's id." }),
  row("num.partitions", INT, config("defaultPartitions"), {
    min: 1n,
    documentation: "Partitions of a topic when none are asked for.",
  }),
  row("offset.metadata.max.bytes", INT, limit("maxOffsetMetadataBytes"), {
    min: 0n,
    documentation: "The largest metadata of a committed offset.",
  }),
  row("offsets.retention.check.interval.ms", LONG, config("offsetsRetentionCheckIntervalMs"), {
    min: 1n,
    documentation: "How often committed offsets are looked at that may have expired.",
  }),
  row("offsets.retention.minutes", INT, config("offsetsRetentionMs", MINUTE_MS), {
    min: 1n,
    documentation: "How long the offsets of a group are kept that nobody is in.",
  }),
  row("producer.id.expiration.ms", INT, config("producerIdExpirationMs"), {
    min: 1n,
    documentation: "How long a producer is remembered that writes nothing.",
  }),
  row("sasl.server.max.receive.size", INT, limit("maxUnauthenticatedFrameBytes"), {
    min: 1n,
    documentation: "The largest request of a client that has not authenticated itself.",
  }),
  row("socket.request.max.bytes", INT, limit("maxFrameBytes"), {
    min: 1n,
    documentation: "The largest request taken; more closes the connection.",
  }),
  row("transaction.max.timeout.ms", INT, config("transactionMaxTimeoutMs"), {
    min: 1n,
    documentation: "The longest time-out that a transaction may ask for.",
  }),
  row(
    "transaction.remove.expired.transaction.cleanup.interval.ms",
    INT,
    config("transactionalIdCleanupIntervalMs"),
    { min: 1n, documentation: "How often transactional ids are looked at that may have expired." },
  ),
  row("transactional.id.expiration.ms", INT, config("transactionalIdExpirationMs"), {
    min: 1n,
    documentation: "How long a transactional id is remembered that nobody uses.",
  }),
];

/** The defaults of topics: the last of several keys has Kafka's default, the first may change at run time. */
const TOPIC_DEFAULTS: readonly BrokerConfigDefinition[] = TOPIC_CONFIGS.flatMap((topic) =>
  topic.brokerKeys.map(({ name, factor }, i): BrokerConfigDefinition => {
    const { type, defaultValue, oneOf, refuse, min, max, documentation } = topic;
    const isLast = i === topic.brokerKeys.length - 1;
    return {
      name,
      type: factor === undefined ? type : INT,
      defaultValue: isLast ? factor === undefined ? defaultValue : `${Number(defaultValue) / factor}` : null,
      isDynamic: i === 0,
      ...(factor === undefined && min !== undefined && { min }),
      ...(factor === undefined && max !== undefined && { max }),
      ...(oneOf !== undefined && { oneOf }),
      ...(refuse !== undefined && { refuse }),
      documentation: `The default of topics' ${topic.name}. ${documentation}`,
    };
  })
);

/** All broker configs, by name. */
export const BROKER_CONFIGS: readonly BrokerConfigDefinition[] = [...SETTINGS, ...TOPIC_DEFAULTS]
  .sort((a, b) => a.name < b.name ? -1 : 1);

const BY_NAME = new Map(BROKER_CONFIGS.map((definition) => [definition.name, definition]));

/** A broker config's definition. */
export function findBrokerConfig(name: string): BrokerConfigDefinition | undefined {
  return BY_NAME.get(name);
}

/**
 * Reads `key=value` pairs by Kafka's names, the last of a key counting.
 *
 * @throws {RangeError} with a line for every pair that is none
 */
export function parseBrokerConfig(pairs: Iterable<readonly [key: string, value: string]>): GivenSettings {
  const faults: string[] = [];
  let config: Partial<BrokerConfig> = {};
  let limits: Partial<Limits> = {};
  const topicDefaults: Record<string, string> = {};
  for (const [key, value] of new Map(pairs)) {
    const fault = refusePair(key, value);
    const definition = BY_NAME.get(key);
    if (fault !== undefined || definition === undefined) {
      faults.push(`Cannot set '${key}': ${fault}`);
      continue;
    }
    const given = definition.setting?.write?.(value);
    config = { ...config, ...given?.config };
    limits = { ...limits, ...given?.limits };
    if (definition.setting === undefined) topicDefaults[key] = value;
  }
  const { groupMinSessionTimeoutMs: minMs, groupMaxSessionTimeoutMs: maxMs } = {
    ...DEFAULT_CONFIG,
    ...config,
  };
  if (minMs > maxMs) {
    faults.push(
      `Cannot set 'group.min.session.timeout.ms': it is above group.max.session.timeout.ms: ${minMs} > ${maxMs}`,
    );
  }
  if (faults.length > 0) throw new RangeError(faults.join("\n"));
  return { config: { ...config, topicDefaults }, limits };
}

function refusePair(key: string, value: string): string | undefined {
  const definition = BY_NAME.get(key);
  if (definition === undefined) return "no broker config of Kafka's that the embedded broker has";
  if (definition.setting !== undefined && definition.setting.write === undefined) {
    return `it is ${definition.defaultValue} and cannot be another`;
  }
  return invalidValue(definition, value);
}
