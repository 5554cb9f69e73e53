/**
 * Writes records. Idempotent by default: a retry never writes twice and never overtakes (KIP-98), with all in-sync
 * replicas asked. A record that was accepted is delivered or its promise says why not.
 *
 * @module
 */
import { describeError, isRetriable } from "../base/errors.ts";
import { untilAborted } from "../base/stop.ts";
import { Client, type TopicMetadata } from "./client.ts";
import { KafkaError } from "./errors.ts";
import { type AcceptedRecord, type DeliveryReport, Lane, type LaneContext } from "./lane.ts";
import { partitionOf } from "./partitioner.ts";
import { encodeRecordBody, type RecordHeaders } from "./record_body.ts";
import { BATCH_OVERHEAD, RECORD_OVERHEAD } from "./record_encoder.ts";
import { retrying } from "./retry.ts";
import { type MessageValue, toWritable } from "./serialize.ts";
import type { KafkaSettings } from "./settings.ts";
import { encodeText } from "./text.ts";

export type { DeliveryReport, RecordHeaders };

/** Queued and unacknowledged bytes beyond which {@linkcode Producer.send} waits. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
/** Kafka's default of `message.max.bytes`, less the batch's own bytes. */
const MAX_REQUEST_BYTES = 1_048_588;
/** Records that wait for room in the queue. More are refused. */
const MAX_WAITING = 100_000;
/** As the Java client's `delivery.timeout.ms`. */
const DELIVERY_TIMEOUT_MS = 120_000;
/** How long a topic may take to become known, as right after its creation. */
const UNKNOWN_TOPIC_TIMEOUT_MS = 2_000;
/** As the Java client's `max.block.ms` for a cluster that cannot be reached. */
const PRODUCER_ID_TIMEOUT_MS = 30_000;

const NO_PRODUCER_ID = Promise.resolve({ producerId: -1n, producerEpoch: -1 });

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

interface TopicLanes {
  readonly lanes: Lane[];
  /** Where records without a key go next. */
  next: number;
}

/** See the module. */
export class Producer implements AsyncDisposable {
  readonly #client: Client;
  readonly #ownsClient: boolean;
  readonly #idempotent: boolean;
  readonly #maxQueuedBytes: number;
  readonly #maxRequestBytes: number;
  readonly #deliveryTimeoutMs: number;
  readonly #topics = new Map<string, TopicLanes>();
  readonly #stop = new AbortController();
  readonly #context: LaneContext;
  readonly #waitingForRoom: { bytes: number; go: () => void }[] = [];
  /** Topics that records wait for, so that no later record overtakes them. */
  readonly #waitingForTopic = new Map<string, number>();
  #queuedBytes = 0;
  #unfinished = 0;
  #onIdle: (() => void)[] = [];
  #isClosing = false;
  #firstId: Promise<{ producerId: bigint; producerEpoch: number }> | undefined;

  private constructor(client: Client, ownsClient: boolean, options: ProducerOptions) {
    this.#client = client;
    this.#ownsClient = ownsClient;
    this.#idempotent = options.idempotent ?? true;
    this.#maxQueuedBytes = positive("maxQueuedBytes", options.maxQueuedBytes ?? MAX_QUEUED_BYTES);
    this.#maxRequestBytes = positive("maxRequestBytes", options.maxRequestBytes ?? MAX_REQUEST_BYTES);
    this.#deliveryTimeoutMs = positive("deliveryTimeoutMs", options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS);
    this.#context = {
      client,
      maxRequestBytes: this.#maxRequestBytes - BATCH_OVERHEAD,
      signal: this.#stop.signal,
      producerId: (renew) => this.#producerId(renew),
      finished: (count, bytes) => this.#finished(count, bytes),
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
    if (producer.#idempotent) {
      producer.#firstId = producer.#initProducerId();
      await untilAborted(producer.#firstId, options.signal);
    }
    return producer;
  }

  /**
   * Sends a record. Resolves when it is acknowledged; waits first while {@linkcode ProducerOptions.maxQueuedBytes} are
   * queued. Records of one partition keep the order of the calls.
   *
   * @throws {TypeError} if the value or the key is of no sendable type
   * @throws {KafkaError} MESSAGE_TOO_LARGE, UNKNOWN_TOPIC_OR_PARTITION, REQUEST_TIMED_OUT, NETWORK_EXCEPTION and others;
   * THROTTLING_QUOTA_EXCEEDED if 100,000 wait already
   */
  send(record: ProducerRecord): Promise<DeliveryReport> {
    const { topic } = record;
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + (record.deliveryTimeoutMs ?? this.#deliveryTimeoutMs);
      const onDelivered = (partition: number, offset: bigint, timestamp: number) =>
        resolve({ topic, partition, offset, timestamp });
      this.enqueue(record, deadlineMs, onDelivered, reject);
    });
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

  /** Resolves when everything that was sent before is delivered or has failed. */
  flush(): Promise<void> {
    if (this.#unfinished === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
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
    const hasRoom = this.#queuedBytes === 0 || this.#queuedBytes + bytes <= this.#maxQueuedBytes;
    if (this.#waitingForRoom.length >= MAX_WAITING) {
      throw new KafkaError(
        "THROTTLING_QUOTA_EXCEEDED",
        `Cannot produce to ${record.topic}: ${MAX_WAITING} records wait for room in the queue already`,
        { retriable: true },
      );
    }
    this.#unfinished++;
    if (hasRoom && this.#waitingForRoom.length === 0) {
      this.#queuedBytes += bytes;
      this.#route(record, key, accepted);
    } else {
      this.#waitingForRoom.push({ bytes, go: () => this.#route(record, key, accepted) });
    }
  }

  /** To its lane, at once when the topic is known. */
  #route(record: ProducerRecord, key: string | Uint8Array | null, accepted: AcceptedRecord): void {
    const { topic } = record;
    const known = this.#waitingForTopic.has(topic) ? undefined : this.#client.cachedTopic(topic);
    if (known !== undefined) return this.#push(record, key, accepted, known);
    this.#waitingForTopic.set(topic, (this.#waitingForTopic.get(topic) ?? 0) + 1);
    this.#awaitTopic(topic, accepted.deadlineMs).then(
      (metadata) => this.#push(record, key, accepted, metadata),
      (error) => this.#refuse(accepted, error),
    ).finally(() => {
      const left = (this.#waitingForTopic.get(topic) ?? 1) - 1;
      if (left === 0) this.#waitingForTopic.delete(topic);
      else this.#waitingForTopic.set(topic, left);
    });
  }

  /** An unknown topic is given a moment to appear, a cluster that is away as long as the record has. */
  async #awaitTopic(topic: string, deadlineMs: number): Promise<TopicMetadata> {
    const giveUpUnknownAtMs = performance.now() + UNKNOWN_TOPIC_TIMEOUT_MS;
    return await retrying(async () => {
      try {
        return await this.#client.topic(topic);
      } catch (error) {
        const isUnknown = error instanceof KafkaError && error.code === "UNKNOWN_TOPIC_OR_PARTITION";
        if (isUnknown && performance.now() > giveUpUnknownAtMs) throw unknownTopic(topic);
        throw error;
      }
    }, { withinMs: deadlineMs - performance.now(), signal: this.#stop.signal }).catch((error) => {
      if (this.#stop.signal.aborted) throw closedError(topic);
      if (!isRetriable(error)) throw error;
      throw new KafkaError(
        "REQUEST_TIMED_OUT",
        `Cannot produce to ${topic}: the delivery time has passed; ${describeError(error)}`,
        { retriable: true, cause: error },
      );
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
    this.#finished(1, accepted.body.length + RECORD_OVERHEAD);
  }

  #finished(count: number, bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#unfinished -= count;
    while (this.#waitingForRoom.length > 0) {
      const [first] = this.#waitingForRoom;
      if (first === undefined) break;
      if (this.#queuedBytes > 0 && this.#queuedBytes + first.bytes > this.#maxQueuedBytes) break;
      this.#waitingForRoom.shift();
      this.#queuedBytes += first.bytes;
      first.go();
    }
    if (this.#unfinished === 0) { for (const resolve of this.#onIdle.splice(0)) resolve(); }
  }

  /** Lanes share the id of the connect; a lane that lost its sequence gets one of its own. */
  #producerId(renew: boolean): Promise<{ producerId: bigint; producerEpoch: number }> {
    if (!this.#idempotent) return NO_PRODUCER_ID;
    return !renew && this.#firstId !== undefined ? this.#firstId : this.#initProducerId();
  }

  #initProducerId(): Promise<{ producerId: bigint; producerEpoch: number }> {
    return retrying(async () => {
      const link = await this.#client.any();
      const { producerId, producerEpoch } = await link.call(
        "Cannot obtain a producer id",
        (broker) => broker.initProducerId({ transactionalId: null, transactionTimeout: 60_000 }),
      );
      return { producerId: BigInt(producerId), producerEpoch };
    }, { withinMs: PRODUCER_ID_TIMEOUT_MS, signal: this.#stop.signal });
  }
}

/** The key decides; records without one go round. */
function choosePartition(key: string | Uint8Array | null, count: number, topic: TopicLanes): number {
  if (count === 1) return 0;
  if (key === null) return topic.next = (topic.next + 1) % count;
  return partitionOf(typeof key === "string" ? encodeText(key) : key, count);
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new RangeError(`Cannot make a producer as '${name}' must be positive: current value is ${value}`);
}

function unknownTopic(topic: string): KafkaError {
  return new KafkaError(
    "UNKNOWN_TOPIC_OR_PARTITION",
    `Cannot produce to ${topic}: the topic does not exist`,
    {
      retriable: false,
    },
  );
}

function closedError(topic: string): KafkaError {
  return new KafkaError("NETWORK_EXCEPTION", `Cannot produce to ${topic}: the producer is closed`, {
    retriable: false,
  });
}
