/**
 * kafkajs 2.2.4, mended: its prototypes are replaced where they cost time or lose bytes, once per thread, by importing
 * this module. Each patch says what is wrong; docs/performance.md says what it brought.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type Connection,
  KafkajsConnection,
  KafkajsRequestQueue,
  type RequestQueue,
} from "./kafkajs_internals.ts";

/** How often requests that wait for nothing but their turn are looked at again. */
const PENDING_CHECK_MS = 10;
/** How often an open connection looks for requests that were not answered in time. */
const TIMEOUT_CHECK_MS = 1_000;
/** A larger answer is none: a fetch asks for 8 MB, and no topic takes records near this. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const SIZE_BYTES = 4;
const CORRELATION_ID_BYTES = 4;

/**
 * The original starts a new timer after every answer, for a negative delay when nothing is throttled: about 470 idle
 * wake-ups a second and TimeoutNegativeWarning. Only pending requests need one.
 */
export function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledForMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, throttledForMs > 0 ? throttledForMs : PENDING_CHECK_MS);
}

/** The original wakes ten times a second for each connection. Timeouts are of seconds: once a second will do. */
export function scheduleRequestTimeoutCheck(this: RequestQueue): void {
  if (!this.enforceRequestTimeout) return;
  this.destroy();
  this.requestTimeoutIntervalId = setInterval(() => {
    const nowMs = Date.now();
    for (const request of this.inflight.values()) {
      if (nowMs - request.sentAt > request.requestTimeout) request.timeoutRequest();
    }
    if (!this.isConnected()) this.destroy();
  }, Math.min(this.requestTimeout, TIMEOUT_CHECK_MS));
}

const connect = KafkajsConnection.prototype.connect;

/**
 * The original keeps half an answer that a broken connection left behind, and reads the next connection's bytes as
 * its rest.
 */
export function connectAfresh(this: Connection): Promise<boolean> {
  if (!this.isConnected()) {
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = 4;
  }
  return connect.call(this);
}

const processData = KafkajsConnection.prototype.processData;

/**
 * The original copies every answer behind what the last one left, which is nothing, and takes an answer of any size.
 * Here an answer that came whole is given where it lies.
 */
export function processAnswers(this: Connection, bytes: Buffer): void {
  if (this.authHandlers !== null) return processData.call(this, bytes);
  let received = bytes;
  if (this.bytesBuffered > 0) {
    this.chunks.push(bytes);
    this.bytesBuffered += bytes.length;
    if (this.bytesBuffered < this.bytesNeeded) return;
    received = Buffer.concat(this.chunks, this.bytesBuffered);
  }
  const view = new DataView(received.buffer, received.byteOffset, received.byteLength);
  let at = 0;
  let needed = SIZE_BYTES;
  while (received.length - at >= SIZE_BYTES) {
    const size = view.getInt32(at);
    if (size < CORRELATION_ID_BYTES || size > MAX_ANSWER_BYTES) {
      const reason = `the answer of ${size} bytes is none of Kafka's protocol`;
      this.socket?.destroy(Object.assign(new Error(reason), { code: "EPROTO" }));
      return;
    }
    needed = SIZE_BYTES + size;
    if (received.length - at < needed) break;
    const correlationId = view.getInt32(at + SIZE_BYTES);
    const payload = received.subarray(at + SIZE_BYTES + CORRELATION_ID_BYTES, at + needed);
    at += needed;
    needed = SIZE_BYTES;
    this.requestQueue.fulfillRequest({ size, correlationId, payload });
  }
  const left = received.length - at;
  this.chunks = left === 0 ? [] : [received.subarray(at)];
  this.bytesBuffered = left;
  this.bytesNeeded = needed;
}

Object.assign(KafkajsRequestQueue.prototype, { scheduleCheckPendingRequests, scheduleRequestTimeoutCheck });
Object.assign(KafkajsConnection.prototype, { connect: connectAfresh, processData: processAnswers });
