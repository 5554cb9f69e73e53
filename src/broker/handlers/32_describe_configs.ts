/**
 * DescribeConfigs, v1-4: the configs of topics and of the broker.
 *
 * Behaviour: a config's value in force, where it comes from, and its synonyms: what would be in force else. Of the node,
 * those of Kafka's broker configs that have a meaning here; of the node "", what was set at run time for all nodes.
 * Not modelled: levels of loggers, subscriptions of client metrics, configs of groups (none is told).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { DescribeConfigsRequest, DescribeConfigsResponse } from "../../wire/messages/32_describe_configs.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { NODE_ID } from "../node_id.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { invalidTopicName } from "../state/topic.ts";
import { brokerConfigs, clusterConfigs, type ConfigAnswer, topicConfigs } from "./config_answers.ts";
import { invalidRequest, isNodeId, isOurNode, ResourceType } from "./config_resources.ts";
import type { Refusal } from "./topic_rules.ts";

type Request = Infer<typeof DescribeConfigsRequest>;
type Resource = Request["resources"][number];
type Result = Input<typeof DescribeConfigsResponse>["results"][number];

export const describeConfigs = defineApi(
  DescribeConfigsRequest,
  DescribeConfigsResponse,
  (request, { state }) => {
    let room = state.limits.maxConfigsPerAnswer;
    const results = request.resources.map((resource) => {
      const result = room > 0 ? describe(state, resource, request) : noRoom(resource);
      room -= result.configs.length;
      return result;
    });
    return { throttleTimeMs: 0, results };
  },
);

function describe(state: BrokerState, resource: Resource, request: Request): Result {
  const { resourceType, resourceName, configurationKeys } = resource;
  const found = configsOf(state, resource);
  if ("errorCode" in found) return { ...found, resourceType, resourceName, configs: [] };
  const isWanted = ({ name }: ConfigAnswer) =>
    configurationKeys === null || configurationKeys.length === 0 || configurationKeys.includes(name);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: "",
    resourceType,
    resourceName,
    configs: found.filter(isWanted).map(({ synonyms, documentation, ...config }) => ({
      ...config,
      synonyms: request.includeSynonyms ? synonyms : [],
      documentation: request.includeDocumentation ? documentation : null,
    })),
  };
}

/** So that a small request cannot ask for the same configs a million times. */
function noRoom({ resourceType, resourceName }: Resource): Result {
  const errorMessage = "There are too many configs for one answer.";
  return { errorCode: ErrorCode.POLICY_VIOLATION, errorMessage, resourceType, resourceName, configs: [] };
}

function configsOf(
  state: BrokerState,
  { resourceType, resourceName: name }: Resource,
): ConfigAnswer[] | Refusal {
  switch (resourceType) {
    case ResourceType.TOPIC: {
      const invalidName = invalidTopicName(name);
      if (invalidName !== undefined) {
        return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: invalidName };
      }
      const topic = state.topics.get(name);
      if (topic === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: "" };
      return topicConfigs(state, topic.overrides);
    }
    case ResourceType.BROKER:
      if (name === "") return clusterConfigs(state);
      return refuseNode(name, `${NODE_ID} or empty string`) ?? brokerConfigs(state);
    case ResourceType.BROKER_LOGGER:
      return refuseNode(name, `${NODE_ID}`) ?? [];
    case ResourceType.CLIENT_METRICS:
      return name === "" ? invalidRequest("Client metrics subscription name must not be empty") : [];
    case ResourceType.GROUP:
      return name === "" ? invalidRequest("Group name must not be empty") : [];
    default:
      return invalidRequest(`Unsupported resource type: ${resourceType}`);
  }
}

function refuseNode(name: string, expected: string): Refusal | undefined {
  if (!isNodeId(name)) return invalidRequest(`Broker id must be an integer, but it is: ${name}`);
  return isOurNode(name)
    ? undefined
    : invalidRequest(`Unexpected broker id, expected ${expected}, but received ${name}`);
}
