/**
 * The way of a producer's records to one partition. One request is in flight at a time; what arrives meanwhile leaves
 * together in the next one. So a lone record never waits, many share a request, and the order holds through retries.
 *
 * @module
 */
import { backoffMs } from "../base/backoff.ts";
import { isRetriable } from "../base/errors.ts";
import { sleep } from "../base/stop.ts";
import type { Client } from "./client.ts";
import { errorFromCode, KafkaError } from "./errors.ts";
import { type AcceptedRecord, LaneQueue } from "./lane_queue.ts";
import type { Link } from "./link.ts";
import type { ProducerId } from "./producer_ids.ts";
import { decodeProduceResponse, encodeProduceRequest, type ProduceResult } from "./produce_request.ts";
import { type ProducerIdentity, RECORD_OVERHEAD } from "./record_encoder.ts";
import { RETRY_BACKOFF } from "./retry.ts";

/** Error codes that a producer handles otherwise than by "try again" or "give up". */
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const NOT_LEADER_OR_FOLLOWER = 6;
const MESSAGE_TOO_LARGE = 10;
const RECORD_LIST_TOO_LARGE = 18;
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;
const DUPLICATE_SEQUENCE_NUMBER = 46;
const INVALID_PRODUCER_EPOCH = 47;
const UNKNOWN_PRODUCER_ID = 59;

/** How long a topic that was there may be unknown, as while metadata spreads, before it counts as deleted. */
const UNKNOWN_TOPIC_TIMEOUT_MS = 5_000;
/** Sequence numbers are INT32 and go on at 0 (KIP-98). */
const SEQUENCES = 2 ** 31;

/** What lanes share. */
export interface LaneContext {
  readonly client: Client;
  readonly maxRequestBytes: number;
  readonly signal: AbortSignal;
  /** The producer id, or none (-1) when the producer is not idempotent; `renew` asks for another one. */
  producerId(renew: boolean): Promise<ProducerId>;
  /** So many records, of so many bytes, have ended. */
  finished(count: number, bytes: number): void;
}

/** See the module. */
export class Lane {
  readonly #context: LaneContext;
  readonly #topic: string;
  readonly #partition: number;
  readonly #action: string;
  readonly #queue = new LaneQueue();
  #running: Promise<void> | undefined;
  #identity: ProducerIdentity | undefined;
  /** Whether the sequence was lost, so that the shared producer id no longer serves this partition. */
  #isRenewed = false;
  #leader: number | undefined;
  #link: Link | undefined;

  constructor(context: LaneContext, topic: string, partition: number) {
    this.#context = context;
    this.#topic = topic;
    this.#partition = partition;
    this.#action = `Cannot produce to ${topic}/${partition}`;
  }

  /** Takes a record. Never waits: the producer has made room for it. */
  push(record: AcceptedRecord): void {
    this.#queue.push(record);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is queued or in flight. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Whatever is sent in the same turn leaves together.
    await Promise.resolve();
    try {
      while (!this.#queue.isEmpty) await this.#deliver(this.#take());
    } finally {
      this.#running = undefined;
    }
  }

  /** What leaves together; what is past its time fails here, unsent. */
  #take(): AcceptedRecord[] {
    const late: AcceptedRecord[] = [];
    const batch = this.#queue.take(this.#context.maxRequestBytes, late);
    if (late.length > 0) this.#fail(late, this.#expired("it was not sent in time"));
    return batch;
  }

  /** Brings a batch to its end: every record of it is delivered or has failed. */
  async #deliver(records: readonly AcceptedRecord[]): Promise<void> {
    if (records.length === 0) return;
    let deadlineMs = 0;
    for (let i = 0; i < records.length; i++) deadlineMs = Math.max(deadlineMs, records[i]?.deadlineMs ?? 0);
    /** Whether the broker may have written the batch though it never said so. */
    let isUnsure = false;
    let unknownSinceMs: number | undefined;
    for (let tries = 1;; tries++) {
      let fault: KafkaError;
      try {
        const identity = this.#identity ??= await this.#begin();
        const sentAtMs = performance.now();
        const result = await this.#produce(records, identity, () => isUnsure = true);
        isUnsure = false;
        this.#queue.saw(performance.now() - sentAtMs);
        switch (result.errorCode) {
          case 0:
          case DUPLICATE_SEQUENCE_NUMBER:
            return this.#succeed(records, result, identity);
          case MESSAGE_TOO_LARGE:
          case RECORD_LIST_TOO_LARGE: {
            const [only] = records;
            if (records.length === 1 && only !== undefined) {
              return this.#fail(records, this.#tooLarge(result.errorCode, only));
            }
            const half = records.length >> 1;
            await this.#deliver(records.slice(0, half));
            return await this.#deliver(records.slice(half));
          }
          case OUT_OF_ORDER_SEQUENCE_NUMBER:
          case INVALID_PRODUCER_EPOCH:
          case UNKNOWN_PRODUCER_ID:
            // The broker lost its memory of us: go on under a new id.
            this.#loseSequence();
            fault = errorFromCode(result.errorCode, this.#action);
            break;
          default:
            fault = errorFromCode(result.errorCode, this.#action);
            if (
              result.errorCode === UNKNOWN_TOPIC_OR_PARTITION || result.errorCode === NOT_LEADER_OR_FOLLOWER
            ) {
              this.#context.client.forget(this.#topic);
            }
            if (!fault.retriable) return this.#fail(records, fault);
        }
      } catch (error) {
        fault = error instanceof KafkaError ? error : new KafkaError(
          "UNKNOWN_SERVER_ERROR",
          `${this.#action}: ${error instanceof Error ? error.message : String(error)}`,
          { retriable: false, cause: error },
        );
        if (!isRetriable(fault)) {
          if (isUnsure) this.#loseSequence();
          return this.#fail(records, fault);
        }
        this.#context.client.forget(this.#topic);
      }
      if (fault.code !== "UNKNOWN_TOPIC_OR_PARTITION") unknownSinceMs = undefined;
      else if (performance.now() - (unknownSinceMs ??= performance.now()) > UNKNOWN_TOPIC_TIMEOUT_MS) {
        return this.#fail(records, fault);
      }
      const delayMs = backoffMs(tries, RETRY_BACKOFF);
      if (this.#context.signal.aborted || performance.now() + delayMs > deadlineMs) {
        // What comes next must not continue a sequence whose last number may or may not be taken.
        if (isUnsure) this.#loseSequence();
        return this.#fail(
          records,
          this.#context.signal.aborted ? this.#closed() : this.#expired(fault.message),
        );
      }
      await sleep(delayMs, this.#context.signal).catch(() => {});
    }
  }

  /** A sequence from 0 on. */
  async #begin(): Promise<ProducerIdentity> {
    const { producerId, producerEpoch } = await this.#context.producerId(this.#isRenewed);
    return { producerId, producerEpoch, baseSequence: producerId < 0n ? -1 : 0 };
  }

  #loseSequence(): void {
    this.#identity = undefined;
    this.#isRenewed = true;
  }

  async #produce(
    records: readonly AcceptedRecord[],
    identity: ProducerIdentity,
    onSent: () => void,
  ): Promise<ProduceResult> {
    const { client } = this.#context;
    let leader = client.leaderOf(this.#topic, this.#partition);
    if (leader === undefined) {
      await client.topic(this.#topic, { fresh: true });
      leader = client.leaderOf(this.#topic, this.#partition);
      if (leader === undefined) throw errorFromCode(5, this.#action);
    }
    // The link of the last time, without a wait, while it is still the right one.
    if (this.#link?.isUp !== true || this.#leader !== leader) {
      this.#link = await client.link(leader);
      this.#leader = leader;
    }
    const link = this.#link;
    const request = encodeProduceRequest(
      client.settings.clientId,
      this.#topic,
      this.#partition,
      records,
      identity,
    );
    onSent();
    const result = decodeProduceResponse(await link.send(this.#action, request));
    link.throttle(result.throttleTimeMs);
    return result;
  }

  #succeed(records: readonly AcceptedRecord[], result: ProduceResult, identity: ProducerIdentity): void {
    if (identity.producerId >= 0n) {
      this.#identity = { ...identity, baseSequence: (identity.baseSequence + records.length) % SEQUENCES };
    }
    const { baseOffset, logAppendTime } = result;
    const appendedAt = logAppendTime >= 0n ? Number(logAppendTime) : undefined;
    let bytes = 0;
    let offset = baseOffset;
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (record === undefined) continue;
      bytes += record.body.length + RECORD_OVERHEAD;
      record.onDelivered(this.#partition, offset, appendedAt ?? record.timestamp);
      if (baseOffset >= 0n) offset++;
    }
    this.#context.finished(records.length, bytes);
  }

  #fail(records: readonly AcceptedRecord[], error: KafkaError): void {
    let bytes = 0;
    for (const record of records) {
      bytes += record.body.length + RECORD_OVERHEAD;
      record.onFailed(error);
    }
    this.#context.finished(records.length, bytes);
  }

  #tooLarge(code: number, { body }: AcceptedRecord): KafkaError {
    const { code: name } = errorFromCode(code, "");
    return new KafkaError(
      name,
      `${this.#action}: the record of ${body.length} bytes is larger than the topic takes`,
      { retriable: false },
    );
  }

  #expired(reason: string): KafkaError {
    return new KafkaError("REQUEST_TIMED_OUT", `${this.#action}: the delivery time has passed; ${reason}`, {
      retriable: true,
    });
  }

  #closed(): KafkaError {
    return new KafkaError("NETWORK_EXCEPTION", `${this.#action}: the producer was closed before it could`, {
      retriable: true,
    });
  }
}
