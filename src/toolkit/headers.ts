/**
 * The headers of request and reply: those of Spring's ReplyingKafkaTemplate and NestJS's ClientKafka, so that both can
 * call a Parley replier and Parley can call theirs, and the few of our own.
 *
 * @module
 */

import type { RecordHeaders } from "../kafka/producer.ts";

/** The request's id, echoed by the reply byte for byte. */
export const CORRELATION_ID = "kafka_correlationId";
/** The topic where the reply is awaited. Without it nobody waits. */
export const REPLY_TOPIC = "kafka_replyTopic";
/** The partition where the reply is awaited: four bytes, big-endian (Spring), or decimal text (NestJS). */
export const REPLY_PARTITION = "kafka_replyPartition";
/** Set on an error reply for NestJS's callers: what went wrong, as text. */
export const NEST_ERROR = "kafka_nest-err";
/** Set on an error reply: its value is an RFC 9457 problem. */
export const PARLEY_ERROR = "parley-error";
/** When the caller stops waiting, as epoch ms in decimal text. */
export const DEADLINE = "parley-deadline";

const utf8 = new TextDecoder();

// Literals with plain names: an object with computed names costs several times as much, for each request.

/** The headers that make a record a request. */
export function requestHeaders(id: string, replyTopic: string, deadline: string): RecordHeaders {
  return { kafka_correlationId: id, kafka_replyTopic: replyTopic, "parley-deadline": deadline };
}

/**
 * The headers of a reply; `id` is what the request brought. The other one tells NestJS's callers that no reply follows
 * this one: without it they wait.
 */
export function replyHeaders(id: Uint8Array | undefined): RecordHeaders {
  return id === undefined
    ? { "kafka_nest-is-disposed": "1" }
    : { kafka_correlationId: id, "kafka_nest-is-disposed": "1" };
}

/** A partition in either form; undefined if it is neither. */
export function parsePartition(bytes: Uint8Array): number | undefined {
  const text = utf8.decode(bytes);
  if (/^\d{1,9}$/.test(text)) {
    // Four digits are also four bytes: as a number they would be beyond any partition there is.
    return Number(text);
  }
  if (bytes.length !== 4) return undefined;
  const partition = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);
  return partition >= 0 ? partition : undefined;
}

/** A deadline header as epoch ms; undefined if it is none. */
export function parseDeadline(bytes: Uint8Array): number | undefined {
  if (bytes.length === 0 || bytes.length > 16) return undefined;
  let value = 0;
  for (let i = 0; i < bytes.length; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
