/**
 * Looks after topics and groups.
 *
 * @module
 */
import { Client } from "./client.ts";
import { type Assignment, decodeAssignment } from "./assignment.ts";
import { KafkaError, toKafkaError } from "./errors.ts";
import { resolveOffsets, type StartPosition } from "./list_offsets.ts";
import { retrying } from "./retry.ts";
import type { KafkaSettings } from "./settings.ts";

/** How long an action is tried again while the cluster cannot answer. */
const ACTION_TIMEOUT_MS = 10_000;
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

/** A group and its members. */
export interface GroupState {
  readonly groupId: string;
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
    readonly assignment: Assignment;
  }[];
}

/** How far a group is behind in a partition. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** The committed offset; undefined where nothing is committed. */
  readonly committed: bigint | undefined;
  readonly latest: bigint;
  /** Records not yet committed: from the earliest on where nothing is committed. */
  readonly lag: bigint;
}

/** The cluster and its brokers. */
export interface ClusterDescription {
  readonly clusterId: string | undefined;
  readonly controllerId: number;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
}

/** See the module. */
export class Admin implements AsyncDisposable {
  readonly #client: Client;
  readonly #ownsClient: boolean;

  private constructor(client: Client, ownsClient: boolean) {
    this.#client = client;
    this.#ownsClient = ownsClient;
  }

  /** @throws {KafkaError} why the cluster cannot be used */
  static async connect(settings: KafkaSettings): Promise<Admin> {
    return new Admin(await Client.connect(settings), true);
  }

  /** An admin on a client that others use too; `close` leaves the client open. */
  static on(client: Client): Admin {
    return new Admin(client, false);
  }

  /**
   * Creates topics, and waits until each has a leader everywhere. A topic that exists is left as it is.
   *
   * @returns the names of those that were created
   * @throws {KafkaError} INVALID_TOPIC_EXCEPTION, INVALID_REPLICATION_FACTOR, TOPIC_AUTHORIZATION_FAILED and others
   */
  async createTopics(topics: readonly NewTopic[]): Promise<string[]> {
    const created = await Promise.all(topics.map((topic) => this.#retry(() => this.#createTopic(topic))));
    await Promise.all(topics.map(({ topic }) => this.#retry(() => this.#awaitLeaders(topic))));
    return topics.filter((_, i) => created[i] === true).map(({ topic }) => topic);
  }

  /** Deletes topics. One that does not exist is as good as deleted. @throws {KafkaError} as the cluster answers */
  async deleteTopics(topics: readonly string[]): Promise<void> {
    await Promise.all(topics.map((topic) =>
      this.#retry(async () => {
        try {
          const link = await this.#controller();
          await link.call(
            `Cannot delete topic '${topic}'`,
            (broker) => broker.deleteTopics({ topics: [topic], timeout: TOPIC_TIMEOUT_MS }),
          );
        } catch (error) {
          if (!(error instanceof KafkaError && error.code === "UNKNOWN_TOPIC_OR_PARTITION")) throw error;
        } finally {
          this.#client.forget(topic);
        }
      })
    ));
  }

  /** The names of all topics but Kafka's own, sorted. */
  async listTopics(): Promise<string[]> {
    const topics = await this.describeTopics();
    return topics.filter(({ isInternal }) => !isInternal).map(({ topic }) => topic);
  }

  /** All topics, or those named, sorted by name. @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION */
  async describeTopics(names?: readonly string[]): Promise<TopicDescription[]> {
    const { topics } = await this.#retry(() => this.#client.metadata(names ?? "all"));
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
  async topicOffsets(topic: string): Promise<PartitionOffsets[]> {
    const [earliest, latest] = await Promise.all([
      this.#offsetsAt(topic, "earliest"),
      this.#offsetsAt(topic, "latest"),
    ]);
    return [...latest].map(([partition, end]) => ({
      partition,
      earliest: earliest.get(partition) ?? 0n,
      latest: end,
    })).sort((a, b) => a.partition - b.partition);
  }

  /** The ids of all groups, on all brokers, sorted. */
  async listGroups(): Promise<string[]> {
    const { brokers } = await this.describeCluster();
    const lists = await Promise.all(brokers.map(({ nodeId }) =>
      this.#retry(async () => {
        const link = await this.#client.link(nodeId);
        return (await link.call("Cannot list groups", (broker) => broker.listGroups())).groups;
      })
    ));
    return lists.flat().map(({ groupId }) => groupId).sort();
  }

  /** Groups with their members. A group that does not exist is told as `Dead`, without members. */
  async describeGroups(groupIds: readonly string[]): Promise<GroupState[]> {
    return await Promise.all(groupIds.map((groupId) =>
      this.#retry(async () => {
        using link = await this.#client.dialCoordinator(groupId);
        const action = `Cannot describe group '${groupId}'`;
        try {
          const { groups } = await link.call(action, (broker) =>
            broker.describeGroups({ groupIds: [groupId] }));
          const [group] = groups;
          if (group === undefined) {
            return { groupId, state: "Dead", members: [] };
          }
          return {
            groupId,
            state: group.state,
            members: group.members.map(({ memberId, clientId, clientHost, memberAssignment }) => ({
              memberId,
              clientId,
              host: clientHost.replace(/^\//, ""),
              assignment: decodeAssignment(memberAssignment),
            })),
          };
        } catch (error) {
          const fault = toKafkaError(error, { action });
          if (fault.code === "GROUP_ID_NOT_FOUND") {
            return { groupId, state: "Dead", members: [] };
          }
          throw fault;
        }
      })
    ));
  }

  /**
   * How far a group is behind, in each partition that it has committed an offset for; with `topics`, in each partition
   * of these.
   *
   * @throws {KafkaError} as the cluster answers
   */
  async groupLag(groupId: string, topics?: readonly string[]): Promise<PartitionLag[]> {
    const committed = await this.#committed(groupId);
    const names = topics ?? [...committed.keys()].sort();
    const lags = await Promise.all(names.map(async (topic) => {
      const ofTopic = committed.get(topic);
      const offsets = await this.topicOffsets(topic);
      return offsets.filter(({ partition }) => topics !== undefined || ofTopic?.has(partition))
        .map(({ partition, earliest, latest }) => {
          const from = ofTopic?.get(partition);
          const lag = latest - (from ?? earliest);
          return { topic, partition, committed: from, latest, lag: lag > 0n ? lag : 0n };
        });
    }));
    return lags.flat();
  }

  /** Which cluster this is, and its brokers. */
  async describeCluster(): Promise<ClusterDescription> {
    const { clusterId, controllerId, brokers } = await this.#retry(() => this.#client.metadata([]));
    return { clusterId, controllerId, brokers };
  }

  /** Disconnects. */
  close(): Promise<void> {
    if (this.#ownsClient) this.#client.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #retry<T>(attempt: () => Promise<T>): Promise<T> {
    return retrying(attempt, { withinMs: ACTION_TIMEOUT_MS });
  }

  /** In KRaft every broker passes such requests on to the controller. */
  #controller() {
    return this.#client.any();
  }

  async #createTopic(
    { topic, numPartitions = 1, replicationFactor = -1, config = {} }: NewTopic,
  ): Promise<boolean> {
    const link = await this.#controller();
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    try {
      await link.call(`Cannot create topic '${topic}'`, (broker) =>
        broker.createTopics({
          topics: [{ topic, numPartitions, replicationFactor, configEntries }],
          timeout: TOPIC_TIMEOUT_MS,
        }));
      return true;
    } catch (error) {
      if (error instanceof KafkaError && error.code === "TOPIC_ALREADY_EXISTS") return false;
      throw error;
    }
  }

  async #awaitLeaders(topic: string): Promise<void> {
    const { leaders } = await this.#client.topic(topic, { fresh: true });
    if (leaders.includes(-1)) {
      throw new KafkaError("LEADER_NOT_AVAILABLE", `Topic '${topic}' has no leader yet`, { retriable: true });
    }
  }

  async #offsetsAt(topic: string, at: StartPosition): Promise<Map<number, bigint>> {
    return await this.#retry(async () => {
      const { leaders } = await this.#client.topic(topic);
      return await resolveOffsets(this.#client, topic, leaders.map((_, partition) => partition), at);
    });
  }

  /** By topic and partition. */
  async #committed(groupId: string): Promise<Map<string, Map<number, bigint>>> {
    return await this.#retry(async () => {
      using link = await this.#client.dialCoordinator(groupId);
      // No topics: all of them.
      const { responses } = await link.call(
        `Cannot read the offsets of group '${groupId}'`,
        (broker) => broker.offsetFetch({ groupId, topics: [] }),
      );
      return new Map(responses.map(({ topic, partitions }) => [
        topic,
        new Map(
          partitions.map(({ partition, offset }) => [partition, BigInt(offset)] as const)
            .filter(([, offset]) => offset >= 0n),
        ),
      ]));
    });
  }
}
