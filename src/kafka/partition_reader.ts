/**
 * Reads partitions of a topic without a group, from a chosen place. Nothing is committed; every reader sees every
 * record.
 *
 * @module
 */
import { safeListener } from "../base/listener.ts";
import { untilAborted } from "../base/stop.ts";
import { Client, METADATA_MAX_AGE_MS } from "./client.ts";
import { handlerFault, type KafkaError } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { resolveOffsets, type StartPosition } from "./list_offsets.ts";
import type { ReadPartition } from "./node_fetch.ts";
import type { ConsumedRecord } from "./record.ts";
import { retrying } from "./retry.ts";
import type { KafkaSettings } from "./settings.ts";

export type { StartPosition };

/** How long `start` tries to find its place. */
const START_TIMEOUT_MS = 30_000;

/** Options of {@linkcode PartitionReader.start}. */
export interface PartitionReaderOptions {
  readonly topic: string;
  /** @default all of them, also those that the topic gets later */
  readonly partitions?: readonly number[];
  readonly from: StartPosition;
  /** Where to go on when an offset is no longer in the log. @default "latest" if that is `from`, else "earliest" */
  readonly resetTo?: "earliest" | "latest";
  /**
   * In order within each partition. While a returned promise is pending, at most one more answer is fetched. What it
   * throws is told to `onFault`, and the reading goes on behind these records.
   */
  readonly onRecords: (records: ConsumedRecord[]) => void | Promise<void>;
  /** Something failed and is tried again, for as long as it takes. */
  readonly onFault?: (fault: KafkaError) => void;
  /** @default {30_000} */
  readonly startTimeoutMs?: number;
  /** Aborting closes the reader. */
  readonly signal?: AbortSignal;
}

/** See the module. */
export class PartitionReader implements AsyncDisposable {
  readonly #client: Client;
  readonly #ownsClient: boolean;
  readonly #fetcher: Fetcher;
  readonly #reading: ReadPartition[];
  #newPartitionsTimer: ReturnType<typeof setInterval> | undefined;

  private constructor(client: Client, ownsClient: boolean, fetcher: Fetcher, reading: ReadPartition[]) {
    this.#client = client;
    this.#ownsClient = ownsClient;
    this.#fetcher = fetcher;
    this.#reading = reading;
  }

  /**
   * Resolves when the reader is positioned: every record that is written from then on, and every older one from `from`
   * on, will be read.
   *
   * @throws {KafkaError} UNKNOWN_TOPIC_OR_PARTITION, NETWORK_EXCEPTION, SASL_AUTHENTICATION_FAILED and others
   */
  static async start(settings: KafkaSettings, options: PartitionReaderOptions): Promise<PartitionReader> {
    const client = await Client.connect(settings, options.signal);
    try {
      return await PartitionReader.on(client, options, true);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** A reader on a client that others use too; `close` leaves the client open, whose end is the reader's. */
  static async on(
    client: Client,
    options: PartitionReaderOptions,
    ownsClient = false,
  ): Promise<PartitionReader> {
    const { topic, from, signal, startTimeoutMs = START_TIMEOUT_MS } = options;
    const ending = AbortSignal.any(signal === undefined ? [client.closed] : [client.closed, signal]);
    const offsets = await untilAborted(
      retrying(async () => {
        const { leaders } = await client.topic(topic);
        const partitions = options.partitions ?? leaders.map((_, partition) => partition);
        return await resolveOffsets(client, topic, partitions, from);
      }, { withinMs: startTimeoutMs, signal: ending }),
      ending,
    );
    ending.throwIfAborted();
    const reading = [...offsets].map(([partition, offset]) => ({ topic, partition, offset }))
      .sort((a, b) => a.partition - b.partition);
    const onFault = safeListener("onFault", options.onFault);
    const onFailed = (error: unknown) => onFault(handlerFault(error));
    const fetcher = new Fetcher({
      client,
      onRecords: (records) => {
        try {
          return options.onRecords(records)?.catch(onFailed);
        } catch (error) {
          onFailed(error);
        }
      },
      onFault,
      resetTo: options.resetTo ?? (from === "latest" ? "latest" : "earliest"),
    });
    fetcher.add(reading);
    const reader = new PartitionReader(client, ownsClient, fetcher, reading);
    if (options.partitions === undefined) reader.#watchForPartitions(topic);
    ending.addEventListener("abort", () => reader.#end(), { once: true, signal: fetcher.closed });
    return reader;
  }

  /** Where each partition is read from next. */
  positions(): readonly Readonly<ReadPartition>[] {
    return this.#reading;
  }

  /** Ends at once; no record is told of after this. */
  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(): void {
    clearInterval(this.#newPartitionsTimer);
    this.#fetcher.close();
    if (this.#ownsClient) this.#client.close();
  }

  /** A partition that is new holds only records that are new: it is read from its beginning. */
  #watchForPartitions(topic: string): void {
    this.#newPartitionsTimer = setInterval(async () => {
      try {
        const { leaders } = await this.#client.topic(topic, { fresh: true });
        const added = leaders.map((_, partition) => ({ topic, partition, offset: 0n })).slice(
          this.#reading.length,
        );
        this.#reading.push(...added);
        if (added.length > 0) this.#fetcher.add(added);
      } catch {
        // The cluster is away; the fetcher tells.
      }
    }, METADATA_MAX_AGE_MS);
  }
}
