/**
 * DescribeConfigs, v1-4: the configs of topics and of the broker.
 *
 * Behaviour: a topic's configs with their sources; of the broker those that have a meaning here.
 * Not modelled: broker loggers, client metrics, groups.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { DescribeConfigsRequest, DescribeConfigsResponse } from "../../wire/messages/32_describe_configs.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { type BrokerState, NODE_ID } from "../state/broker_state.ts";
import { ConfigType, configValue, TOPIC_CONFIGS } from "../state/topic_config.ts";
import { ConfigSource, configSource } from "./config_source.ts";

type Request = Infer<typeof DescribeConfigsRequest>;
type Resource = Request["resources"][number];
type Result = Input<typeof DescribeConfigsResponse>["results"][number];
type Config = Result["configs"][number];

const TOPIC = 2;
const BROKER = 4;

export const describeConfigs = defineApi(
  DescribeConfigsRequest,
  DescribeConfigsResponse,
  (request, { state }) => ({
    throttleTimeMs: 0,
    results: request.resources.map((resource) => describe(state, resource, request)),
  }),
);

function describe(state: BrokerState, resource: Resource, request: Request): Result {
  const { resourceType, resourceName, configurationKeys } = resource;
  const answer = (errorCode: number, errorMessage: string | null, configs: Config[]): Result => ({
    errorCode,
    errorMessage,
    resourceType,
    resourceName,
    configs: configs.filter(({ name }) => configurationKeys?.includes(name) ?? true),
  });
  switch (resourceType) {
    case TOPIC: {
      const configs = topicConfigs(state, resourceName, request);
      return configs === undefined
        ? answer(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null, [])
        : answer(ErrorCode.NONE, null, configs);
    }
    case BROKER:
      if (resourceName === "" || resourceName === `${NODE_ID}`) {
        return answer(ErrorCode.NONE, null, brokerConfigs(state));
      }
      return answer(
        ErrorCode.INVALID_REQUEST,
        `Unexpected broker id, expected ${NODE_ID}, but received ${resourceName}`,
        [],
      );
    default:
      return answer(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resourceType}`, []);
  }
}

function topicConfigs(state: BrokerState, name: string, request: Request): Config[] | undefined {
  const topic = state.topics.get(name);
  if (topic === undefined) return undefined;
  const defaults = state.config.topicDefaults;
  return TOPIC_CONFIGS.map((definition): Config => {
    const source = configSource(definition, topic.overrides, defaults);
    const value = configValue(definition, topic.overrides, defaults);
    const synonyms = [{ name: definition.name, value, source }];
    if (source !== ConfigSource.DEFAULT) {
      synonyms.push({ name: definition.name, value: definition.defaultValue, source: ConfigSource.DEFAULT });
    }
    return {
      name: definition.name,
      value,
      readOnly: false,
      configSource: source,
      isSensitive: false,
      synonyms: request.includeSynonyms ? synonyms : [],
      configType: definition.type,
      documentation: request.includeDocumentation ? definition.documentation : null,
    };
  });
}

function brokerConfigs({ config, limits }: BrokerState): Config[] {
  const rows: [name: string, value: unknown, configType: number][] = [
    ["auto.create.topics.enable", config.autoCreateTopics, ConfigType.BOOLEAN],
    ["default.replication.factor", 1, ConfigType.INT],
    ["fetch.max.bytes", limits.maxFetchBytes, ConfigType.INT],
    ["group.initial.rebalance.delay.ms", config.groupInitialRebalanceDelayMs, ConfigType.INT],
    ["group.max.session.timeout.ms", config.groupMaxSessionTimeoutMs, ConfigType.INT],
    ["group.min.session.timeout.ms", config.groupMinSessionTimeoutMs, ConfigType.INT],
    ["log.retention.check.interval.ms", config.retentionCheckIntervalMs, ConfigType.LONG],
    ["node.id", NODE_ID, ConfigType.INT],
    ["num.partitions", config.defaultPartitions, ConfigType.INT],
    ["offset.metadata.max.bytes", limits.maxOffsetMetadataBytes, ConfigType.INT],
    ["socket.request.max.bytes", limits.maxFrameBytes, ConfigType.INT],
  ];
  return rows.map(([name, value, configType]) => ({
    name,
    value: String(value),
    readOnly: true,
    configSource: ConfigSource.STATIC_BROKER,
    isSensitive: false,
    synonyms: [],
    configType,
    documentation: null,
  }));
}
