/**
 * One action of an admin.
 *
 * @module
 */
import type { Client } from "./client.ts";
import { retrying } from "./retry.ts";

/** How long an action is tried again while the cluster cannot answer. */
const ACTION_TIMEOUT_MS = 10_000;

/**
 * What `attempt` resolves with, tried again while the cluster cannot answer.
 *
 * @throws {KafkaError} as the cluster answers, or that the client was closed
 */
export function act<T>(client: Client, attempt: () => Promise<T>): Promise<T> {
  return retrying(attempt, { withinMs: ACTION_TIMEOUT_MS, signal: client.closed });
}
