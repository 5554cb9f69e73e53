/**
 * What configs are of, in the numbers of DescribeConfigs, AlterConfigs and IncrementalAlterConfigs.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { NODE_ID } from "../node_id.ts";
import type { Refusal } from "./topic_rules.ts";

/** Kafka's ConfigResource types. */
export const ResourceType = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const;

export function invalidRequest(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

/** Whether a resource's name is a number, as Kafka reads one. */
export function isNodeId(name: string): boolean {
  return /^[+-]?\d+$/.test(name);
}

export function isOurNode(name: string): boolean {
  return isNodeId(name) && Number(name) === NODE_ID;
}
