/**
 * A topic that records are to be written to, and that is not known yet.
 *
 * @module
 */
import { describeError, isRetriable } from "../base/errors.ts";
import type { Client, TopicMetadata } from "./client.ts";
import { KafkaError } from "./errors.ts";
import { retrying } from "./retry.ts";

/** How long a topic may take to become known, as right after its creation. */
const UNKNOWN_TOPIC_TIMEOUT_MS = 2_000;

/**
 * An unknown topic is given a moment to appear, a cluster that is away as long as the record has.
 *
 * @param deadlineMs on the clock of `performance.now()`
 * @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION, REQUEST_TIMED_OUT and others
 * @throws the signal's reason
 */
export async function awaitTopic(
  client: Client,
  topic: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<TopicMetadata> {
  const giveUpUnknownAtMs = performance.now() + UNKNOWN_TOPIC_TIMEOUT_MS;
  try {
    return await retrying(async () => {
      try {
        return await client.topic(topic);
      } catch (error) {
        const isUnknown = error instanceof KafkaError && error.code === "UNKNOWN_TOPIC_OR_PARTITION";
        if (isUnknown && performance.now() > giveUpUnknownAtMs) throw unknownTopic(topic);
        throw error;
      }
    }, { withinMs: deadlineMs - performance.now(), signal });
  } catch (error) {
    if (!isRetriable(error)) throw error;
    throw new KafkaError(
      "REQUEST_TIMED_OUT",
      `Cannot produce to ${topic}: the delivery time has passed; ${describeError(error)}`,
      { retriable: true, cause: error },
    );
  }
}

function unknownTopic(topic: string): KafkaError {
  return new KafkaError(
    "UNKNOWN_TOPIC_OR_PARTITION",
    `Cannot produce to ${topic}: the topic does not exist`,
    {
      retriable: false,
    },
  );
}
