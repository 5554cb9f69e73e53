/**
 * Reads topics as a member of a group. Records are handled concurrently up to a bound; an offset is committed when
 * everything before it is finished: on a timer, at a rebalance and at the end, never in the way of the records.
 * Whatever fails, it joins again with backoff, for as long as it takes.
 *
 * @module
 */
import { backoffMs } from "../base/backoff.ts";
import { safeListener } from "../base/listener.ts";
import { sleep, untilAborted, withDeadline, within } from "../base/stop.ts";
import type { Assignment } from "./assignment.ts";
import { Client, METADATA_MAX_AGE_MS } from "./client.ts";
import { handlerFault, KafkaError, toKafkaError } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { type Generation, isRejoin, Membership, rejoin } from "./membership.ts";
import type { ReadPartition } from "./node_fetch.ts";
import { OwnedPartitions } from "./owned_partitions.ts";
import { ConsumedRecord } from "./record.ts";
import { RecordsInHand } from "./records_in_hand.ts";
import { RETRY_BACKOFF } from "./retry.ts";
import type { KafkaSettings } from "./settings.ts";
import { startingPoints } from "./starting_points.ts";

export { ConsumedRecord };

/** How soon a rebalance is noticed, and how often the coordinator hears of us. */
const HEARTBEAT_INTERVAL_MS = 1_000;
const COMMIT_INTERVAL_MS = 500;
const MAX_UNFINISHED = 1_000;
/** What is being handled gets this long to finish before a rebalance may give it to another member too. */
const REBALANCE_DRAIN_MS = 1_000;
const START_TIMEOUT_MS = 30_000;
/** How long a topic may take to become known, as right after its creation. */
const TOPIC_TIMEOUT_MS = 2_000;
/** What is being handled gets this long to finish at the end. */
const STOP_DRAIN_MS = 5_000;
/** Committing and leaving at the end may take this long. */
const LEAVE_TIMEOUT_MS = 2_000;

/** How a batch's records are finished. */
export interface BatchContext {
  /** Aborted when the consumer stops and has waited long enough for unfinished records. */
  readonly signal: AbortSignal;
  /** The record is handled: its offset may be committed. Each record needs it once; more often changes nothing. */
  done(record: ConsumedRecord): void;
}

/** Options of {@linkcode GroupConsumer.start}. */
export interface GroupConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Where to begin where the group has committed nothing. */
  readonly from: "earliest" | "latest";
  /**
   * Takes records to handle. Records of a partition come in order, each once per assignment. Where it
   * throws, those that are not done are given again, with backoff, ahead of all others; where it returns a promise that
   * rejects, as soon as there is room.
   */
  readonly onBatch: (records: ConsumedRecord[], context: BatchContext) => void;
  /** Records being handled at a time; beyond, none are given. @default {1000} */
  readonly maxUnfinished?: number;
  /** The group gave us these to read. */
  readonly onAssigned?: (assignment: Assignment) => void;
  /** Everything that was assigned is being read; again after something failed. */
  readonly onReading?: () => void;
  /** Something failed; it is tried again in `retryInMs`. */
  readonly onCrash?: (fault: KafkaError, retryInMs: number) => void;
  /** How long unfinished records may take at the end. @default {5_000} */
  readonly stopTimeoutMs?: number;
  /** How long `start` tries to get its first assignment. @default {30_000} */
  readonly startTimeoutMs?: number;
  /** Aborting stops the consumer as {@linkcode GroupConsumer.close} does. */
  readonly signal?: AbortSignal;
}

/** See the module. */
export class GroupConsumer implements AsyncDisposable {
  readonly #options: GroupConsumerOptions;
  readonly #client: Client;
  readonly #membership: Membership;
  readonly #owned = new OwnedPartitions();
  readonly #inHand: RecordsInHand;
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  readonly #onAssigned: (assignment: Assignment) => void;
  readonly #onReading: () => void;
  readonly #onCrash: (fault: KafkaError, retryInMs: number) => void;
  #fetcher: Fetcher | undefined;
  #running: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(client: Client, options: GroupConsumerOptions) {
    const { groupId, topics, onBatch, maxUnfinished = MAX_UNFINISHED } = options;
    if (!(maxUnfinished > 0)) {
      throw new RangeError(
        `Cannot consume as 'maxUnfinished' must be positive: current value is ${maxUnfinished}`,
      );
    }
    this.#options = options;
    this.#client = client;
    this.#membership = new Membership(client, groupId, topics);
    this.#onAssigned = safeListener("onAssigned", options.onAssigned);
    this.#onReading = safeListener("onReading", options.onReading);
    this.#onCrash = safeListener("onCrash", options.onCrash);
    const context: BatchContext = { signal: this.#cut.signal, done: (record) => this.#done(record) };
    this.#inHand = new RecordsInHand({
      maxCount: maxUnfinished,
      onBatch: (records) => onBatch(records, context),
      onFailed: (error, retryInMs) => this.#onCrash(handlerFault(error), retryInMs),
      signal: this.#stop.signal,
      onLeft: (records) => this.#owned.giveBack(records),
    });
  }

  /**
   * Joins the group. Resolves when the first assignment is there and positioned.
   *
   * @throws {KafkaError} why the group cannot be joined: NETWORK_EXCEPTION, UNKNOWN_TOPIC_OR_PARTITION and others
   * @throws the signal's reason, at once, and nothing stays open; a group that was joined already is left first
   */
  static start(settings: KafkaSettings, options: GroupConsumerOptions): Promise<GroupConsumer> {
    const { groupId, startTimeoutMs = START_TIMEOUT_MS } = options;
    const timeout = () =>
      new KafkaError("REQUEST_TIMED_OUT", `Cannot join group '${groupId}' within ${startTimeoutMs} ms`, {
        retriable: true,
      });
    return withDeadline(
      (signal) => GroupConsumer.#start(settings, options, signal),
      startTimeoutMs,
      timeout,
      options.signal,
    );
  }

  static async #start(
    settings: KafkaSettings,
    options: GroupConsumerOptions,
    signal: AbortSignal,
  ): Promise<GroupConsumer> {
    const client = await Client.connect(settings, signal);
    let consumer: GroupConsumer | undefined;
    try {
      for (const topic of options.topics) {
        await untilAborted(client.awaitTopic(topic, TOPIC_TIMEOUT_MS, signal), signal);
      }
      consumer = new GroupConsumer(client, options);
      await untilAborted(consumer.#begin(), signal);
      return consumer;
    } catch (error) {
      await consumer?.close();
      client.close();
      throw error;
    }
  }

  /** What this member reads at the moment, and from where next. */
  positions(): readonly Readonly<ReadPartition>[] {
    return this.#owned.reading;
  }

  /**
   * Takes no more records, gives those in hand `stopTimeoutMs` to finish, commits, and leaves the group. Never takes
   * much longer than that, whatever the broker does.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    this.#fetcher?.close();
    // Nobody is to have our partitions while we work on their records.
    const beating = setInterval(
      () => this.#membership.heartbeat().catch(() => {}),
      HEARTBEAT_INTERVAL_MS,
    );
    await this.#drain(this.#options.stopTimeoutMs ?? STOP_DRAIN_MS);
    clearInterval(beating);
    this.#cut.abort();
    const leave = async () => {
      await this.#running;
      await this.#commit();
      await this.#membership.leave();
    };
    // What hinders it ends with the connection; the coordinator then notices our silence.
    await within(leave(), LEAVE_TIMEOUT_MS, () => new Error("leaving took too long")).catch(() => {});
    this.#membership.disconnect();
    this.#client.close();
    await this.#running;
  }

  /** Resolves with the first assignment. */
  #begin(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#running = this.#run(resolve, reject);
    const ends = { once: true, signal: this.#stop.signal };
    this.#options.signal?.addEventListener("abort", () => this.close(), ends);
    return promise;
  }

  async #run(onStarted: () => void, onFailed: (error: Error) => void): Promise<void> {
    const { signal } = this.#stop;
    let hasStarted = false;
    for (let failures = 0; !signal.aborted;) {
      try {
        const generation = await this.#membership.join(this.#owned.assignment, signal);
        await untilAborted(this.#adopt(generation), signal);
        hasStarted = true;
        onStarted();
        failures = 0;
        await this.#keepUp(generation);
      } catch (error) {
        if (signal.aborted) return;
        const fault = toKafkaError(error, { action: `Group '${this.#options.groupId}' cannot be read` });
        if (!hasStarted && !fault.retriable && !isRejoin(fault)) return onFailed(fault);
        this.#fetcher?.close();
        if (isRejoin(fault)) {
          await untilAborted(this.#drain(REBALANCE_DRAIN_MS), signal).catch(() => {});
          if (!signal.aborted) await this.#commit().catch(() => {});
          continue;
        }
        const retryInMs = backoffMs(++failures, RETRY_BACKOFF);
        this.#onCrash(fault, retryInMs);
        await sleep(retryInMs, signal).catch(() => {});
      }
    }
  }

  /** Begins to read what a generation assigned. */
  async #adopt({ assignment }: Generation): Promise<void> {
    const { from } = this.#options;
    const committed = await this.#membership.committed(assignment);
    const points = await startingPoints(this.#client, assignment, committed, from);
    // What follows is without a wait: close() finds either no fetcher or this one.
    this.#stop.signal.throwIfAborted();
    this.#owned.replace(points);
    const fetcher: Fetcher = new Fetcher({
      client: this.#client,
      resetTo: from,
      onRecords: (records) => {
        this.#owned.begin(records);
        return this.#inHand.give(records, fetcher.closed);
      },
      onFault: (fault) => this.#onCrash(fault, 0),
      onReading: this.#onReading,
    });
    this.#fetcher = fetcher;
    fetcher.add(this.#owned.reading);
    this.#onAssigned(assignment);
  }

  /** Heartbeats and commits until something ends the generation. */
  async #keepUp({ isLeader }: Generation): Promise<never> {
    const counts = await this.#partitionCounts();
    let beatAtMs = performance.now() + HEARTBEAT_INTERVAL_MS;
    let lookAtMs = performance.now() + METADATA_MAX_AGE_MS;
    for (;;) {
      await sleep(COMMIT_INTERVAL_MS, this.#stop.signal);
      await this.#commit();
      const nowMs = performance.now();
      if (nowMs >= beatAtMs) {
        beatAtMs = nowMs + HEARTBEAT_INTERVAL_MS;
        await this.#membership.heartbeat();
      }
      if (isLeader && nowMs >= lookAtMs) {
        lookAtMs = nowMs + METADATA_MAX_AGE_MS;
        if (await this.#partitionCounts(true) !== counts) throw rejoin("topics have new partitions");
      }
    }
  }

  async #partitionCounts(fresh = false): Promise<string> {
    const topics = await Promise.all(
      this.#options.topics.map((topic) => this.#client.topic(topic, { fresh })),
    );
    return topics.map(({ leaders }) => leaders.length).join();
  }

  #done(record: ConsumedRecord): void {
    if (this.#inHand.finish(record)) this.#owned.finish(record);
  }

  /** Waits until nothing is being handled, at most `ms`. */
  async #drain(ms: number): Promise<void> {
    await within(this.#inHand.empty(), ms, () => new Error("still handling")).catch(() => {});
  }

  async #commit(): Promise<void> {
    const offsets = this.#owned.uncommitted();
    if (offsets.length === 0) return;
    await this.#membership.commit(offsets);
    this.#owned.committed(offsets);
  }
}
