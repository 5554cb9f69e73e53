/**
 * ListConfigResources, v0-1: what there are configs of: topics, the node, its loggers.
 *
 * Behaviour: of the types that are asked for, of all when none is; in v0, once ListClientMetricsResources, there is nothing
 * to list.
 * Not modelled: subscriptions of client metrics, configs of groups.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from "../../wire/messages/74_list_config_resources.ts";
import { defineApi } from "../api.ts";
import { NODE_ID } from "../node_id.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { ResourceType } from "./config_resources.ts";

/** From this version on a request says which types it is about. */
const TYPES_SINCE = 1;
const ALL_TYPES: ReadonlySet<number> = new Set(Object.values(ResourceType));

export const listConfigResources = defineApi(
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
  ({ resourceTypes }, { state, apiVersion }) => {
    const asked = apiVersion < TYPES_SINCE
      ? new Set<number>([ResourceType.CLIENT_METRICS])
      : resourceTypes.length === 0
      ? ALL_TYPES
      : new Set(resourceTypes);
    if ([...asked].some((type) => !ALL_TYPES.has(type))) {
      return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] };
    }
    const configResources = [...asked].flatMap((resourceType) =>
      namesOf(state, resourceType).map((resourceName) => ({ resourceName, resourceType }))
    );
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, configResources };
  },
);

function namesOf(state: BrokerState, resourceType: number): string[] {
  switch (resourceType) {
    case ResourceType.TOPIC:
      return [...state.topics.all()].map(({ name }) => name);
    case ResourceType.BROKER:
    case ResourceType.BROKER_LOGGER:
      return [String(NODE_ID)];
    default:
      return [];
  }
}
