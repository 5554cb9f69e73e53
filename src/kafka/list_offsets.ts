/**
 * Offsets by place or time (ListOffsets).
 *
 * @module
 */
import type { Client } from "./client.ts";
import { KafkaError } from "./errors.ts";

/** ListOffsets' special timestamps. */
const LATEST = -1;
const EARLIEST = -2;

/** Where to begin: an end of the log, an offset, or the first record at or after a time. */
export type StartPosition = "earliest" | "latest" | bigint | Date;

/**
 * The offsets of partitions of a topic at `from`. A time after the last record is the end of the log.
 *
 * @throws {KafkaError} as the brokers answer
 */
export async function resolveOffsets(
  client: Client,
  topic: string,
  partitions: readonly number[],
  from: StartPosition,
): Promise<Map<number, bigint>> {
  if (typeof from === "bigint") return new Map(partitions.map((partition) => [partition, from]));
  const timestamp = from === "earliest" ? EARLIEST : from === "latest" ? LATEST : from.getTime();
  const offsets = await listOffsets(client, topic, partitions, timestamp);
  const afterLast = [...offsets].filter(([, offset]) => offset < 0n).map(([partition]) => partition);
  if (afterLast.length > 0) {
    for (const [partition, offset] of await listOffsets(client, topic, afterLast, LATEST)) {
      offsets.set(partition, offset);
    }
  }
  return offsets;
}

async function listOffsets(
  client: Client,
  topic: string,
  partitions: readonly number[],
  timestamp: number,
): Promise<Map<number, bigint>> {
  const action = `Cannot read the offsets of topic '${topic}'`;
  await client.topic(topic);
  const byLeader = Map.groupBy(partitions, (partition) => client.leaderOf(topic, partition));
  const offsets = new Map<number, bigint>();
  await Promise.all([...byLeader].map(async ([leader, led]) => {
    if (leader === undefined) {
      client.forget(topic);
      throw new KafkaError("LEADER_NOT_AVAILABLE", `${action}: partition ${led.join(", ")} has no leader`, {
        retriable: true,
      });
    }
    try {
      const link = await client.link(leader);
      const { responses } = await link.call(action, (broker) =>
        broker.listOffsets({
          replicaId: -1,
          isolationLevel: 1,
          topics: [{ topic, partitions: led.map((partition) => ({ partition, timestamp })) }],
        }));
      for (const response of responses) {
        for (const { partition, offset } of response.partitions) offsets.set(partition, BigInt(offset));
      }
    } catch (error) {
      client.forget(topic);
      throw error;
    }
  }));
  return offsets;
}
