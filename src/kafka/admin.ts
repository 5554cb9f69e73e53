/**
 * Looks after topics and groups.
 *
 * @module
 */
import { act } from "./admin_action.ts";
import { Client } from "./client.ts";
import { describeGroup, groupLag, type GroupState, listGroups, type PartitionLag } from "./groups.ts";
import type { KafkaSettings } from "./settings.ts";
import {
  awaitLeaders,
  createTopic,
  deleteTopic,
  describeTopics,
  type NewTopic,
  type PartitionOffsets,
  type TopicDescription,
  topicOffsets,
} from "./topics.ts";

export type { GroupState, NewTopic, PartitionLag, PartitionOffsets, TopicDescription };

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

  /**
   * @param signal aborting closes the admin: what it waits for rejects
   * @throws {KafkaError} why the cluster cannot be used
   * @throws the signal's reason, at once, and nothing stays open
   */
  static async connect(settings: KafkaSettings, signal?: AbortSignal): Promise<Admin> {
    const client = await Client.connect(settings, signal);
    signal?.addEventListener("abort", () => client.close(), { once: true, signal: client.closed });
    return new Admin(client, true);
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
    const created = await Promise.all(topics.map((topic) => createTopic(this.#client, topic)));
    await Promise.all(topics.map(({ topic }) => awaitLeaders(this.#client, topic)));
    return topics.filter((_, i) => created[i] === true).map(({ topic }) => topic);
  }

  /** Deletes topics. One that does not exist is as good as deleted. @throws {KafkaError} as the cluster answers */
  async deleteTopics(topics: readonly string[]): Promise<void> {
    await Promise.all(topics.map((topic) => deleteTopic(this.#client, topic)));
  }

  /** The names of all topics but Kafka's own, sorted. */
  async listTopics(): Promise<string[]> {
    const topics = await this.describeTopics();
    return topics.filter(({ isInternal }) => !isInternal).map(({ topic }) => topic);
  }

  /** All topics, or those named, sorted by name. @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION */
  describeTopics(names?: readonly string[]): Promise<TopicDescription[]> {
    return describeTopics(this.#client, names);
  }

  /** Both ends of each partition's log. @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION and others */
  topicOffsets(topic: string): Promise<PartitionOffsets[]> {
    return topicOffsets(this.#client, topic);
  }

  /** The ids of all groups, on all brokers, sorted. */
  async listGroups(): Promise<string[]> {
    const { brokers } = await this.describeCluster();
    const lists = await Promise.all(brokers.map(({ nodeId }) => listGroups(this.#client, nodeId)));
    return lists.flat().sort();
  }

  /** Groups with their members. A group that does not exist is told as `Dead`, without members. */
  describeGroups(groupIds: readonly string[]): Promise<GroupState[]> {
    return Promise.all(groupIds.map((groupId) => describeGroup(this.#client, groupId)));
  }

  /**
   * How far a group is behind, in each partition that it has committed an offset for; with `topics`, in each partition
   * of these.
   *
   * @throws {KafkaError} as the cluster answers
   */
  groupLag(groupId: string, topics?: readonly string[]): Promise<PartitionLag[]> {
    return groupLag(this.#client, groupId, topics);
  }

  /** Which cluster this is, and its brokers. */
  async describeCluster(): Promise<ClusterDescription> {
    const { clusterId, controllerId, brokers } = await act(this.#client, () => this.#client.metadata([]));
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
}
