/**
 * Settings for tests, and how they wait.
 *
 * @module
 */
import type { KafkaSettings } from "../../src/kafka/settings.ts";

/** Plain text, at these servers. */
export function plainSettings(...bootstrapServers: string[]): KafkaSettings {
  return { bootstrapServers, clientId: "test", securityProtocol: "PLAINTEXT" };
}

/** Resolves when `isTrue` is. @throws {Error} after `withinMs` */
export async function until(isTrue: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!await isTrue()) {
    if (performance.now() > deadlineMs) {
      throw new Error(`It did not become true within ${withinMs} ms: ${isTrue}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
