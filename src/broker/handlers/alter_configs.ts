/**
 * What AlterConfigs and IncrementalAlterConfigs have in common: each resource is judged and changed on its own.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { findBrokerConfig } from "../broker_keys.ts";
import { NODE_ID } from "../node_id.ts";
import { ALL_NODES, type BrokerEntity, NODE } from "../state/broker_configs.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { type ConfigDefinition, ConfigType, invalidValue, splitList } from "../state/config_definition.ts";
import { Later } from "../state/later.ts";
import { StorageError } from "../state/storage.ts";
import { invalidTopicName } from "../state/topic.ts";
import { invalidConfigs } from "../state/topic_config.ts";
import { findTopicConfig } from "../state/topic_config_table.ts";
import { invalidRequest, isNodeId, isOurNode, ResourceType } from "./config_resources.ts";
import type { Refusal } from "./topic_rules.ts";

const log = logger("broker");

/** Kafka's AlterConfigOp. */
export const Operation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

/** One change of one config. */
export interface ConfigChange {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}

/** What is to be changed of a resource. */
export interface AlteredResource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly ConfigChange[];
}

/** How: whether what is not named stays, and whether anything is to be done at all. */
export interface AlterOptions {
  readonly isIncremental: boolean;
  readonly validateOnly: boolean;
}

/** The answer for a resource. */
export interface AlterResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
}

interface Answer {
  readonly throttleTimeMs: number;
  readonly responses: readonly AlterResult[];
}

type Values = ReadonlyMap<string, string>;

/** Changes the configs of resources. */
export function alterConfigs(
  state: BrokerState,
  resources: readonly AlteredResource[],
  options: AlterOptions,
): Answer | Later<Answer> {
  const keyOf = ({ resourceType, resourceName }: AlteredResource) => `${resourceType} ${resourceName}`;
  const counts = new Map<string, number>();
  for (const resource of resources) counts.set(keyOf(resource), (counts.get(keyOf(resource)) ?? 0) + 1);
  const responses = resources.map((resource): AlterResult => {
    const { resourceType, resourceName } = resource;
    const refusal = counts.get(keyOf(resource)) === 1
      ? alter(state, resource, options)
      : invalidRequest("Each resource must appear at most once.");
    return { errorCode: ErrorCode.NONE, errorMessage: null, ...refusal, resourceType, resourceName };
  });
  const refused = (errorMessage: string): Answer => ({
    throttleTimeMs: 0,
    responses: responses.map((response) =>
      response.errorCode === ErrorCode.NONE
        ? { ...response, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage }
        : response
    ),
  });
  return state.whenSafe<Answer>([state.topics, state.configs], { throttleTimeMs: 0, responses }, refused);
}

function alter(state: BrokerState, resource: AlteredResource, options: AlterOptions): Refusal | undefined {
  const { resourceType, resourceName, configs } = resource;
  if (new Set(configs.map(({ name }) => name)).size < configs.length) {
    return invalidRequest("Error due to duplicate config keys");
  }
  const nulls = configs.filter((one) => one.value === null && one.configOperation !== Operation.DELETE);
  if (nulls.length > 0) {
    return invalidRequest(`Null value not supported for : ${nulls.map(({ name }) => name).join(", ")}`);
  }
  try {
    switch (resourceType) {
      case ResourceType.TOPIC:
        return alterTopic(state, resource, options);
      case ResourceType.BROKER:
        return alterBroker(state, resource, options);
      case ResourceType.BROKER_LOGGER:
        if (!options.isIncremental) break;
        return refuseNode(resourceName) ?? unknownConfig(configs, (name) => `Logger ${name} does not exist!`);
      case ResourceType.CLIENT_METRICS:
        if (resourceName === "") return invalidRequest("Subscription name can't be empty");
        return invalidRequest("Client metrics are not served");
      case ResourceType.GROUP:
        if (resourceName === "") return invalidRequest("Default group resources are not allowed.");
        return unknownConfig(configs, (name) => `Unknown group config name: ${name}`);
    }
    return invalidRequest(`Unknown resource type ${resourceType}`);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const errorMessage = describeError(error);
    log.error(`Cannot change configs of '${resourceName}': ${errorMessage}`);
    return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage };
  }
}

function alterTopic(
  state: BrokerState,
  { resourceName, configs }: AlteredResource,
  { isIncremental, validateOnly }: AlterOptions,
): Refusal | undefined {
  if (resourceName === "") return invalidRequest("Default topic resources are not allowed.");
  const invalidName = invalidTopicName(resourceName);
  if (invalidName !== undefined) {
    return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: invalidName };
  }
  const topic = state.topics.get(resourceName);
  if (topic === undefined) {
    const errorMessage = `The topic '${resourceName}' does not exist.`;
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage };
  }
  const defaults = state.configs.topicDefaults;
  const values = changed(isIncremental ? topic.overrides : new Map(), configs, (name) => {
    const definition = findTopicConfig(name);
    return definition && { definition, inForce: defaults[name] ?? definition.defaultValue };
  });
  if (typeof values === "string") return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: values };
  const invalid = invalidConfigs(values, defaults);
  if (invalid !== undefined) return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: invalid };
  if (!validateOnly) state.topics.alter(topic, values);
  return undefined;
}

function alterBroker(
  state: BrokerState,
  { resourceName, configs }: AlteredResource,
  { isIncremental, validateOnly }: AlterOptions,
): Refusal | undefined {
  const entity: BrokerEntity = resourceName === ALL_NODES ? ALL_NODES : NODE;
  const refusal = entity === ALL_NODES ? undefined : refuseNode(resourceName);
  if (refusal !== undefined) return refusal;
  for (const { name } of configs) {
    if (findBrokerConfig(name) === undefined) return invalidRequest(`Unknown broker config name: ${name}`);
  }
  const fixed = configs.filter(({ name }) => findBrokerConfig(name)?.isDynamic === false);
  if (fixed.length > 0) {
    const names = fixed.map(({ name }) => name).join(", ");
    return invalidRequest(`Cannot update these configs dynamically: [${names}]`);
  }
  const values = changed(isIncremental ? state.configs.changed(entity) : new Map(), configs, (name) => {
    const definition = findBrokerConfig(name);
    return definition && { definition, inForce: state.configs.entries(definition)[0]?.value ?? "" };
  });
  if (typeof values === "string") return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: values };
  for (const [name, value] of values) {
    const definition = findBrokerConfig(name);
    const invalid = definition && invalidValue(definition, value);
    if (invalid !== undefined) return invalidRequest(invalid);
  }
  if (validateOnly) return undefined;
  state.configs.change(entity, values);
  state.topics.defaultsChanged();
  return undefined;
}

/** The values after the changes, or why they cannot be made. `find` tells a config and its value where none is set. */
function changed(
  values: Values,
  changes: readonly ConfigChange[],
  find: (name: string) => { definition: ConfigDefinition; inForce: string } | undefined,
): Values | string {
  const after = new Map(values);
  for (const { name, configOperation, value } of changes) {
    switch (configOperation) {
      case Operation.SET:
        after.set(name, value ?? "");
        break;
      case Operation.DELETE:
        after.delete(name);
        break;
      case Operation.APPEND:
      case Operation.SUBTRACT: {
        const found = find(name);
        const isAppend = configOperation === Operation.APPEND;
        if (found?.definition.type !== ConfigType.LIST) {
          return `Can't ${isAppend ? "APPEND" : "SUBTRACT"} to key ${name} because its type is not LIST.`;
        }
        const items = new Set(splitList(after.get(name) ?? found.inForce));
        for (const item of splitList(value ?? "")) {
          if (isAppend) items.add(item);
          else items.delete(item);
        }
        after.set(name, [...items].join(","));
        break;
      }
      default:
        return `Unknown operation ${configOperation} on key ${name}`;
    }
  }
  return after;
}

function refuseNode(name: string): Refusal | undefined {
  if (!isNodeId(name)) return invalidRequest(`Node id must be an integer, but it is: ${name}`);
  return isOurNode(name)
    ? undefined
    : invalidRequest(`Unexpected broker id, expected ${NODE_ID}, but received ${name}`);
}

function unknownConfig(configs: readonly ConfigChange[], say: (name: string) => string): Refusal | undefined {
  const [first] = configs;
  return first && { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: say(first.name) };
}
