/**
 * Asks and is answered: a request is a record that names a topic where its reply is awaited. Every request that was
 * accepted ends: with its reply, with the other side's error, at its deadline, or with the fault that kept it from
 * being sent.
 *
 * @module
 */
import { ReplyError } from "../base/errors.ts";
import { Histogram } from "../base/histogram.ts";
import { untilAborted, withDeadline, within } from "../base/stop.ts";
import { Client } from "../kafka/client.ts";
import { KafkaError } from "../kafka/errors.ts";
import { PartitionReader } from "../kafka/partition_reader.ts";
import { type DeliveryReport, Producer, type ProducerRecord } from "../kafka/producer.ts";
import type { ConsumedRecord } from "../kafka/record.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { requestHeaders } from "./headers.ts";
import { newId } from "./ids.ts";
import { type Message, type PendingRequest, PendingRequests } from "./pending_requests.ts";
import { readReply, Reply } from "./reply.ts";
import { ReplyTopic } from "./reply_topic.ts";

export { type Message, Reply };

const MAX_IN_FLIGHT = 10_000;
const START_TIMEOUT_MS = 30_000;
/** How long the end may take: flushing what was sent, and deleting the reply topic. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Options of {@linkcode Requester.start}. */
export interface RequesterOptions {
  readonly settings: KafkaSettings;
  /** This requester's own; created when it is absent, deleted on close. */
  readonly replyTopic: string;
  /** Requests that wait for a reply at a time; beyond, `request` waits for a place. @default {10_000} */
  readonly maxInFlight?: number;
  /** How long `start` may take. @default {30_000} */
  readonly startTimeoutMs?: number;
  /** Reading replies failed and is tried again. */
  readonly onFault?: (fault: KafkaError) => void;
  /** Aborting closes the requester. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Requester.request}. */
export interface RequestOptions {
  /** From the call to the reply; the other side is told, and skips what comes too late. */
  readonly timeoutMs: number;
  /** @default a UUIDv7 */
  readonly id?: string;
  /** Aborting gives the waiting up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode Requester.stats} tells. */
export interface RequesterStats {
  /** Requests acknowledged by the broker, and records sent one way. */
  readonly sent: number;
  readonly answered: number;
  /** Ended by an error reply, or could not be sent. */
  readonly failed: number;
  readonly timedOut: number;
  /** Replies that came after their request had ended. */
  readonly late: number;
  /** Replies to nothing that was asked here. */
  readonly unknown: number;
  readonly inFlight: number;
  /** Of the round trips that were answered; undefined while there is none. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** See the module. */
export class Requester implements AsyncDisposable {
  readonly #client: Client;
  readonly #producer: Producer;
  readonly #replyTopic: ReplyTopic;
  readonly #pending: PendingRequests;
  readonly #rtt = new Histogram();
  #reader: PartitionReader | undefined;
  #sent = 0;
  #failed = 0;
  #timedOut = 0;
  #late = 0;
  #unknown = 0;
  #closing: Promise<void> | undefined;
  readonly #onSent = () => void this.#sent++;

  private constructor(client: Client, producer: Producer, replyTopic: ReplyTopic, maxInFlight: number) {
    if (!(maxInFlight > 0)) {
      throw new RangeError(
        `Cannot request as 'maxInFlight' must be positive: current value is ${maxInFlight}`,
      );
    }
    this.#client = client;
    this.#producer = producer;
    this.#replyTopic = replyTopic;
    this.#pending = new PendingRequests({
      places: maxInFlight,
      send: (request) => this.#send(request),
      onTimeout: () => this.#timedOut++,
    });
  }

  /**
   * Connects, creates the reply topic and positions its reader; only then does it resolve, so that no reply is missed.
   *
   * @throws {KafkaError} why the cluster cannot be used, or REQUEST_TIMED_OUT after `startTimeoutMs`
   * @throws the signal's reason, at once, and nothing stays open
   */
  static start(options: RequesterOptions): Promise<Requester> {
    const { replyTopic, startTimeoutMs = START_TIMEOUT_MS } = options;
    const timeout = () =>
      new KafkaError(
        "REQUEST_TIMED_OUT",
        `Cannot read replies from '${replyTopic}' in ${startTimeoutMs} ms`,
        { retriable: true },
      );
    return withDeadline(
      (signal) => Requester.#start(options, signal),
      startTimeoutMs,
      timeout,
      options.signal,
    );
  }

  static async #start(options: RequesterOptions, starting: AbortSignal): Promise<Requester> {
    const client = await Client.connect(options.settings, starting);
    try {
      const requester = await untilAborted(Requester.#startOn(client, options), starting);
      starting.throwIfAborted();
      const whileOpen = { once: true, signal: client.closed };
      options.signal?.addEventListener("abort", () => requester.close(), whileOpen);
      return requester;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  static async #startOn(client: Client, options: RequesterOptions): Promise<Requester> {
    const { maxInFlight = MAX_IN_FLIGHT, onFault } = options;
    const replyTopic = new ReplyTopic(client, options.replyTopic);
    const [producer] = await Promise.all([Producer.on(client), replyTopic.create()]);
    const requester = new Requester(client, producer, replyTopic, maxInFlight);
    requester.#reader = await PartitionReader.on(client, {
      topic: replyTopic.name,
      from: "latest",
      // One that was made anew holds nothing but replies to what is asked now.
      resetTo: "earliest",
      onRecords: (records) => {
        const nowMs = performance.now();
        for (const record of records) requester.#onReply(record, nowMs);
      },
      onFault: (fault) => {
        if (fault.code === "UNKNOWN_TOPIC_OR_PARTITION") replyTopic.restore();
        onFault?.(fault);
      },
    });
    return requester;
  }

  /**
   * Sends a request and waits for its reply.
   *
   * @throws {RequestTimeoutError} if none came in time; its `cause` says why the request could not be sent, if so
   * @throws {ReplyError} if the other side's handler failed
   * @throws {KafkaError} if the request could not be sent
   * @throws {TypeError} if the value or the key is of no sendable type, or the id is in flight already
   * @throws {RangeError} if `timeoutMs` is not positive
   */
  request(topic: string, message: Message, options: RequestOptions): Promise<Reply> {
    const { timeoutMs, id = newId(), signal } = options;
    const answered = new Promise<Reply>((resolve, reject) => {
      if (!(timeoutMs > 0)) {
        throw new RangeError(`Cannot request as 'timeoutMs' must be positive: current value is ${timeoutMs}`);
      }
      if (this.#closing !== undefined) throw closedError(topic);
      signal?.throwIfAborted();
      const startedAtMs = performance.now();
      const deadlineMs = startedAtMs + timeoutMs;
      this.#pending.add({ id, topic, message, startedAtMs, deadlineMs, timeoutMs, resolve, reject });
    });
    return signal === undefined ? answered : this.#untilAborted(id, answered, signal);
  }

  /**
   * Sends a record that asks for no reply.
   *
   * @param signal aborting gives up the waiting; what was sent by then is still on its way
   * @throws as {@linkcode Producer.send}
   */
  async send(topic: string, message: Message, signal?: AbortSignal): Promise<DeliveryReport> {
    const report = await this.#producer.send({ ...message, topic }, signal);
    this.#sent++;
    return report;
  }

  stats(): RequesterStats {
    return {
      sent: this.#sent,
      answered: this.#rtt.count,
      failed: this.#failed,
      timedOut: this.#timedOut,
      late: this.#late,
      unknown: this.#unknown,
      inFlight: this.#pending.inFlight,
      p50Ms: this.#rtt.quantile(0.5),
      p99Ms: this.#rtt.quantile(0.99),
    };
  }

  /** Gives up what waits for a reply, sends what was sent one way, deletes the reply topic, and disconnects. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#pending.failAll(({ topic }) => {
      this.#failed++;
      return closedError(topic);
    });
    const leave = async () => {
      await this.#reader?.close();
      await this.#producer.close();
      await this.#replyTopic.delete();
    };
    // Whatever cannot be reached now is left to the retention of the topic.
    await within(leave(), CLOSE_TIMEOUT_MS, () => new Error("leaving took too long")).catch(() => {});
    this.#producer.abort();
    this.#client.close();
  }

  #send({ id, topic, message, deadlineMs }: PendingRequest): void {
    // Not by timeOrigin: this thread's clock stands still while the machine sleeps, the epoch's does not.
    const deadline = String(Math.ceil(Date.now() + deadlineMs - performance.now()));
    const headers = requestHeaders(id, this.#replyTopic.name, deadline);
    const record: ProducerRecord = {
      ...message,
      topic,
      headers: message.headers === undefined ? headers : { ...message.headers, ...headers },
    };
    this.#producer.enqueue(record, deadlineMs, this.#onSent, (error) => {
      if (error instanceof KafkaError && error.code === "REQUEST_TIMED_OUT") {
        return this.#pending.expire(id, error);
      }
      const pending = this.#pending.take(id);
      if (pending === undefined) return;
      this.#failed++;
      pending.reject(error);
    });
  }

  #onReply(record: ConsumedRecord, nowMs: number): void {
    const { id, problem } = readReply(record);
    const pending = this.#pending.take(id);
    if (pending === undefined) {
      if (this.#pending.isLate(id)) this.#late++;
      else this.#unknown++;
    } else if (problem !== undefined) {
      this.#failed++;
      pending.reject(new ReplyError(id, problem));
    } else {
      const rttMs = nowMs - pending.startedAtMs;
      this.#rtt.add(rttMs);
      pending.resolve(new Reply(id, record, rttMs));
    }
  }

  async #untilAborted(id: string, answered: Promise<Reply>, signal: AbortSignal): Promise<Reply> {
    try {
      return await untilAborted(answered, signal);
    } finally {
      if (signal.aborted) this.#pending.giveUp(id);
    }
  }
}

function closedError(topic: string): KafkaError {
  return new KafkaError(
    "NETWORK_EXCEPTION",
    `Cannot wait for a reply from '${topic}': the requester is closed`,
    {
      retriable: false,
    },
  );
}
