/**
 * All that a broker knows, without a socket: what the handlers work on.
 *
 * @module
 */
import { logger } from "../../base/log.ts";
import type { BrokerConfig } from "../config.ts";
import type { Faults } from "../faults/faults.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Limits } from "../limits.ts";
import { Metrics } from "../metrics.ts";
import { BrokerConfigs } from "./broker_configs.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Cleaner } from "./cleaner.ts";
import type { Clock } from "./clock.ts";
import { CommittedOffsets } from "./committed_offsets.ts";
import { Deadlines } from "./deadlines.ts";
import { FetchSessions } from "./fetch_sessions.ts";
import { Flusher, type Syncable } from "./flusher.ts";
import { Groups } from "./groups.ts";
import type { Later } from "./later.ts";
import { OffsetExpiry } from "./offset_expiry.ts";
import { ProducerIds } from "./producer_ids.ts";
import { Retention } from "./retention.ts";
import { ScramCredentials } from "./scram_credentials.ts";
import type { Storage } from "./storage.ts";
import { TailPool } from "./tail.ts";
import { Topics, type TopicsRecovery } from "./topics.ts";
import { Transactions } from "./transactions.ts";

const log = logger("broker");

export { NODE_ID } from "../node_id.ts";

/** What a broker's state is made of. */
export interface BrokerStateOptions {
  readonly storage: Storage;
  readonly clusterId: string;
  readonly config: BrokerConfig;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly faults?: Faults | undefined;
}

/** See the module. */
export class BrokerState implements Disposable {
  readonly clusterId: string;
  readonly #storage: Storage;
  readonly config: BrokerConfig;
  /** What of `config` and `limits` may change at run time. */
  readonly configs: BrokerConfigs;
  readonly clock: Clock;
  /** What goes wrong on purpose. */
  readonly faults: Faults | undefined;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: CommittedOffsets;
  readonly producerIds: ProducerIds;
  readonly transactions: Transactions;
  readonly metrics = new Metrics();
  readonly flusher = new Flusher((ms) => this.metrics.synced(ms));
  readonly fetchSessions: FetchSessions;
  readonly scramCredentials: ScramCredentials;
  /** Of fetches that wait. */
  readonly fetchDeadlines: Deadlines;
  readonly #retention: Retention;
  readonly #cleaner: Cleaner;
  readonly #offsetExpiry: OffsetExpiry;
  readonly #checkpoints: Checkpoints;

  /** @throws {StorageError} */
  constructor({ storage, clusterId, config, limits, clock, faults }: BrokerStateOptions) {
    this.clusterId = clusterId;
    this.#storage = storage;
    this.config = config;
    this.configs = new BrokerConfigs(storage, { config, limits });
    this.clock = clock;
    this.faults = faults;
    this.#checkpoints = new Checkpoints(clock);
    this.topics = new Topics({
      storage,
      tails: new TailPool(limits.maxTailBytes, limits.maxTailBytesPerPartition),
      defaults: () => this.configs.topicDefaults,
      producers: { max: limits.maxProducersPerPartition, expirationMs: config.producerIdExpirationMs },
      fsync: config.fsync,
      // A deletion that was cut short leaves what was committed for the topic: a new one is not to inherit it.
      onName: (name) => this.offsets.deleteTopic(name),
      checkpoints: this.#checkpoints,
    });
    this.groups = new Groups(
      {
        initialRebalanceDelayMs: config.groupInitialRebalanceDelayMs,
        disconnectGraceMs: config.groupDisconnectGraceMs,
        maxMembers: limits.maxMembersPerGroup,
        maxGroups: limits.maxGroups,
        maxMembersBytes: limits.maxMembersBytes,
        hasOffsets: (groupId) => this.offsets.hasGroup(groupId),
      },
      clock,
      storage,
    );
    this.offsets = new CommittedOffsets(storage, (groupId) => void this.groups.getOrCreate(groupId));
    this.#offsetExpiry = new OffsetExpiry({
      groups: this.groups,
      offsets: this.offsets,
      clock,
      retentionMs: config.offsetsRetentionMs,
      intervalMs: config.offsetsRetentionCheckIntervalMs,
    });
    this.producerIds = new ProducerIds(storage);
    this.scramCredentials = new ScramCredentials(storage);
    this.transactions = new Transactions({
      storage,
      topics: this.topics,
      offsets: this.offsets,
      producerIds: this.producerIds,
      flusher: this.flusher,
      clock,
      fsync: config.fsync,
      maxTransactionalIds: limits.maxTransactionalIds,
      maxTimeoutMs: config.transactionMaxTimeoutMs,
      expirationMs: config.transactionalIdExpirationMs,
      cleanupIntervalMs: config.transactionalIdCleanupIntervalMs,
    });
    this.fetchSessions = new FetchSessions({
      maxSessions: limits.maxFetchSessions,
      maxPartitions: limits.maxFetchSessionPartitions,
      evictionMs: limits.fetchSessionEvictionMs,
    }, clock);
    this.fetchDeadlines = new Deadlines(clock);
    this.#retention = new Retention(this.topics, clock, config.retentionCheckIntervalMs);
    this.#cleaner = new Cleaner(this.topics, clock, config.cleanerBackoffMs);
  }

  /** Where the logs are, for people. */
  get logDir(): string {
    return this.#storage.location;
  }

  /** The limits in force. */
  get limits(): Limits {
    return this.configs.limits;
  }

  /** Reads what is there from before. @throws {StorageError} */
  open(): TopicsRecovery {
    const configNotes = this.configs.open();
    const recovery = this.topics.open(this.clock.epochMs());
    const notes = [
      ...configNotes,
      ...recovery.notes,
      ...this.offsets.open(),
      ...this.groups.open(this.offsets.groupIds()),
      ...this.producerIds.open(),
      ...this.scramCredentials.open(),
      ...this.transactions.open(),
    ];
    this.#retention.start();
    this.#cleaner.start();
    this.#offsetExpiry.start();
    return { ...recovery, notes };
  }

  /**
   * In fsync mode, `answer` once `items` would survive a power loss, or what `refused` makes of why they would not; else
   * `answer` at once.
   */
  whenSafe<T>(items: readonly Syncable[], answer: T, refused: (fault: string) => T): T | Later<T> {
    if (!this.config.fsync) return answer;
    return this.flusher.commit(items).map((faults) => {
      const fault = items.map((item) => faults.get(item)).find((found) => found !== undefined);
      if (fault === undefined) return answer;
      log.error(fault);
      return refused(fault);
    });
  }

  /** Writes down all that a next start would otherwise have to read: the clean end, before it is disposed of. */
  settle(): Promise<void> {
    return this.#checkpoints.settle();
  }

  [Symbol.dispose](): void {
    this.#checkpoints[Symbol.dispose]();
    this.#retention[Symbol.dispose]();
    this.#cleaner[Symbol.dispose]();
    this.#offsetExpiry[Symbol.dispose]();
    this.transactions[Symbol.dispose]();
    this.groups.close(ErrorCode.NOT_COORDINATOR);
    this.topics.close();
    this.fetchDeadlines[Symbol.dispose]();
  }
}
