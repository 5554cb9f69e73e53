/**
 * Answers requests: each is handed to a handler, and what that returns goes back to where the request says. Repliers
 * of one group share the requests. An offset is committed after the reply is acknowledged, so a request is handled at
 * least once.
 *
 * @module
 */
import { safeListener } from "../base/listener.ts";
import { untilAborted, within } from "../base/stop.ts";
import { Client } from "../kafka/client.ts";
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
import { isUnsendable, toProblem } from "./problem.ts";
import { Request } from "./request.ts";

export { Request };

const CONCURRENCY = 1_000;
/** How long a reply without a deadline may take to be written. */
const REPLY_TIMEOUT_MS = 30_000;
/** How long one with a deadline may take at least: a caller who has just given up counts it as late. */
const MIN_REPLY_TIMEOUT_MS = 1_000;

/** How long the last replies may take to be written at the end. */
const FLUSH_TIMEOUT_MS = 2_000;

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
  readonly record: ConsumedRecord;
  readonly context: BatchContext;
}

/** See the module. */
export class Replier implements AsyncDisposable {
  readonly #options: ReplierOptions;
  readonly #producer: Producer;
  readonly #tell: (event: ReplierEvent) => void;
  #consumer: GroupConsumer | undefined;
  #answered = 0;
  #failed = 0;
  #expired = 0;
  #undeliverableCount = 0;
  #lastReplyTopic = { bytes: new Uint8Array(0), topic: "" };
  #isDown = false;
  #closing: Promise<void> | undefined;

  private constructor(options: ReplierOptions, producer: Producer) {
    this.#options = options;
    this.#producer = producer;
    this.#tell = safeListener("onEvent", options.onEvent);
  }

  /**
   * Joins the group. Resolves when this replier knows what it is to read.
   *
   * @throws {KafkaError} why the cluster or the topic cannot be used
   * @throws the signal's reason, at once, and nothing stays open; a group that was joined already is left first
   */
  static async start(options: ReplierOptions): Promise<Replier> {
    const { settings, topic, groupId, concurrency = CONCURRENCY, from = "earliest", signal } = options;
    const client = await Client.connect(settings, signal);
    let opened: Replier | undefined;
    try {
      const producer = await untilAborted(Producer.on(client, {}, true), signal);
      const replier = opened = new Replier(options, producer);
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
        onAssigned: (partitions) => replier.#tell({ type: "assigned", partitions }),
        ...(options.stopTimeoutMs === undefined ? {} : { stopTimeoutMs: options.stopTimeoutMs }),
        ...(signal === undefined ? {} : { signal }),
      });
      signal?.throwIfAborted();
      signal?.addEventListener("abort", () => replier.close(), { once: true, signal: client.closed });
      return replier;
    } catch (error) {
      await opened?.close();
      client.close();
      throw error;
    }
  }

  stats(): ReplierStats {
    return {
      answered: this.#answered,
      failed: this.#failed,
      expired: this.#expired,
      undeliverable: this.#undeliverableCount,
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
    this.#tell({ type: "down", fault });
  }

  #up(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#tell({ type: "up" });
  }

  #handle(record: ConsumedRecord, context: BatchContext): void {
    const { 0: deadline, 1: id, 2: replyTopic, 3: replyPartition } = record.pick(REQUEST_HEADERS);
    const deadlineMs = deadline === undefined ? undefined : parseDeadline(deadline);
    if (deadlineMs !== undefined && deadlineMs < Date.now()) {
      this.#expired++;
      const { topic, partition, offset } = record;
      this.#tell({ type: "expired", topic, partition, offset });
      return context.done(record);
    }
    const isOneWay = replyTopic === undefined;
    const request = new Request(record, id, deadlineMs, isOneWay);
    const answering: Answering = {
      request,
      topic: replyTopic === undefined ? undefined : this.#topicOf(replyTopic),
      partition: replyPartition === undefined ? undefined : parsePartition(replyPartition),
      id,
      record,
      context,
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
      done(answering);
    }, (error) => {
      // The handler returned what cannot be sent: its fault, and the caller is to know.
      if (isUnsendable(error)) this.#answerError(answering, error);
      else this.#undeliverable(answering, error);
    });
  }

  #answerError(answering: Answering, error: unknown): void {
    this.#failed++;
    const { id, request } = answering;
    this.#tell({ type: "failed", request, error });
    // The caller knows that there is no answer.
    if (request.deadlineMs !== undefined && request.deadlineMs <= Date.now()) return done(answering);
    const problem = toProblem(error);
    const headers = {
      ...replyHeaders(id),
      [PARLEY_ERROR]: "1",
      [NEST_ERROR]: problem.detail ?? problem.title,
    };
    this.#reply(
      answering,
      problem,
      headers,
      () => done(answering),
      (error) => this.#undeliverable(answering, error),
    );
  }

  #reply(
    { request: { deadlineMs }, topic, partition }: Answering,
    value: MessageValue,
    headers: RecordHeaders,
    onDelivered: () => void,
    onFailed: (error: Error) => void,
  ): void {
    if (topic === undefined) return onDelivered();
    const timeoutMs = deadlineMs === undefined
      ? REPLY_TIMEOUT_MS
      : Math.max(MIN_REPLY_TIMEOUT_MS, deadlineMs - Date.now());
    const giveUpAtMs = performance.now() + timeoutMs;
    const record = partition === undefined ? { topic, value, headers } : { topic, partition, value, headers };
    this.#producer.enqueue(record, giveUpAtMs, onDelivered, onFailed);
  }

  #undeliverable(answering: Answering, error: Error): void {
    this.#undeliverableCount++;
    this.#tell({ type: "undeliverable", request: answering.request, error });
    done(answering);
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

function done({ record, context }: Answering): void {
  context.done(record);
}
