/**
 * Requests that are encoded here rather than by kafkajs: those that are sent for every batch and every poll.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Connection, SocketRequest } from "./kafkajs_internals.ts";
import { KafkaError } from "./errors.ts";

/** How long a request may stay unanswered, beyond what the broker was asked to wait. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** Where a frame holds its correlation id: behind size, API key and API version. */
const CORRELATION_ID_AT = 8;

/** A whole frame, its correlation id not yet given. */
export interface RawRequest {
  readonly apiName: string;
  /** Size, header and body. */
  readonly frame: Uint8Array;
  readonly timeoutMs: number;
}

/** One of them in a connection's queue, from its turn to its answer: as kafkajs's own, without what is not needed. */
export class RequestOnItsWay implements SocketRequest {
  readonly correlationId: number;
  readonly expectResponse = true;
  readonly requestTimeout: number;
  sentAt = 0;
  readonly #action: string;
  readonly #connection: Connection;
  readonly #request: RawRequest;
  readonly #resolve: (payload: Buffer) => void;
  readonly #reject: (error: unknown) => void;

  /** `action` begins the message of its own errors; `resolve` or `reject` is called once. */
  constructor(
    action: string,
    connection: Connection,
    request: RawRequest,
    resolve: (payload: Buffer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#action = action;
    this.#connection = connection;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.correlationId = connection.nextCorrelationId();
    this.requestTimeout = request.timeoutMs;
    const { frame } = request;
    new DataView(frame.buffer, frame.byteOffset).setInt32(CORRELATION_ID_AT, this.correlationId);
  }

  /** Sends it at once, or when the broker's throttling ends. */
  start(): void {
    const { requestQueue } = this.#connection;
    if (requestQueue.canSendSocketRequestImmediately()) return this.send();
    requestQueue.pending.push(this);
    requestQueue.scheduleCheckPendingRequests();
  }

  send(): void {
    this.sentAt = Date.now();
    this.#connection.requestQueue.inflight.set(this.correlationId, this);
    this.#connection.socket?.write(this.#request.frame);
  }

  completed({ payload }: { payload: Buffer }): void {
    this.#resolve(payload);
  }

  rejected(error: unknown): void {
    this.#reject(error);
  }

  timeoutRequest(): void {
    this.#connection.requestQueue.inflight.delete(this.correlationId);
    const { apiName, timeoutMs } = this.#request;
    const message = `${this.#action}: no answer in time (${apiName} took more than ${timeoutMs} ms)`;
    this.#reject(new KafkaError("REQUEST_TIMED_OUT", message, { retriable: true }));
  }
}
