/**
 * Asks and is answered: a request is a record that names a topic where its reply is awaited. Every request that was
 * accepted ends: with its reply, with the other side's error, at its deadline, or with the fault that kept it from
 * being sent.
 *
 * @module
 */
import { type Problem, ReplyError, RequestTimeoutError } from "../base/errors.ts";
import { Histogram } from "../base/histogram.ts";
import { untilAborted, within } from "../base/stop.ts";
import { Admin } from "../kafka/admin.ts";
import { Client } from "../kafka/client.ts";
import { KafkaError } from "../kafka/errors.ts";
import { PartitionReader } from "../kafka/partition_reader.ts";
import { type DeliveryReport, Producer, type ProducerRecord, type RecordHeaders } from "../kafka/producer.ts";
import { type ConsumedRecord, HeaderNames } from "../kafka/record.ts";
import type { MessageValue } from "../kafka/serialize.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { decodeText } from "../kafka/text.ts";
import { CORRELATION_ID, NEST_ERROR, PARLEY_ERROR, requestHeaders } from "./headers.ts";
import { newId } from "./ids.ts";

const MAX_IN_FLIGHT = 10_000;
const START_TIMEOUT_MS = 30_000;
/** Replies are of no use to anybody later. */
const REPLY_RETENTION_MS = 10 * 60_000;
/** So many ids of requests that timed out are remembered, to tell a late reply from an unknown one. */
const MAX_REMEMBERED = 10_000;
/** Deadlines are kept to this, so that many of them share a timer. */
const DEADLINE_GRAIN_MS = 5;
/** How long the end may take: flushing what was sent, and deleting the reply topic. */
const CLOSE_TIMEOUT_MS = 3_000;

const utf8 = new TextDecoder();

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

/** What is sent. */
export interface Message {
  readonly key?: MessageValue;
  readonly value: MessageValue;
  readonly headers?: RecordHeaders;
  readonly partition?: number;
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

/** An answer, and where it stands. */
export class Reply {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly value: Uint8Array;
  /** From the call of `request` to the arrival of the reply. */
  readonly rttMs: number;
  readonly #record: ConsumedRecord;

  constructor(id: string, record: ConsumedRecord, rttMs: number) {
    this.id = id;
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.value = record.value ?? new Uint8Array(0);
    this.rttMs = rttMs;
    this.#record = record;
  }

  get headers(): Readonly<Record<string, Uint8Array>> {
    return this.#record.headers;
  }

  /** The value as UTF-8. */
  text(): string {
    return utf8.decode(this.value);
  }

  /** The value as JSON. @throws {SyntaxError} if it is none */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

const REPLY_HEADERS = new HeaderNames(CORRELATION_ID, PARLEY_ERROR, NEST_ERROR);

interface Pending {
  readonly id: string;
  readonly topic: string;
  readonly startedAtMs: number;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** See the module. */
export class Requester implements AsyncDisposable {
  readonly #client: Client;
  readonly #admin: Admin;
  readonly #producer: Producer;
  readonly #replyTopic: string;
  readonly #maxInFlight: number;
  readonly #pending = new Map<string, Pending>();
  readonly #waiting: (() => void)[] = [];
  readonly #timedOutIds = new Set<string>();
  readonly #rtt = new Histogram();
  #reader: PartitionReader | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;
  #sent = 0;
  #failed = 0;
  #timedOut = 0;
  #late = 0;
  #unknown = 0;
  #isRestoring = false;
  #closing: Promise<void> | undefined;
  readonly #onSent = () => void this.#sent++;

  private constructor(client: Client, producer: Producer, { replyTopic, maxInFlight }: RequesterOptions) {
    this.#client = client;
    this.#admin = Admin.on(client);
    this.#producer = producer;
    this.#replyTopic = replyTopic;
    this.#maxInFlight = maxInFlight ?? MAX_IN_FLIGHT;
    if (!(this.#maxInFlight > 0)) {
      throw new RangeError(
        `Cannot request as 'maxInFlight' must be positive: current value is ${maxInFlight}`,
      );
    }
  }

  /**
   * Connects, creates the reply topic and positions its reader; only then does it resolve, so that no reply is missed.
   *
   * @throws {KafkaError} why the cluster cannot be used, or REQUEST_TIMED_OUT after `startTimeoutMs`
   */
  static async start(options: RequesterOptions): Promise<Requester> {
    const { settings, startTimeoutMs = START_TIMEOUT_MS, signal } = options;
    const client = await untilAborted(Client.connect(settings), signal);
    try {
      const starting = Requester.#startOn(client, options);
      const requester = await within(
        untilAborted(starting, signal),
        startTimeoutMs,
        () =>
          new KafkaError(
            "REQUEST_TIMED_OUT",
            `Cannot read replies from '${options.replyTopic}' in ${startTimeoutMs} ms`,
            {
              retriable: true,
            },
          ),
      );
      signal?.addEventListener("abort", () => requester.close(), { once: true });
      return requester;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  static async #startOn(client: Client, options: RequesterOptions): Promise<Requester> {
    const { replyTopic, onFault } = options;
    const [producer] = await Promise.all([
      Producer.on(client),
      createReplyTopic(Admin.on(client), replyTopic),
    ]);
    const requester = new Requester(client, producer, options);
    requester.#reader = await PartitionReader.on(client, {
      topic: replyTopic,
      from: "latest",
      onRecords: (records) => {
        const nowMs = performance.now();
        for (const record of records) requester.#onReply(record, nowMs);
      },
      onFault: (fault) => {
        if (fault.code === "UNKNOWN_TOPIC_OR_PARTITION") requester.#restoreReplyTopic();
        onFault?.(fault);
      },
    });
    return requester;
  }

  /**
   * Sends a request and waits for its reply.
   *
   * @throws {RequestTimeoutError} if none came in time
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
      if (this.#pending.has(id)) throw new TypeError(`Cannot request as the id '${id}' is in flight already`);
      if (this.#closing !== undefined) throw closedError(topic);
      const startedAtMs = performance.now();
      const pending = {
        id,
        topic,
        startedAtMs,
        deadlineMs: startedAtMs + timeoutMs,
        timeoutMs,
        resolve,
        reject,
      };
      if (this.#pending.size < this.#maxInFlight && this.#waiting.length === 0) this.#begin(pending, message);
      else this.#await(pending, message);
    });
    return signal === undefined ? answered : this.#untilAborted(id, answered, signal);
  }

  /** Sends a record that asks for no reply. @throws as {@linkcode Producer.send} */
  async send(topic: string, message: Message): Promise<DeliveryReport> {
    const report = await this.#producer.send({ ...message, topic });
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
      inFlight: this.#pending.size,
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
    clearTimeout(this.#timer);
    for (const { id, topic } of [...this.#pending.values()]) this.#fail(id, closedError(topic));
    for (const resume of this.#waiting.splice(0)) resume();
    const leave = async () => {
      await this.#reader?.close();
      await this.#producer.close();
      await this.#admin.deleteTopics([this.#replyTopic]);
    };
    // Whatever cannot be reached now is left to the retention of the topic.
    await within(leave(), CLOSE_TIMEOUT_MS, () => new Error("leaving took too long")).catch(() => {});
    this.#producer.abort();
    this.#client.close();
  }

  #begin(pending: Pending, message: Message): void {
    const { id, topic, deadlineMs } = pending;
    this.#pending.set(id, pending);
    this.#watch(deadlineMs);
    const deadline = String(Math.ceil(performance.timeOrigin + deadlineMs));
    const headers = requestHeaders(id, this.#replyTopic, deadline);
    const record: ProducerRecord = {
      ...message,
      topic,
      headers: message.headers === undefined ? headers : { ...message.headers, ...headers },
    };
    this.#producer.enqueue(record, deadlineMs, this.#onSent, (error) => this.#fail(id, error));
  }

  /** Until there is a place, or the deadline. */
  #await(pending: Pending, message: Message): void {
    const { id, topic, timeoutMs, reject } = pending;
    const start = () => {
      clearTimeout(timer);
      if (this.#closing !== undefined) return reject(closedError(topic));
      this.#begin(pending, message);
    };
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(start), 1);
      this.#timedOut++;
      reject(new RequestTimeoutError(id, topic, timeoutMs));
    }, timeoutMs);
    this.#waiting.push(start);
  }

  #onReply(record: ConsumedRecord, nowMs: number): void {
    const [idBytes, parleyError, nestError] = record.pick(REPLY_HEADERS);
    const id = idBytes === undefined ? "" : decodeText(idBytes);
    const pending = this.#take(id);
    if (pending === undefined) {
      if (this.#timedOutIds.delete(id)) this.#late++;
      else this.#unknown++;
      return;
    }
    if (parleyError !== undefined || nestError !== undefined) {
      this.#failed++;
      const problem = parleyError === undefined ? nestProblem(nestError) : parleyProblem(record);
      return pending.reject(new ReplyError(id, problem));
    }
    const rttMs = nowMs - pending.startedAtMs;
    this.#rtt.add(rttMs);
    pending.resolve(new Reply(id, record, rttMs));
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#waiting.shift()?.();
    return pending;
  }

  #fail(id: string, error: unknown): void {
    const pending = this.#take(id);
    if (pending === undefined) return;
    this.#failed++;
    pending.reject(error);
  }

  /** One timer serves all deadlines: it is set to the next one. */
  #watch(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadlineMs;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, deadlineMs - performance.now()));
  }

  #expire(): void {
    this.#timerAtMs = Infinity;
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const { id, topic, deadlineMs, timeoutMs } of [...this.#pending.values()]) {
      if (deadlineMs > nowMs) {
        nextMs = Math.min(nextMs, deadlineMs);
        continue;
      }
      const pending = this.#take(id);
      this.#timedOut++;
      this.#remember(id);
      pending?.reject(new RequestTimeoutError(id, topic, timeoutMs));
    }
    if (nextMs < Infinity) this.#watch(Math.max(nextMs, nowMs + DEADLINE_GRAIN_MS));
  }

  #remember(id: string): void {
    this.#timedOutIds.add(id);
    for (const oldest of this.#timedOutIds) {
      if (this.#timedOutIds.size <= MAX_REMEMBERED) break;
      this.#timedOutIds.delete(oldest);
    }
  }

  /** Somebody deleted it, or the broker forgot it: it keeps no logs, or is another one now. */
  async #restoreReplyTopic(): Promise<void> {
    if (this.#isRestoring || this.#closing !== undefined) return;
    this.#isRestoring = true;
    // What fails is tried again with the reader's next fault.
    await createReplyTopic(this.#admin, this.#replyTopic).catch(() => {});
    this.#isRestoring = false;
  }

  async #untilAborted(id: string, answered: Promise<Reply>, signal: AbortSignal): Promise<Reply> {
    try {
      return await untilAborted(answered, signal);
    } finally {
      if (signal.aborted && this.#take(id) !== undefined) this.#remember(id);
    }
  }
}

async function createReplyTopic(admin: Admin, topic: string): Promise<void> {
  const config = { "retention.ms": String(REPLY_RETENTION_MS), "cleanup.policy": "delete" };
  await admin.createTopics([{ topic, config }]);
}

const FAILED: Problem = { type: "about:blank", title: "The handler failed" };

function parleyProblem(record: ConsumedRecord): Problem {
  try {
    const problem: unknown = JSON.parse(record.text());
    return isProblem(problem) ? problem : FAILED;
  } catch {
    return FAILED;
  }
}

function nestProblem(reason: Uint8Array | undefined): Problem {
  if (reason === undefined) return FAILED;
  const text = utf8.decode(reason);
  try {
    // NestJS sends an object that it was given as JSON: { status, message }.
    const given: unknown = JSON.parse(text);
    const hasMessage = typeof given === "object" && given !== null && "message" in given;
    return { ...FAILED, detail: hasMessage && typeof given.message === "string" ? given.message : text };
  } catch {
    return { ...FAILED, detail: text };
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" &&
    "title" in value && typeof value.title === "string";
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
