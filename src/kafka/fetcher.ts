/**
 * Reads partitions wherever their leaders are, and finds the leaders again when they move or their brokers go away,
 * for as long as that takes.
 *
 * @module
 */
import { backoffMs } from "../base/backoff.ts";
import { sleep } from "../base/stop.ts";
import type { Client } from "./client.ts";
import { type KafkaError, toKafkaError } from "./errors.ts";
import { resolveOffsets } from "./list_offsets.ts";
import { NodeFetch, type ReadPartition } from "./node_fetch.ts";
import type { ConsumedRecord } from "./record.ts";
import { RETRY_BACKOFF } from "./retry.ts";

/** Options of {@linkcode Fetcher}. */
export interface FetcherOptions {
  readonly client: Client;
  /** In order within each partition. While a returned promise is pending, at most one more answer is fetched. */
  readonly onRecords: (records: ConsumedRecord[]) => void | Promise<void>;
  /** Where to go on when an offset is no longer in the log. */
  readonly resetTo: "earliest" | "latest";
  /** Something failed and is tried again. */
  readonly onFault?: ((fault: KafkaError) => void) | undefined;
  /** Every partition is being read: for the first time, or again after a fault. */
  readonly onReading?: (() => void) | undefined;
}

/** See the module. */
export class Fetcher implements Disposable {
  readonly #options: FetcherOptions;
  readonly #nodes = new Map<number, NodeFetch>();
  readonly #stop = new AbortController();
  /** Partitions that were not read since they were added, or since they failed; and how often they did. */
  readonly #failures = new Map<ReadPartition, number>();
  #lost: ReadPartition[] = [];
  #isRouting = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** Reads these too. Their `offset` is kept up to date. */
  add(partitions: readonly ReadPartition[]): void {
    this.#lost.push(...partitions);
    for (const partition of partitions) this.#failures.set(partition, 0);
    if (!this.#isRouting) this.#route();
  }

  /** Aborted when this is closed. */
  get closed(): AbortSignal {
    return this.#stop.signal;
  }

  /** Ends at once; no record is told of after this. */
  close(): void {
    this.#stop.abort();
    for (const node of this.#nodes.values()) node.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Brings every partition without a reader to the broker that leads it. */
  async #route(): Promise<void> {
    this.#isRouting = true;
    const { signal } = this.#stop;
    while (this.#lost.length > 0 && !signal.aborted) {
      const tries = Math.max(...this.#lost.map((partition) => this.#failures.get(partition) ?? 0));
      if (tries > 0) await sleep(backoffMs(tries, RETRY_BACKOFF), signal).catch(() => {});
      if (signal.aborted) break;
      const partitions = this.#lost;
      this.#lost = [];
      await this.#assign(partitions, tries > 0);
    }
    this.#isRouting = false;
  }

  async #assign(partitions: readonly ReadPartition[], fresh: boolean): Promise<void> {
    const { client, onFault } = this.#options;
    for (const [topic, ofTopic] of Map.groupBy(partitions, (partition) => partition.topic)) {
      try {
        await client.topic(topic, { fresh });
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        onFault?.(toKafkaError(error, { action: `Cannot read ${topic}` }));
        this.#lose(ofTopic);
        continue;
      }
      if (this.#stop.signal.aborted) return;
      for (
        const [leader, led] of Map.groupBy(ofTopic, ({ partition }) => client.leaderOf(topic, partition))
      ) {
        if (leader === undefined) this.#lose(led);
        else this.#node(leader).add(led);
      }
    }
  }

  #node(nodeId: number): NodeFetch {
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = new NodeFetch(this.#options.client, nodeId, {
        onRecords: (records) => this.#stop.signal.aborted ? undefined : this.#options.onRecords(records),
        onRead: (partition) => this.#onRead(partition),
        onLost: (partitions, fault) => this.#onLost(partitions, fault),
        onOutOfRange: (partition, fault) => this.#reset(partition, fault),
      });
      this.#nodes.set(nodeId, node);
    }
    return node;
  }

  #onLost(partitions: readonly ReadPartition[], fault: KafkaError): void {
    if (this.#stop.signal.aborted) return;
    this.#options.onFault?.(fault);
    this.#lose(partitions);
    if (!this.#isRouting) this.#route();
  }

  #lose(partitions: readonly ReadPartition[]): void {
    this.#lost.push(...partitions);
    for (const partition of partitions) {
      this.#failures.set(partition, (this.#failures.get(partition) ?? 0) + 1);
    }
  }

  #onRead(partition: ReadPartition): void {
    if (this.#failures.size === 0 || !this.#failures.delete(partition)) return;
    if (this.#failures.size === 0) this.#options.onReading?.();
  }

  async #reset(partition: ReadPartition, fault: KafkaError): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { client, resetTo } = this.#options;
    try {
      const offsets = await resolveOffsets(client, partition.topic, [partition.partition], resetTo);
      partition.offset = offsets.get(partition.partition) ?? partition.offset;
      this.#onLost([partition], fault);
    } catch (error) {
      this.#onLost(
        [partition],
        toKafkaError(error, { action: `Cannot read ${partition.topic}/${partition.partition}` }),
      );
    }
  }
}
