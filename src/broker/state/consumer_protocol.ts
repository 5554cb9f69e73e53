/**
 * What a member of the protocol type "consumer" is subscribed to, as the clients write it (ConsumerProtocolSubscription).
 *
 * @module
 */
import { WireError } from "../../base/errors.ts";
import { Reader } from "../../wire/reader.ts";

/** The protocol type of Kafka's consumers. */
export const CONSUMER = "consumer";

/** A topic's name takes at least its length. */
const MIN_TOPIC_BYTES = 2;

/** The topics of a subscription, undefined when it cannot be read: all versions begin alike. */
export function subscribedTopics(metadata: Uint8Array): string[] | undefined {
  const reader = new Reader(metadata);
  try {
    reader.int16();
    const count = reader.arrayCount(MIN_TOPIC_BYTES);
    return Array.from({ length: Math.max(count, 0) }, () => reader.string());
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}
