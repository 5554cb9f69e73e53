/**
 * All that a broker knows, without a socket: what the handlers work on.
 *
 * @module
 */
import type { BrokerConfig } from "../config.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Limits } from "../limits.ts";
import type { Clock } from "./clock.ts";
import { CommittedOffsets } from "./committed_offsets.ts";
import { Deadlines } from "./deadlines.ts";
import { Flusher } from "./flusher.ts";
import { Groups } from "./groups.ts";
import { ProducerIds } from "./producer_ids.ts";
import { Retention } from "./retention.ts";
import type { Storage } from "./storage.ts";
import { TailPool } from "./tail.ts";
import { Topics, type TopicsRecovery } from "./topics.ts";

/** The one node. */
export const NODE_ID = 1;

/** What a broker's state is made of. */
export interface BrokerStateOptions {
  readonly storage: Storage;
  readonly clusterId: string;
  readonly config: BrokerConfig;
  readonly limits: Limits;
  readonly clock: Clock;
}

/** See the module. */
export class BrokerState implements Disposable {
  readonly clusterId: string;
  readonly config: BrokerConfig;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: CommittedOffsets;
  readonly producerIds: ProducerIds;
  readonly flusher = new Flusher();
  /** Of fetches that wait. */
  readonly fetchDeadlines: Deadlines;
  readonly #retention: Retention;

  /** @throws {StorageError} */
  constructor({ storage, clusterId, config, limits, clock }: BrokerStateOptions) {
    this.clusterId = clusterId;
    this.config = config;
    this.limits = limits;
    this.clock = clock;
    this.topics = new Topics({
      storage,
      tails: new TailPool(limits.maxTailBytes, limits.maxTailBytesPerPartition),
      defaults: config.topicDefaults,
      maxProducersPerPartition: limits.maxProducersPerPartition,
      fsync: config.fsync,
    });
    this.groups = new Groups({
      initialRebalanceDelayMs: config.groupInitialRebalanceDelayMs,
      disconnectGraceMs: config.groupDisconnectGraceMs,
      maxMembers: limits.maxMembersPerGroup,
    }, clock);
    this.offsets = new CommittedOffsets(storage);
    this.producerIds = new ProducerIds(storage);
    this.fetchDeadlines = new Deadlines(clock);
    this.#retention = new Retention(this.topics, clock, config.retentionCheckIntervalMs);
  }

  /** Reads what is there from before. @throws {StorageError} */
  open(): TopicsRecovery {
    const recovery = this.topics.open(this.clock.epochMs());
    const notes = [...recovery.notes, ...this.offsets.open(), ...this.producerIds.open()];
    this.#retention.start();
    return { ...recovery, notes };
  }

  [Symbol.dispose](): void {
    this.#retention[Symbol.dispose]();
    this.groups.close(ErrorCode.NOT_COORDINATOR);
    this.topics.close();
    this.fetchDeadlines[Symbol.dispose]();
  }
}
