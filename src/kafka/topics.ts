/**
 * Topics: making, deleting and describing them, and how far their logs go.
 *
 * @module
 */
import { act } from "./admin_action.ts";
import type { Client } from "./client.ts";
import { KafkaError } from "./errors.ts";
import { resolveOffsets, type StartPosition } from "./list_offsets.ts";

/** How long the cluster may take to create or delete a topic. */
const TOPIC_TIMEOUT_MS = 5_000;

/** A topic to create. */
export interface NewTopic {
  readonly topic: string;
  /** @default {1} */
  readonly numPartitions?: number;
  /** @default {-1}: the cluster's default */
  readonly replicationFactor?: number;
  /** Such as `{ "cleanup.policy": "compact" }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A topic and its partitions. */
export interface TopicDescription {
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitions: readonly {
    readonly partition: number;
    /** -1 while there is none. */
    readonly leader: number;
    readonly replicas: readonly number[];
    readonly isr: readonly number[];
  }[];
}

/** Both ends of a partition's log. */
export interface PartitionOffsets {
  readonly partition: number;
  /** The first record's offset. */
  readonly earliest: bigint;
  /** The offset that the next record will have. */
  readonly latest: bigint;
}

// In KRaft every broker passes what is to be created or deleted on to the controller.

/** @returns whether the topic is new */
export function createTopic(client: Client, { topic, ...wanted }: NewTopic): Promise<boolean> {
  const { numPartitions = 1, replicationFactor = -1, config = {} } = wanted;
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  const having = configEntries.map(({ name, value }) => `${name}=${value}`).join(", ");
  const action = `Cannot create topic '${topic}'${having === "" ? "" : ` with ${having}`}`;
  return act(client, async () => {
    const link = await client.any();
    try {
      await link.call(action, (broker) =>
        broker.createTopics({
          topics: [{ topic, numPartitions, replicationFactor, configEntries }],
          timeout: TOPIC_TIMEOUT_MS,
        }));
      return true;
    } catch (error) {
      if (error instanceof KafkaError && error.code === "TOPIC_ALREADY_EXISTS") return false;
      throw error;
    }
  });
}

/** Resolves when each partition of the topic has a leader. */
export function awaitLeaders(client: Client, topic: string): Promise<void> {
  return act(client, async () => {
    const { leaders } = await client.topic(topic, { fresh: true });
    if (leaders.includes(-1)) {
      throw new KafkaError("LEADER_NOT_AVAILABLE", `Topic '${topic}' has no leader yet`, { retriable: true });
    }
  });
}

/** One that does not exist is as good as deleted. */
export function deleteTopic(client: Client, topic: string): Promise<void> {
  return act(client, async () => {
    try {
      const link = await client.any();
      await link.call(
        `Cannot delete topic '${topic}'`,
        (broker) => broker.deleteTopics({ topics: [topic], timeout: TOPIC_TIMEOUT_MS }),
      );
    } catch (error) {
      if (!(error instanceof KafkaError && error.code === "UNKNOWN_TOPIC_OR_PARTITION")) throw error;
    } finally {
      client.forget(topic);
    }
  });
}

/** All topics, or those named, sorted by name. @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION */
export async function describeTopics(client: Client, names?: readonly string[]): Promise<TopicDescription[]> {
  const { topics } = await act(client, () => client.metadata(names ?? "all"));
  const known = new Map(
    topics.filter(({ errorCode }) => errorCode === 0).map(({ topic, isInternal, partitions }) => [
      topic,
      { topic, isInternal: isInternal || topic.startsWith("__"), partitions },
    ]),
  );
  const wanted = names ?? [...known.keys()];
  return [...wanted].sort().map((topic) => {
    const description = known.get(topic);
    if (description !== undefined) return description;
    throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `Topic '${topic}' does not exist`, {
      retriable: false,
    });
  });
}

/** Both ends of each partition's log. @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION and others */
export async function topicOffsets(client: Client, topic: string): Promise<PartitionOffsets[]> {
  const [earliest, latest] = await Promise.all([
    offsetsAt(client, topic, "earliest"),
    offsetsAt(client, topic, "latest"),
  ]);
  return [...latest].map(([partition, end]) => ({
    partition,
    earliest: earliest.get(partition) ?? 0n,
    latest: end,
  })).sort((a, b) => a.partition - b.partition);
}

/** By partition. */
function offsetsAt(client: Client, topic: string, at: StartPosition): Promise<Map<number, bigint>> {
  return act(client, async () => {
    const { leaders } = await client.topic(topic);
    return await resolveOffsets(client, topic, leaders.map((_, partition) => partition), at);
  });
}
