/**
 * Reads topics as a member of a group. Records are handled concurrently up to a bound; an offset is committed when
 * everything before it is finished: on a timer, at a rebalance and at the end, never in the way of the records.
 * Whatever fails, it joins again with backoff, for as long as it takes.
 *
 * @module
 */
import { backoffMs } from "../base/backoff.ts";
import { describeError } from "../base/errors.ts";
import { sleep, untilAborted, within } from "../base/stop.ts";
import type { Assignment } from "./assignment.ts";
import { Client, METADATA_MAX_AGE_MS } from "./client.ts";
import { KafkaError, toKafkaError } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { resolveOffsets } from "./list_offsets.ts";
import { type CommittedOffset, type Generation, Membership } from "./membership.ts";
import type { ReadPartition } from "./node_fetch.ts";
import { ConsumedRecord } from "./record.ts";
import { RETRY_BACKOFF } from "./retry.ts";
import type { KafkaSettings } from "./settings.ts";
import { UnfinishedOffsets } from "./unfinished.ts";

export { ConsumedRecord };

/** How soon a rebalance is noticed, and how often the coordinator hears of us. */
const HEARTBEAT_INTERVAL_MS = 1_000;
const COMMIT_INTERVAL_MS = 500;
const MAX_UNFINISHED = 1_000;
/** What is being handled gets this long to finish before a rebalance may give it to another member too. */
const REBALANCE_DRAIN_MS = 1_000;
const START_TIMEOUT_MS = 30_000;
/** What is being handled gets this long to finish at the end. */
const STOP_DRAIN_MS = 5_000;
/** Committing and leaving at the end may take this long. */
const LEAVE_TIMEOUT_MS = 2_000;

/** How a batch's records are finished. */
export interface BatchContext {
  /** Aborted when the consumer stops and has waited long enough for unfinished records. */
  readonly signal: AbortSignal;
  /** The record is handled: its offset may be committed. Each record needs it once. */
  done(record: ConsumedRecord): void;
}

/** Options of {@linkcode GroupConsumer.start}. */
export interface GroupConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Where to begin where the group has committed nothing. */
  readonly from: "earliest" | "latest";
  /** Takes records to handle; must not throw. Records of a partition come in order, each once per assignment. */
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

interface OwnedPartition {
  readonly reading: ReadPartition;
  readonly unfinished: UnfinishedOffsets;
  committed: bigint;
}

/** See the module. */
export class GroupConsumer implements AsyncDisposable {
  readonly #options: GroupConsumerOptions;
  readonly #maxUnfinished: number;
  readonly #client: Client;
  readonly #membership: Membership;
  readonly #owned = new Map<string, OwnedPartition>();
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  readonly #context: BatchContext;
  #lastOwner: OwnedPartition | undefined;
  #fetcher: Fetcher | undefined;
  #handling = 0;
  #onRoom: (() => void)[] = [];
  #onDrained: (() => void)[] = [];
  #running: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(client: Client, options: GroupConsumerOptions) {
    const { maxUnfinished = MAX_UNFINISHED } = options;
    if (!(maxUnfinished > 0)) {
      throw new RangeError(
        `Cannot consume as 'maxUnfinished' must be positive: current value is ${maxUnfinished}`,
      );
    }
    this.#client = client;
    this.#options = options;
    this.#maxUnfinished = maxUnfinished;
    this.#membership = new Membership(client, options.groupId, options.topics);
    this.#context = { signal: this.#cut.signal, done: (record) => this.#done(record) };
  }

  /**
   * Joins the group. Resolves when the first assignment is there and positioned.
   *
   * @throws {KafkaError} why the group cannot be joined: NETWORK_EXCEPTION, UNKNOWN_TOPIC_OR_PARTITION and others
   */
  static async start(settings: KafkaSettings, options: GroupConsumerOptions): Promise<GroupConsumer> {
    const client = await Client.connect(settings, options.signal);
    let consumer: GroupConsumer | undefined;
    try {
      for (const topic of options.topics) await client.awaitTopic(topic, 2_000, options.signal);
      consumer = new GroupConsumer(client, options);
      const assigned = Promise.withResolvers<void>();
      consumer.#running = consumer.#run(assigned.resolve, assigned.reject);
      options.signal?.addEventListener("abort", () => consumer?.close(), { once: true });
      const { groupId, startTimeoutMs = START_TIMEOUT_MS } = options;
      await within(
        untilAborted(assigned.promise, options.signal),
        startTimeoutMs,
        () =>
          new KafkaError("REQUEST_TIMED_OUT", `Cannot join group '${groupId}' within ${startTimeoutMs} ms`, {
            retriable: true,
          }),
      );
      return consumer;
    } catch (error) {
      await consumer?.close();
      client.close();
      throw error;
    }
  }

  /** What this member reads at the moment, and from where next. */
  positions(): readonly Readonly<ReadPartition>[] {
    return [...this.#owned.values()].map(({ reading }) => reading);
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
    this.#resume();
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

  async #run(onStarted: () => void, onFailed: (error: Error) => void): Promise<void> {
    const { signal } = this.#stop;
    let hasStarted = false;
    for (let failures = 0; !signal.aborted;) {
      try {
        const generation = await this.#join();
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
        this.#resume();
        if (isRejoin(fault)) {
          await untilAborted(this.#drain(REBALANCE_DRAIN_MS), signal).catch(() => {});
          if (!signal.aborted) await this.#commit().catch(() => {});
          continue;
        }
        const retryInMs = backoffMs(++failures, RETRY_BACKOFF);
        this.#options.onCrash?.(fault, retryInMs);
        await sleep(retryInMs, signal).catch(() => {});
      }
    }
  }

  async #join(): Promise<Generation> {
    // A join waits for the other members, and would keep its connection from telling that we leave.
    const giveUp = () => this.#membership.disconnect();
    this.#stop.signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await this.#membership.join(this.#ownership());
    } finally {
      this.#stop.signal.removeEventListener("abort", giveUp);
    }
  }

  #ownership(): Assignment {
    const owned = new Map<string, number[]>();
    for (const { reading: { topic, partition } } of this.#owned.values()) {
      owned.set(topic, [...owned.get(topic) ?? [], partition]);
    }
    return owned;
  }

  /** Begins to read what a generation assigned; goes on where it was with what it had before. */
  async #adopt({ assignment }: Generation): Promise<void> {
    const committed = new Map(
      (await this.#membership.committed(assignment)).map((offset) => [keyOf(offset), offset.offset]),
    );
    const wanted = new Map<string, ReadPartition>();
    for (const [topic, partitions] of assignment) {
      const fresh = partitions.filter((partition) => !committed.has(keyOf({ topic, partition })));
      const offsets = await resolveOffsets(this.#client, topic, fresh, this.#options.from);
      for (const partition of partitions) {
        const key = keyOf({ topic, partition });
        wanted.set(key, { topic, partition, offset: committed.get(key) ?? offsets.get(partition) ?? 0n });
      }
    }
    // What follows is without a wait: close() finds either no fetcher or this one.
    this.#stop.signal.throwIfAborted();
    this.#lastOwner = undefined;
    for (const key of this.#owned.keys()) if (!wanted.has(key)) this.#owned.delete(key);
    for (const [key, reading] of wanted) {
      const kept = this.#owned.get(key);
      // Another member was further meanwhile: what we had of it is no longer ours.
      if (kept !== undefined && kept.reading.offset >= reading.offset) continue;
      this.#owned.set(key, {
        reading,
        unfinished: new UnfinishedOffsets(),
        committed: committed.get(key) ?? -1n,
      });
    }
    this.#fetcher = new Fetcher({
      client: this.#client,
      resetTo: this.#options.from,
      onRecords: (records) => this.#take(records),
      onFault: (fault) => this.#options.onCrash?.(fault, 0),
      onReading: () => this.#options.onReading?.(),
    });
    this.#fetcher.add([...this.#owned.values()].map(({ reading }) => reading));
    this.#options.onAssigned?.(assignment);
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

  /** Gives records to the handler, as many at a time as there is room for, and until the group rebalances. */
  async #take(records: ConsumedRecord[]): Promise<void> {
    const fetcher = this.#fetcher;
    for (const record of records) this.#ownerOf(record)?.unfinished.add(record.offset);
    for (let from = 0; from < records.length;) {
      while (this.#handling >= this.#maxUnfinished && fetcher?.isClosed === false) {
        await new Promise<void>((resolve) => this.#onRoom.push(resolve));
      }
      if (fetcher?.isClosed !== false) return this.#giveBack(records, from);
      const batch = records.slice(from, from += this.#maxUnfinished - this.#handling);
      this.#handling += batch.length;
      try {
        this.#options.onBatch(batch, this.#context);
      } catch (error) {
        // The handler's fault is not the group's: its records stay unfinished, and so uncommitted.
        this.#options.onCrash?.(
          new KafkaError("UNKNOWN_SERVER_ERROR", `The batch handler failed: ${describeError(error)}`, {
            retriable: false,
            cause: error,
          }),
          0,
        );
      }
    }
  }

  /** Those from `from` on were given to nobody: whoever reads their partitions next begins with them. */
  #giveBack(records: readonly ConsumedRecord[], from: number): void {
    for (let i = records.length - 1; i >= from; i--) {
      const record = records[i];
      const owner = record && this.#ownerOf(record);
      if (record === undefined || owner?.unfinished.finish(record.offset) !== true) continue;
      owner.reading.offset = record.offset;
    }
  }

  #done(record: ConsumedRecord): void {
    this.#ownerOf(record)?.unfinished.finish(record.offset);
    this.#handling--;
    if (this.#handling < this.#maxUnfinished) this.#resume();
    if (this.#handling === 0) { for (const resolve of this.#onDrained.splice(0)) resolve(); }
  }

  #resume(): void {
    for (const resume of this.#onRoom.splice(0)) resume();
  }

  /** Most records are of the same partition as the one before. */
  #ownerOf({ topic, partition }: ConsumedRecord): OwnedPartition | undefined {
    const last = this.#lastOwner;
    if (last?.reading.partition === partition && last.reading.topic === topic) return last;
    return this.#lastOwner = this.#owned.get(keyOf({ topic, partition }));
  }

  /** Waits until nothing is being handled, at most `ms`. */
  async #drain(ms: number): Promise<void> {
    if (this.#handling === 0) return;
    const drained = new Promise<void>((resolve) => this.#onDrained.push(resolve));
    await within(drained, ms, () => new Error("still handling")).catch(() => {});
  }

  async #commit(): Promise<void> {
    const offsets: CommittedOffset[] = [];
    const owners: OwnedPartition[] = [];
    for (const owned of this.#owned.values()) {
      const { topic, partition, offset: next } = owned.reading;
      const offset = owned.unfinished.lowWatermark(next);
      // The log begins anew, before what was committed of it.
      if (next < owned.committed) owned.committed = -1n;
      if (offset <= owned.committed) continue;
      offsets.push({ topic, partition, offset });
      owners.push(owned);
    }
    if (offsets.length === 0) return;
    await this.#membership.commit(offsets);
    owners.forEach((owned, i) => owned.committed = offsets[i]?.offset ?? owned.committed);
  }
}

/** Faults that joining again, at once, is the answer to. */
function isRejoin(fault: KafkaError): boolean {
  return fault.code === "REBALANCE_IN_PROGRESS" || fault.code === "ILLEGAL_GENERATION" ||
    fault.code === "UNKNOWN_MEMBER_ID";
}

function rejoin(reason: string): KafkaError {
  return new KafkaError("REBALANCE_IN_PROGRESS", reason, { retriable: true });
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
