/**
 * Requests that wait for their replies, and those that wait for a place among them.
 *
 * @module
 */
import { RequestTimeoutError } from "../base/errors.ts";
import { KafkaError } from "../kafka/errors.ts";
import type { RecordHeaders } from "../kafka/producer.ts";
import type { MessageValue } from "../kafka/serialize.ts";
import type { Reply } from "./reply.ts";

/** Requests beyond the places, that wait for one. More are refused. */
const MAX_WAITING = 100_000;
/** So many ids of requests that were given up are remembered, to tell a late reply from an unknown one. */
const MAX_REMEMBERED = 10_000;
/** Deadlines are kept to this, so that many of them share a timer. */
const DEADLINE_GRAIN_MS = 5;
/** A timer cannot be set to more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What is sent. */
export interface Message {
  readonly key?: MessageValue;
  readonly value: MessageValue;
  readonly headers?: RecordHeaders;
  readonly partition?: number;
}

/** A request that was accepted. */
export interface PendingRequest {
  readonly id: string;
  readonly topic: string;
  readonly message: Message;
  /** On the clock of `performance.now()`, as is the deadline. */
  readonly startedAtMs: number;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** What {@linkcode PendingRequests} needs. */
export interface PendingRequestsOptions {
  /** Requests that wait for their replies at a time. */
  readonly places: number;
  /** Called when there is a place: at once, or later, or, if the deadline comes first, never. */
  readonly send: (request: PendingRequest) => void;
  /** A request has ended at its deadline. */
  readonly onTimeout: () => void;
}

/** See the module. One timer serves all deadlines: it is set to the next one. */
export class PendingRequests {
  readonly #options: PendingRequestsOptions;
  readonly #inFlight = new Map<string, PendingRequest>();
  /** In the order of their calls. */
  readonly #waiting = new Map<string, PendingRequest>();
  readonly #givenUp = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;
  #isSending = false;

  constructor(options: PendingRequestsOptions) {
    this.#options = options;
  }

  /** How many wait for their replies. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Takes a request, to be sent when there is a place.
   *
   * @throws {TypeError} if the id is in use
   * @throws {KafkaError} THROTTLING_QUOTA_EXCEEDED if too many wait
   */
  add(request: PendingRequest): void {
    const { id, topic, deadlineMs } = request;
    if (this.#inFlight.has(id) || this.#waiting.has(id)) {
      throw new TypeError(`Cannot request as the id '${id}' is in flight already`);
    }
    this.#watch(deadlineMs);
    if (this.#inFlight.size < this.#options.places && this.#waiting.size === 0) {
      this.#inFlight.set(id, request);
      return this.#options.send(request);
    }
    if (this.#waiting.size >= MAX_WAITING) {
      throw new KafkaError(
        "THROTTLING_QUOTA_EXCEEDED",
        `Cannot request '${topic}': ${MAX_WAITING} requests wait to be sent`,
        { retriable: true },
      );
    }
    this.#waiting.set(id, request);
  }

  /** Ends a request, for its caller to settle, and gives its place to the next. */
  take(id: string): PendingRequest | undefined {
    const request = this.#inFlight.get(id);
    if (request === undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      return waiting;
    }
    this.#inFlight.delete(id);
    if (this.#waiting.size > 0 && !this.#isSending) this.#sendWaiting();
    return request;
  }

  /** A request may end while it is being sent: its place is given on here, not within. */
  #sendWaiting(): void {
    this.#isSending = true;
    for (const [id, request] of this.#waiting) {
      if (this.#inFlight.size >= this.#options.places) break;
      this.#waiting.delete(id);
      this.#inFlight.set(id, request);
      this.#options.send(request);
    }
    this.#isSending = false;
  }

  /** Ends a request as one whose time is over; its reply may still come. `cause` is why it could not be sent. */
  expire(id: string, cause?: unknown): void {
    const request = this.giveUp(id);
    if (request === undefined) return;
    this.#options.onTimeout();
    request.reject(new RequestTimeoutError(id, request.topic, request.timeoutMs, cause));
  }

  /** Ends a request whose reply may still come. */
  giveUp(id: string): PendingRequest | undefined {
    const request = this.take(id);
    if (request === undefined) return undefined;
    this.#givenUp.add(id);
    for (const oldest of this.#givenUp) {
      if (this.#givenUp.size <= MAX_REMEMBERED) break;
      this.#givenUp.delete(oldest);
    }
    return request;
  }

  /** Whether this is the first reply to a request that was given up. */
  isLate(id: string): boolean {
    return this.#givenUp.delete(id);
  }

  /** Ends all of them. */
  failAll(errorOf: (request: PendingRequest) => Error): void {
    clearTimeout(this.#timer);
    const all = [...this.#waiting.values(), ...this.#inFlight.values()];
    this.#waiting.clear();
    this.#inFlight.clear();
    for (const request of all) request.reject(errorOf(request));
  }

  #watch(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadlineMs;
    const ms = Math.min(Math.max(1, deadlineMs - performance.now()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  #expire(): void {
    this.#timerAtMs = Infinity;
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const { id, deadlineMs } of [...this.#waiting.values(), ...this.#inFlight.values()]) {
      if (deadlineMs > nowMs) {
        nextMs = Math.min(nextMs, deadlineMs);
        continue;
      }
      this.expire(id);
    }
    if (nextMs < Infinity) this.#watch(Math.max(nextMs, nowMs + DEADLINE_GRAIN_MS));
  }
}
