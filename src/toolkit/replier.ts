/**
 * Answers requests: each is handed to a handler, and what that returns goes back to where the request says. Repliers
 * of one group share the requests. An offset is committed after the reply is acknowledged, so a request is handled at
 * least once.
 *
 * @module
 */
import { describeError, type Problem, ReplyError } from "../base/errors.ts";
import { within } from "../base/stop.ts";
import { type BatchContext, GroupConsumer } from "../kafka/consumer.ts";
import type { KafkaError } from "../kafka/errors.ts";
import { Producer, type RecordHeaders } from "../kafka/producer.ts";
import { type ConsumedRecord, HeaderNames } from "../kafka/record.ts";
import type { MessageValue } from "../kafka/serialize.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { decodeText } from "../kafka/text.ts";
import {
  CORRELATION_ID,
  DEADLINE,
  NEST_ERROR,
  PARLEY_ERROR,
  parseDeadline,
  parsePartition,
  REPLY_PARTITION,
  REPLY_TOPIC,
  replyHeaders,
} from "./headers.ts";

const CONCURRENCY = 1_000;
/** How long a reply without a deadline may take to be written. */
const REPLY_TIMEOUT_MS = 30_000;
/** How long one with a deadline may take at least: a caller who has just given up counts it as late. */
const MIN_REPLY_TIMEOUT_MS = 1_000;

/** How long the last replies may take to be written at the end. */
const FLUSH_TIMEOUT_MS = 2_000;

const utf8 = new TextDecoder();

/** A request as the handler sees it. */
export class Request {
  /** The caller's id, as text. */
  readonly id: string | undefined;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  /** When the caller stops waiting, in epoch ms. */
  readonly deadlineMs: number | undefined;
  /** Whether nobody waits for a reply. */
  readonly isOneWay: boolean;
  readonly #record: ConsumedRecord;

  constructor(
    record: ConsumedRecord,
    id: string | undefined,
    deadlineMs: number | undefined,
    isOneWay: boolean,
  ) {
    this.id = id;
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.key = record.key;
    this.value = record.value ?? new Uint8Array(0);
    this.deadlineMs = deadlineMs;
    this.isOneWay = isOneWay;
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

/** What a {@linkcode Replier} tells while it works. */
export type ReplierEvent =
  /** A request's time was over before it was handled; nobody waits for it. */
  | { readonly type: "expired"; readonly topic: string; readonly partition: number; readonly offset: bigint }
  /** The handler failed; the caller was told, unless nobody waits any more. */
  | { readonly type: "failed"; readonly request: Request; readonly error: unknown }
  /** The reply could not be written, such as when its topic is gone. */
  | { readonly type: "undeliverable"; readonly request: Request; readonly error: Error }
  /** Reading failed, and is tried again until it works; told once. */
  | { readonly type: "down"; readonly fault: KafkaError }
  /** Requests are being read again. */
  | { readonly type: "up" }
  /** The group gave this replier its partitions. */
  | { readonly type: "assigned"; readonly partitions: ReadonlyMap<string, readonly number[]> };

/** Answers a request; nothing, or undefined, is an empty reply. What it throws becomes an error reply. */
export type RequestHandler = (
  request: Request,
  context: { readonly signal: AbortSignal },
) => Promise<MessageValue | undefined> | MessageValue | undefined;

/** Options of {@linkcode Replier.start}. */
export interface ReplierOptions {
  readonly settings: KafkaSettings;
  readonly topic: string;
  /** Repliers of the same group share the requests. */
  readonly groupId: string;
  /** Requests being handled at a time. @default {1000} */
  readonly concurrency?: number;
  /** Where a group that is new begins. @default {"earliest"} */
  readonly from?: "earliest" | "latest";
  readonly handler: RequestHandler;
  readonly onEvent?: (event: ReplierEvent) => void;
  /** How long requests in hand may take at the end. @default {5_000} */
  readonly stopTimeoutMs?: number;
  /** Aborting closes the replier. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode Replier.stats} tells. */
export interface ReplierStats {
  readonly answered: number;
  readonly failed: number;
  readonly expired: number;
  readonly undeliverable: number;
}

const REQUEST_HEADERS = new HeaderNames(DEADLINE, CORRELATION_ID, REPLY_TOPIC, REPLY_PARTITION);

/** A request in hand, and where its answer goes. */
interface Answering {
  readonly request: Request;
  /** None, where nobody waits. */
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly id: Uint8Array | undefined;
  readonly done: () => void;
}

/** See the module. */
export class Replier implements AsyncDisposable {
  readonly #options: ReplierOptions;
  readonly #producer: Producer;
  #consumer: GroupConsumer | undefined;
  #answered = 0;
  #failed = 0;
  #expired = 0;
  #undeliverable = 0;
  #lastReplyTopic = { bytes: new Uint8Array(0), topic: "" };
  #isDown = false;
  #closing: Promise<void> | undefined;

  private constructor(options: ReplierOptions, producer: Producer) {
    this.#options = options;
    this.#producer = producer;
  }

  /**
   * Joins the group. Resolves when this replier knows what it is to read.
   *
   * @throws {KafkaError} why the cluster or the topic cannot be used
   */
  static async start(options: ReplierOptions): Promise<Replier> {
    const { settings, topic, groupId, concurrency = CONCURRENCY, from = "earliest", signal } = options;
    const producer = await Producer.connect(settings);
    const replier = new Replier(options, producer);
    try {
      replier.#consumer = await GroupConsumer.start(settings, {
        groupId,
        topics: [topic],
        from,
        maxUnfinished: concurrency,
        onBatch: (records, context) => {
          for (const record of records) replier.#handle(record, context);
        },
        onCrash: (fault) => replier.#down(fault),
        onReading: () => replier.#up(),
        onAssigned: (partitions) => options.onEvent?.({ type: "assigned", partitions }),
        ...(options.stopTimeoutMs === undefined ? {} : { stopTimeoutMs: options.stopTimeoutMs }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      await producer.close();
      throw error;
    }
    signal?.addEventListener("abort", () => replier.close(), { once: true });
    return replier;
  }

  stats(): ReplierStats {
    return {
      answered: this.#answered,
      failed: this.#failed,
      expired: this.#expired,
      undeliverable: this.#undeliverable,
    };
  }

  /** Takes no more requests, finishes those in hand within `stopTimeoutMs`, commits, and leaves the group. */
  close(): Promise<void> {
    return this.#closing ??= (async () => {
      await this.#consumer?.close();
      await within(this.#producer.close(), FLUSH_TIMEOUT_MS, () => new Error("flushing took too long")).catch(
        () => {},
      );
      this.#producer.abort();
    })();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #down(fault: KafkaError): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#options.onEvent?.({ type: "down", fault });
  }

  #up(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#options.onEvent?.({ type: "up" });
  }

  #handle(record: ConsumedRecord, context: BatchContext): void {
    const [deadline, id, replyTopic, replyPartition] = record.pick(REQUEST_HEADERS);
    const deadlineMs = deadline === undefined ? undefined : parseDeadline(deadline);
    if (deadlineMs !== undefined && deadlineMs < Date.now()) {
      this.#expired++;
      const { topic, partition, offset } = record;
      this.#options.onEvent?.({ type: "expired", topic, partition, offset });
      return context.done(record);
    }
    const isOneWay = replyTopic === undefined;
    const request = new Request(record, id === undefined ? undefined : decodeText(id), deadlineMs, isOneWay);
    const done = () => context.done(record);
    const answering: Answering = {
      request,
      topic: replyTopic === undefined ? undefined : this.#topicOf(replyTopic),
      partition: replyPartition === undefined ? undefined : parsePartition(replyPartition),
      id,
      done,
    };
    try {
      const value = this.#options.handler(request, context);
      if (!(value instanceof Promise)) return this.#answer(answering, value);
      value.then(
        (value) => this.#answer(answering, value),
        (error) => this.#answerError(answering, error),
      );
    } catch (error) {
      this.#answerError(answering, error);
    }
  }

  #answer(answering: Answering, value: MessageValue | undefined): void {
    this.#reply(answering, value ?? null, replyHeaders(answering.id), () => {
      this.#answered++;
      answering.done();
    });
  }

  #answerError(answering: Answering, error: unknown): void {
    this.#failed++;
    const { id, request, done } = answering;
    this.#options.onEvent?.({ type: "failed", request, error });
    // The caller knows that there is no answer.
    if (request.deadlineMs !== undefined && request.deadlineMs <= Date.now()) return done();
    const problem = toProblem(error);
    const headers = {
      ...replyHeaders(id),
      [PARLEY_ERROR]: "1",
      [NEST_ERROR]: problem.detail ?? problem.title,
    };
    this.#reply(answering, problem, headers, done);
  }

  #reply(answering: Answering, value: MessageValue, headers: RecordHeaders, onDelivered: () => void): void {
    const { request, topic, partition, done } = answering;
    if (topic === undefined) return onDelivered();
    const { deadlineMs } = request;
    const timeoutMs = deadlineMs === undefined
      ? REPLY_TIMEOUT_MS
      : Math.max(MIN_REPLY_TIMEOUT_MS, deadlineMs - Date.now());
    const giveUpAtMs = performance.now() + timeoutMs;
    const record = partition === undefined ? { topic, value, headers } : { topic, partition, value, headers };
    this.#producer.enqueue(record, giveUpAtMs, onDelivered, (error) => {
      // The handler returned what cannot be sent: its fault, and the caller is to know.
      if (error instanceof TypeError) return this.#answerError(answering, error);
      this.#undeliverable++;
      this.#options.onEvent?.({ type: "undeliverable", request, error });
      done();
    });
  }

  /** Most requests name the topic that the one before named. */
  #topicOf(bytes: Uint8Array): string {
    const last = this.#lastReplyTopic;
    if (last.bytes.length === bytes.length && isEqual(last.bytes, bytes)) {
      return last.topic;
    }
    this.#lastReplyTopic = { bytes: bytes.slice(), topic: decodeText(bytes) };
    return this.#lastReplyTopic.topic;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** What the caller is told: the message, never the stack. */
function toProblem(error: unknown): Problem {
  if (error instanceof ReplyError) return error.problem;
  return { type: "about:blank", title: "The handler failed", status: 500, detail: describeError(error) };
}
