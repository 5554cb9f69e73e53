/**
 * A client of one cluster: who its brokers are, who leads which partition, and the connections to them. kafkajs's own
 * Cluster is not used: one unknown topic fails all others there, its retries cannot be given up, and a connection that
 * waits for a fetch delays its end.
 *
 * @module
 */
import { untilAborted } from "../base/stop.ts";
import type { ApiVersions } from "./kafkajs_internals.ts";
import { errorFromCode, KafkaError, withSettingAtFault } from "./errors.ts";
import { Link } from "./link.ts";
import {
  type BrokerAddress,
  decodeMetadataResponse,
  encodeMetadataRequest,
  type Metadata,
} from "./metadata_request.ts";
import { retrying } from "./retry.ts";
import type { KafkaSettings } from "./settings.ts";

/** Metadata older than this is asked for again, in the background, so that new partitions are seen. */
export const METADATA_MAX_AGE_MS = 30_000;
const GROUP = 0;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
/** More topics than this are not remembered; the oldest is asked for again. */
const MAX_CACHED_TOPICS = 10_000;

/** A topic as it was at `fetchedAtMs`, epoch ms. */
export interface TopicMetadata {
  readonly topic: string;
  /** The node that leads each partition, -1 while there is none. The index is the partition. */
  readonly leaders: readonly number[];
  readonly fetchedAtMs: number;
}

/** See the module. */
export class Client implements Disposable {
  readonly settings: KafkaSettings;
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #versions = new Map<string, ApiVersions>();
  readonly #links = new Map<number | "seed", Promise<Link>>();
  readonly #open = new Set<Link>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #fetching = new Map<string, Promise<TopicMetadata>>();
  readonly #closed = new AbortController();

  private constructor(settings: KafkaSettings) {
    this.settings = settings;
  }

  /**
   * Connects to the first bootstrap server that answers, and asks it for the brokers: one that wants SASL ends a
   * connection without it only then.
   *
   * @throws {KafkaError} why none of them could be used; wrong credentials are told as such
   * @throws the signal's reason, and nothing stays open
   */
  static async connect(settings: KafkaSettings, signal?: AbortSignal): Promise<Client> {
    signal?.throwIfAborted();
    const client = new Client(settings);
    try {
      await untilAborted(client.metadata([]), signal);
      return client;
    } catch (error) {
      client.close();
      throw withSettingAtFault(error, settings);
    }
  }

  /** Aborted when this client is closed: the end of whatever lives on it. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** A connection to any broker: one that stands, or else a new one. */
  any(): Promise<Link> {
    return this.#shared("seed", async () => {
      const known = [...this.#brokers.values()].map(({ host, port }) => ({ host, port }));
      const bootstrap = this.settings.bootstrapServers.map(parseAddress);
      const faults: KafkaError[] = [];
      for (const { host, port } of [...bootstrap, ...known]) {
        try {
          return await this.#dial(host, port);
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error;
          if (!error.retriable) throw error;
          faults.push(error);
        }
      }
      const [only] = faults;
      if (faults.length === 1 && only !== undefined) throw only;
      throw new KafkaError(
        "NETWORK_EXCEPTION",
        `Cannot reach any Kafka broker of ${this.settings.bootstrapServers.join(", ")}: ${only?.message}`,
        { retriable: true, cause: only?.cause },
      );
    });
  }

  /** The shared connection to a broker, for requests that are answered at once. */
  async link(nodeId: number): Promise<Link> {
    const seed = await this.#links.get("seed")?.catch(() => undefined);
    const broker = this.#brokers.get(nodeId);
    if (seed?.isUp && broker !== undefined && seed.address === `${broker.host}:${broker.port}`) return seed;
    return await this.#shared(nodeId, () => this.dial(nodeId));
  }

  /** A connection of one's own to a broker, for requests that wait there. The caller closes it. */
  async dial(nodeId: number): Promise<Link> {
    const broker = this.#brokers.get(nodeId);
    if (broker === undefined) {
      throw new KafkaError(
        "BROKER_NOT_AVAILABLE",
        `Cannot connect to Kafka node ${nodeId}: it is not in the metadata`,
        {
          retriable: true,
        },
      );
    }
    return await this.#dial(broker.host, broker.port);
  }

  /** A connection of one's own to the coordinator of a group. The caller closes it. */
  async dialCoordinator(groupId: string): Promise<Link> {
    const link = await this.any();
    const { coordinator } = await link.call(
      `Cannot find the coordinator of group '${groupId}'`,
      (broker) => broker.findGroupCoordinator({ groupId, coordinatorType: GROUP }),
    );
    this.#brokers.set(coordinator.nodeId, coordinator);
    return await this.dial(coordinator.nodeId);
  }

  /**
   * Asks for the metadata of these topics; of none, for the brokers alone. Nobody's leader, or a topic that is
   * unknown, is told in the answer.
   */
  async metadata(topics: readonly string[] | "all"): Promise<Metadata> {
    const link = await this.any();
    const request = encodeMetadataRequest(this.settings.clientId, topics);
    const metadata = decodeMetadataResponse(
      await link.send(`Cannot read the metadata of ${link.address}`, request),
    );
    link.throttle(metadata.throttleTimeMs);
    this.#learn(metadata);
    return metadata;
  }

  /** What is known of a topic, however old; undefined when nothing is. Old knowledge is renewed in the background. */
  cachedTopic(topic: string): TopicMetadata | undefined {
    const known = this.#topics.get(topic);
    if (known !== undefined && Date.now() - known.fetchedAtMs > METADATA_MAX_AGE_MS) {
      this.#fetchTopic(topic).catch(() => {});
    }
    return known;
  }

  /**
   * The topic's partitions and leaders; `fresh` asks the cluster even when they are known.
   *
   * @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NETWORK_EXCEPTION and others
   */
  async topic(topic: string, options: { fresh?: boolean } = {}): Promise<TopicMetadata> {
    const known = options.fresh === true ? undefined : this.cachedTopic(topic);
    return known ?? await this.#fetchTopic(topic);
  }

  /**
   * The same, tried again for `withinMs` when the cluster does not know the topic yet, as right after its creation.
   *
   * @throws {KafkaError} as {@linkcode Client.topic}
   */
  awaitTopic(topic: string, withinMs: number, signal?: AbortSignal): Promise<TopicMetadata> {
    return retrying(() => this.topic(topic), { withinMs, signal });
  }

  /** The node that leads a partition, as far as known. */
  leaderOf(topic: string, partition: number): number | undefined {
    const leader = this.#topics.get(topic)?.leaders[partition];
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  /** The next question for this topic goes to the cluster. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /** Closes every connection that this client opened. */
  close(): void {
    this.#closed.abort(closedError());
    for (const link of this.#open) link.close();
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #shared(key: number | "seed", open: () => Promise<Link>): Promise<Link> {
    const standing = this.#links.get(key);
    if (standing !== undefined) {
      const link = await standing.catch(() => undefined);
      if (link?.isUp) return link;
      // Whoever else waited may have replaced it meanwhile.
      if (this.#links.get(key) !== standing) return await this.#shared(key, open);
    }
    const opening = open();
    this.#links.set(key, opening);
    return await opening;
  }

  async #dial(host: string, port: number): Promise<Link> {
    const { signal } = this.#closed;
    signal.throwIfAborted();
    const address = `${host}:${port}`;
    try {
      const versions = this.#versions.get(address) ?? null;
      const link = await Link.open(this.settings, host, port, versions, signal);
      if (signal.aborted) link.close();
      signal.throwIfAborted();
      if (link.versions !== null) this.#versions.set(address, link.versions);
      for (const other of this.#open) if (!other.isUp) this.#open.delete(other);
      this.#open.add(link);
      return link;
    } catch (error) {
      // The broker may come back as another version.
      this.#versions.delete(address);
      throw error;
    }
  }

  #fetchTopic(topic: string): Promise<TopicMetadata> {
    let fetching = this.#fetching.get(topic);
    if (fetching === undefined) {
      fetching = this.#askForTopic(topic).finally(() => this.#fetching.delete(topic));
      this.#fetching.set(topic, fetching);
    }
    return fetching;
  }

  async #askForTopic(name: string): Promise<TopicMetadata> {
    const { topics } = await this.metadata([name]);
    const errorCode = topics.find(({ topic }) => topic === name)?.errorCode ?? UNKNOWN_TOPIC_OR_PARTITION;
    if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) {
      throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `Topic '${name}' does not exist`, {
        retriable: true,
      });
    }
    const known = this.#topics.get(name);
    if (known === undefined) throw errorFromCode(errorCode, `Cannot use topic '${name}'`);
    return known;
  }

  #learn({ brokers, topics }: Metadata): void {
    if (brokers.length > 0) this.#brokers.clear();
    for (const broker of brokers) this.#brokers.set(broker.nodeId, broker);
    const fetchedAtMs = Date.now();
    for (const { topic, errorCode, partitions } of topics) {
      this.#topics.delete(topic);
      if (errorCode !== 0) continue;
      const leaders = partitions.map(({ leader }) => leader);
      this.#topics.set(topic, { topic, leaders, fetchedAtMs });
    }
    for (const oldest of this.#topics.keys()) {
      if (this.#topics.size <= MAX_CACHED_TOPICS) break;
      this.#topics.delete(oldest);
    }
  }
}

/** `host:port`, also `[::1]:9092`. @throws {TypeError} if it is neither */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port > 0 && port < 65_536)) {
    throw new TypeError(`Cannot use '${address}' as a broker's address: it must be host:port`);
  }
  return { host, port };
}

function closedError(): KafkaError {
  return new KafkaError("NETWORK_EXCEPTION", "The Kafka client is closed", { retriable: false });
}
