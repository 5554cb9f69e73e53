/**
 * Writes records. Idempotent by default: a retry never writes twice and never overtakes (KIP-98), with all in-sync
 * replicas asked. A record that was accepted is delivered or its promise says why not.
 *
 * @module
 */
import { untilAborted } from "../base/stop.ts";
import { awaitTopic } from "./awaited_topic.ts";
import { Backlog } from "./backlog.ts";
import { Client, type TopicMetadata } from "./client.ts";
import { KafkaError } from "./errors.ts";
import { Lane, type LaneContext } from "./lane.ts";
import type { AcceptedRecord } from "./lane_queue.ts";
import { choosePartition } from "./partitioner.ts";
import { ProducerIds } from "./producer_ids.ts";
import { encodeRecordBody, type RecordHeaders } from "./record_body.ts";
import { BATCH_OVERHEAD, RECORD_OVERHEAD } from "./record_encoder.ts";
import { type MessageValue, toWritable } from "./serialize.ts";
import type { KafkaSettings } from "./settings.ts";

export type { RecordHeaders };

/** Queued and unacknowledged bytes beyond which {@linkcode Producer.send} waits. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
/** Kafka's default of `message.max.bytes`, less the batch's own bytes. */
const MAX_REQUEST_BYTES = 1_048_588;
/** As the Java client's `delivery.timeout.ms`. */
const DELIVERY_TIMEOUT_MS = 120_000;
/** Options of {@linkcode Producer.connect}. */
export interface ProducerOptions {
  /** Whether the broker drops what a retry writes twice. @default {true} */
  readonly idempotent?: boolean;
  /** Bytes accepted and not yet acknowledged; beyond, `send` waits. @default {33_554_432} */
  readonly maxQueuedBytes?: number;
  /** The largest batch, and so the largest record. @default {1_048_588} */
  readonly maxRequestBytes?: number;
  /** How long a record may take from `send` to its acknowledgement. @default {120_000} */
  readonly deliveryTimeoutMs?: number;
  /** Aborting closes the producer; what is not acknowledged by then fails. */
  readonly signal?: AbortSignal;
}

/** A record to send. */
export interface ProducerRecord {
  readonly topic: string;
  /** Without it the key decides, or, without a key, each batch goes to another partition. */
  readonly partition?: number;
  readonly key?: MessageValue;
  readonly value: MessageValue;
  readonly headers?: RecordHeaders;
  /** Epoch milliseconds. @default {Date.now()} */
  readonly timestamp?: number;
  /** How long this record may take. @default {ProducerOptions.deliveryTimeoutMs} */
  readonly deliveryTimeoutMs?: number;
}

/** What became of a record. */
export interface DeliveryReport {
  readonly topic: string;
  readonly partition: number;
  /** -1n when the broker had the record already and no longer tells where. */
  readonly offset: bigint;
  /** Epoch milliseconds: the record's, or the time of appending where the topic keeps that. */
  readonly timestamp: number;
}

interface TopicLanes {
  readonly lanes: Lane[];
  /** Where records without a key go next. */
  next: number;
}

/** See the module. */
export class Producer implements AsyncDisposable {
  readonly #client: Client;
  readonly #ownsClient: boolean;
  readonly #deliveryTimeoutMs: number;
  readonly #topics = new Map<string, TopicLanes>();
  readonly #stop = new AbortController();
  readonly #context: LaneContext;
  readonly #backlog: Backlog;
  readonly #ids: ProducerIds;
  /** Topics that records wait for, so that no later record overtakes them. */
  readonly #waitingForTopic = new Map<string, number>();
  #isClosing = false;

  private constructor(client: Client, ownsClient: boolean, options: ProducerOptions) {
    this.#client = client;
    this.#ownsClient = ownsClient;
    const { idempotent = true, maxQueuedBytes = MAX_QUEUED_BYTES, maxRequestBytes = MAX_REQUEST_BYTES } =
      options;
    this.#backlog = new Backlog(positive("maxQueuedBytes", maxQueuedBytes));
    this.#deliveryTimeoutMs = positive("deliveryTimeoutMs", options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS);
    this.#ids = new ProducerIds(client, idempotent, this.#stop.signal);
    this.#context = {
      client,
      maxRequestBytes: positive("maxRequestBytes", maxRequestBytes) - BATCH_OVERHEAD,
      signal: this.#stop.signal,
      producerId: (renew) => this.#ids.get(renew),
      finished: (count, bytes) => this.#backlog.leave(count, bytes),
    };
    for (const signal of [options.signal, client.closed]) {
      signal?.addEventListener("abort", () => this.abort(), { once: true, signal: this.#stop.signal });
    }
  }

  /**
   * Connects, and obtains a producer id unless `idempotent` is false.
   *
   * @throws {KafkaError} NETWORK_EXCEPTION, SASL_AUTHENTICATION_FAILED and others: why the cluster cannot be used
   * @throws {RangeError} if a bound is not a positive number
   */
  static async connect(settings: KafkaSettings, options: ProducerOptions = {}): Promise<Producer> {
    const client = await Client.connect(settings, options.signal);
    try {
      return await Producer.on(client, options, true);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** A producer on a client that others use too; `close` leaves the client open, whose end is the producer's. */
  static async on(client: Client, options: ProducerOptions = {}, ownsClient = false): Promise<Producer> {
    const producer = new Producer(client, ownsClient, options);
    await untilAborted(producer.#ids.get(false), options.signal);
    return producer;
  }

  /**
   * Sends a record. Resolves when it is acknowledged; waits first while {@linkcode ProducerOptions.maxQueuedBytes} are
   * queued. Records of one partition keep the order of the calls.
   *
   * @param signal aborting gives up the waiting; what was sent by then is still on its way
   * @throws {TypeError} if the value or the key is of no sendable type
   * @throws {KafkaError} MESSAGE_TOO_LARGE, UNKNOWN_TOPIC_OR_PARTITION, REQUEST_TIMED_OUT, NETWORK_EXCEPTION and others;
   * THROTTLING_QUOTA_EXCEEDED if 100,000 wait already
   */
  send(record: ProducerRecord, signal?: AbortSignal): Promise<DeliveryReport> {
    const { topic } = record;
    const delivered = new Promise<DeliveryReport>((resolve, reject) => {
      signal?.throwIfAborted();
      const deadlineMs = performance.now() + (record.deliveryTimeoutMs ?? this.#deliveryTimeoutMs);
      const onDelivered = (partition: number, offset: bigint, timestamp: number) =>
        resolve({ topic, partition, offset, timestamp });
      this.enqueue(record, deadlineMs, onDelivered, reject);
    });
    return untilAborted(delivered, signal);
  }

  /**
   * The same as {@linkcode Producer.send} without a promise for each record; one of the two functions is called, once.
   *
   * @param deadlineMs when to give up, on the clock of `performance.now()`
   */
  enqueue(
    record: ProducerRecord,
    deadlineMs: number,
    onDelivered: AcceptedRecord["onDelivered"],
    onFailed: AcceptedRecord["onFailed"],
  ): void {
    try {
      if (this.#isClosing) throw closedError(record.topic);
      const key = toWritable(record.key ?? null, "key");
      const body = encodeRecordBody(key, toWritable(record.value, "value"), record.headers);
      const { timestamp = Date.now() } = record;
      this.#accept(record, key, { body, timestamp, deadlineMs, onDelivered, onFailed });
    } catch (error) {
      onFailed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /**
   * Resolves when everything that was sent before is delivered or has failed.
   *
   * @throws the signal's reason; what was sent is still on its way
   */
  flush(signal?: AbortSignal): Promise<void> {
    return untilAborted(this.#backlog.empty(), signal);
  }

  /** Takes no more, waits for what is out, and disconnects. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.flush();
    this.abort();
  }

  /** Ends at once: what is not acknowledged fails. */
  abort(): void {
    this.#isClosing = true;
    this.#stop.abort();
    if (this.#ownsClient) this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(record: ProducerRecord, key: string | Uint8Array | null, accepted: AcceptedRecord): void {
    const bytes = accepted.body.length + RECORD_OVERHEAD;
    if (bytes > this.#context.maxRequestBytes) {
      throw new KafkaError(
        "MESSAGE_TOO_LARGE",
        `Cannot produce to ${record.topic}: the record of ${accepted.body.length} bytes is larger than the limit of ` +
          `${this.#context.maxRequestBytes - RECORD_OVERHEAD}`,
        { retriable: false },
      );
    }
    if (this.#backlog.enter(record.topic, bytes)) this.#route(record, key, accepted);
    else this.#backlog.wait(bytes, () => this.#route(record, key, accepted));
  }

  /** To its lane, at once when the topic is known. */
  #route(record: ProducerRecord, key: string | Uint8Array | null, accepted: AcceptedRecord): void {
    const { topic } = record;
    const known = this.#waitingForTopic.has(topic) ? undefined : this.#client.cachedTopic(topic);
    if (known !== undefined) return this.#push(record, key, accepted, known);
    this.#waitingForTopic.set(topic, (this.#waitingForTopic.get(topic) ?? 0) + 1);
    const { signal } = this.#stop;
    awaitTopic(this.#client, topic, accepted.deadlineMs, signal).then(
      (metadata) => this.#push(record, key, accepted, metadata),
      (error) => this.#refuse(accepted, signal.aborted ? closedError(topic) : error),
    ).finally(() => {
      const left = (this.#waitingForTopic.get(topic) ?? 1) - 1;
      if (left === 0) this.#waitingForTopic.delete(topic);
      else this.#waitingForTopic.set(topic, left);
    });
  }

  #push(
    record: ProducerRecord,
    key: string | Uint8Array | null,
    accepted: AcceptedRecord,
    { leaders: { length: count } }: TopicMetadata,
  ): void {
    let topic = this.#topics.get(record.topic);
    if (topic === undefined) {
      topic = { lanes: [], next: 0 };
      this.#topics.set(record.topic, topic);
    }
    const partition = record.partition ?? choosePartition(key, count, topic);
    if (!Number.isInteger(partition) || partition < 0 || partition >= count) {
      this.#client.forget(record.topic);
      return this.#refuse(
        accepted,
        new KafkaError(
          "UNKNOWN_TOPIC_OR_PARTITION",
          `Cannot produce to ${record.topic}/${partition}: the topic has ${count} partition(s)`,
          { retriable: false },
        ),
      );
    }
    (topic.lanes[partition] ??= new Lane(this.#context, record.topic, partition)).push(accepted);
  }

  #refuse(accepted: AcceptedRecord, error: Error): void {
    accepted.onFailed(error);
    this.#backlog.leave(1, accepted.body.length + RECORD_OVERHEAD);
  }
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new RangeError(`Cannot make a producer as '${name}' must be positive: current value is ${value}`);
}

function closedError(topic: string): KafkaError {
  return new KafkaError("NETWORK_EXCEPTION", `Cannot produce to ${topic}: the producer is closed`, {
    retriable: false,
  });
}
