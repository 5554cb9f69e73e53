/**
 * The fetches from one broker: one long poll at a time, over a connection of its own, so that it can be given up at
 * once. The next poll leaves as soon as the records of the last one are handed over.
 *
 * @module
 */
import process from "node:process";
import type { Client } from "./client.ts";
import { errorFromCode, KafkaError, toKafkaError } from "./errors.ts";
import { decodeFetchResponse, type FetchedPartition, FetchRequests } from "./fetch_request.ts";
import type { Link } from "./link.ts";
import type { ConsumedRecord } from "./record.ts";
import { decodeBatches } from "./record_decoder.ts";

/** How long a poll waits for records. It costs nothing: what is to end it closes the connection. */
const MAX_WAIT_MS = 10_000;
const OFFSET_OUT_OF_RANGE = 1;

/** A partition that is being read, and where from next. */
export interface ReadPartition {
  readonly topic: string;
  readonly partition: number;
  offset: bigint;
  /** The end of the log at the last fetch, or undefined before it. */
  highWatermark?: bigint;
}

/** What a {@linkcode NodeFetch} tells. */
export interface NodeFetchEvents {
  /** A promise holds back the poll after the next. */
  onRecords(records: ConsumedRecord[]): void | Promise<void>;
  /** The partition was answered for, if only with nothing new. */
  onRead(partition: ReadPartition): void;
  /** These partitions are no longer read here, because of `fault`. */
  onLost(partitions: readonly ReadPartition[], fault: KafkaError): void;
  /** The partition's offset is not, or no longer, in the log. */
  onOutOfRange(partition: ReadPartition, fault: KafkaError): void;
}

/** See the module. */
export class NodeFetch {
  readonly #client: Client;
  readonly #nodeId: number;
  readonly #events: NodeFetchEvents;
  readonly #action: string;
  readonly #partitions = new Map<string, ReadPartition>();
  #requests: FetchRequests | undefined;
  #link: Link | undefined;
  #isClosed = false;
  #isRunning = false;
  /** The poll was given up for new partitions. */
  #isInterrupted = false;

  constructor(client: Client, nodeId: number, events: NodeFetchEvents) {
    this.#client = client;
    this.#nodeId = nodeId;
    this.#events = events;
    this.#action = `Cannot fetch from node ${nodeId}`;
  }

  /** Reads these too, from now on: a poll that waits is given up. */
  add(partitions: readonly ReadPartition[]): void {
    for (const partition of partitions) this.#partitions.set(keyOf(partition), partition);
    this.#requests = undefined;
    if (this.#link !== undefined) {
      this.#isInterrupted = true;
      this.#link.close();
    }
    if (!this.#isRunning) this.#run();
  }

  /** Ends at once. */
  close(): void {
    this.#isClosed = true;
    this.#link?.close();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (!this.#isClosed && this.#partitions.size > 0) {
      this.#isInterrupted = false;
      try {
        const link = await this.#client.dial(this.#nodeId);
        this.#link = link;
        if (this.#isClosed) link.close();
        else await this.#poll(link);
      } catch (error) {
        if (!this.#isClosed && !this.#isInterrupted) {
          this.#loseAll(toKafkaError(error, { action: this.#action }));
        }
      }
      this.#link?.close();
      this.#link = undefined;
    }
    this.#isRunning = false;
  }

  async #poll(link: Link): Promise<void> {
    // The first answer comes at once: it shows that all is well.
    let polling = this.#ask(link, 0);
    while (!this.#isClosed && this.#partitions.size > 0) {
      const answer = decodeFetchResponse(await polling);
      // Before an offset moves: nobody takes the records any more.
      if (this.#isClosed) return;
      link.throttle(answer.throttleTimeMs);
      if (answer.errorCode !== 0) throw errorFromCode(answer.errorCode, this.#action);
      const records: ConsumedRecord[] = [];
      for (const fetched of answer.partitions) this.#take(fetched, records);
      const held = records.length > 0 ? this.#events.onRecords(records) : undefined;
      // What the records gave rise to at once goes out before the next poll: a tick comes after all promises.
      if (records.length > 0) await new Promise<void>((resolve) => process.nextTick(resolve));
      if (this.#isClosed || this.#partitions.size === 0) return;
      polling = this.#ask(link, MAX_WAIT_MS);
      // Its failure is seen when it is awaited above.
      polling.catch(() => {});
      await held;
    }
  }

  #ask(link: Link, maxWaitMs: number) {
    this.#requests ??= new FetchRequests(this.#client.settings.clientId, this.#partitions.values());
    return link.send(this.#action, this.#requests.next(maxWaitMs));
  }

  #take(fetched: FetchedPartition, records: ConsumedRecord[]): void {
    const { topic, partition, errorCode } = fetched;
    const reading = this.#partitions.get(keyOf(fetched));
    if (reading === undefined) return;
    try {
      if (errorCode !== 0) {
        throw errorFromCode(errorCode, `Cannot read ${topic}/${partition} at offset ${reading.offset}`);
      }
      reading.highWatermark = fetched.highWatermark;
      if (fetched.records.length > 0) {
        reading.offset = decodeBatches(
          {
            topic: reading.topic,
            partition,
            bytes: fetched.records,
            fromOffset: reading.offset,
            abortedTransactions: fetched.abortedTransactions,
          },
          records,
        );
      }
      this.#events.onRead(reading);
    } catch (error) {
      const fault = toKafkaError(error, { action: `Cannot read ${topic}/${partition}` });
      this.#partitions.delete(keyOf(fetched));
      this.#requests = undefined;
      if (errorCode === OFFSET_OUT_OF_RANGE) this.#events.onOutOfRange(reading, fault);
      else this.#events.onLost([reading], fault);
    }
  }

  #loseAll(fault: KafkaError): void {
    const lost = [...this.#partitions.values()];
    this.#partitions.clear();
    this.#events.onLost(lost, fault);
  }
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
