/**
 * Configs as DescribeConfigs and CreateTopics tell them: the value in force, where it comes from, and what it would be
 * else.
 *
 * @module
 */
import { BROKER_CONFIGS, findBrokerConfig } from "../broker_keys.ts";
import { ALL_NODES, type ConfigEntry, ConfigSource } from "../state/broker_configs.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { configValue } from "../state/topic_config.ts";
import { findTopicConfig, TOPIC_CONFIGS } from "../state/topic_config_table.ts";

/** What is told of a config. */
export interface ConfigAnswer {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: ConfigSource;
  readonly isSensitive: boolean;
  readonly synonyms: readonly ConfigEntry[];
  readonly configType: number;
  readonly documentation: string;
}

/** All configs of a topic, by name; after them those that are only told where they are set. */
export function topicConfigs(state: BrokerState, overrides: ReadonlyMap<string, string>): ConfigAnswer[] {
  const hidden = [...overrides.keys()].map(findTopicConfig)
    .filter((definition) => definition !== undefined)
    .filter((definition) => !TOPIC_CONFIGS.includes(definition));
  return [...TOPIC_CONFIGS, ...hidden].map((definition): ConfigAnswer => {
    const { name, type, documentation } = definition;
    const own = overrides.get(name);
    const synonyms: ConfigEntry[] = [
      ...(own === undefined ? [] : [{ name, value: own, source: ConfigSource.TOPIC }]),
      ...state.configs.defaultsOf(definition),
    ];
    return {
      name,
      value: configValue(definition, overrides, state.configs.topicDefaults),
      readOnly: false,
      configSource: synonyms[0]?.source ?? ConfigSource.DEFAULT,
      isSensitive: false,
      synonyms,
      configType: type,
      documentation,
    };
  });
}

/** All configs of the node, by name. */
export function brokerConfigs({ configs }: BrokerState): ConfigAnswer[] {
  return BROKER_CONFIGS.map((definition): ConfigAnswer => {
    const synonyms = configs.entries(definition);
    return {
      name: definition.name,
      value: synonyms[0]?.value ?? null,
      readOnly: !definition.isDynamic,
      configSource: synonyms[0]?.source ?? ConfigSource.DEFAULT,
      isSensitive: false,
      synonyms,
      configType: definition.type,
      documentation: definition.documentation,
    };
  });
}

/** The configs that were set at run time for all nodes. */
export function clusterConfigs({ configs }: BrokerState): ConfigAnswer[] {
  return [...configs.changed(ALL_NODES)].map(([name, value]): ConfigAnswer => {
    const definition = findBrokerConfig(name);
    return {
      name,
      value,
      readOnly: false,
      configSource: ConfigSource.DYNAMIC_DEFAULT_BROKER,
      isSensitive: false,
      synonyms: [{ name, value, source: ConfigSource.DYNAMIC_DEFAULT_BROKER }],
      configType: definition?.type ?? 0,
      documentation: definition?.documentation ?? "",
    };
  });
}
