/**
 * Fetch, API 1, at version 11: the newest before flexible versions, spoken by every broker since Kafka 2.3.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { ByteWriter } from "./bytes.ts";
import { type RawRequest, REQUEST_TIMEOUT_MS } from "./link.ts";
import type { AbortedTransaction } from "./record_decoder.ts";

const API_KEY = 1;
const API_VERSION = 11;
const READ_COMMITTED = 1;
/** Of all partitions together, and of one. A record that is larger comes all the same. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_PARTITION_BYTES = 1024 * 1024;

/** From where to read a partition. */
export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** What an answer holds for one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Batches; the last one may be cut short. A view of the answer. */
  readonly records: Uint8Array;
}

/** A request that waits up to `maxWaitMs` for the first byte. */
export function encodeFetchRequest(
  clientId: string,
  positions: readonly FetchPosition[],
  maxWaitMs: number,
): RawRequest {
  const byTopic = Map.groupBy(positions, ({ topic }) => topic);
  let size = 64 + clientId.length * 3;
  for (const [topic, partitions] of byTopic) size += 6 + topic.length * 3 + partitions.length * 28;
  const writer = new ByteWriter(new Uint8Array(size));
  writer.int32(0); // size: known at the end
  writer.int16(API_KEY);
  writer.int16(API_VERSION);
  writer.int32(0); // correlation id: the connection's to give
  writer.string(clientId);
  writer.int32(-1); // replicaId: a consumer
  writer.int32(maxWaitMs);
  writer.int32(1); // minBytes
  writer.int32(MAX_BYTES);
  writer.int8(READ_COMMITTED);
  writer.int32(0); // sessionId: none
  writer.int32(-1); // sessionEpoch: none
  writer.int32(byTopic.size);
  for (const [topic, partitions] of byTopic) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const { partition, offset } of partitions) {
      writer.int32(partition);
      writer.int32(-1); // currentLeaderEpoch: not checked
      writer.int64(offset);
      writer.int64(-1n); // logStartOffset: a consumer has none
      writer.int32(MAX_PARTITION_BYTES);
    }
  }
  writer.int32(0); // forgottenTopicsData
  writer.string(""); // rackId
  const end = writer.at;
  writer.at = 0;
  writer.int32(end - 4);
  return {
    apiKey: API_KEY,
    apiName: "Fetch",
    apiVersion: API_VERSION,
    frame: writer.bytes.subarray(0, end),
    timeoutMs: maxWaitMs + REQUEST_TIMEOUT_MS,
  };
}

/** @throws {RangeError} if the answer is cut short */
export function decodeFetchResponse(
  payload: Buffer,
): { throttleTimeMs: number; errorCode: number; partitions: FetchedPartition[] } {
  const throttleTimeMs = payload.readInt32BE(0);
  const errorCode = payload.readInt16BE(4);
  let at = 10;
  const partitions: FetchedPartition[] = [];
  const topicCount = payload.readInt32BE(at);
  at += 4;
  for (let t = 0; t < topicCount; t++) {
    const nameLength = payload.readInt16BE(at);
    const topic = payload.toString("utf8", at + 2, at + 2 + nameLength);
    at += 2 + nameLength;
    const partitionCount = payload.readInt32BE(at);
    at += 4;
    for (let p = 0; p < partitionCount; p++) {
      const partition = payload.readInt32BE(at);
      const partitionErrorCode = payload.readInt16BE(at + 4);
      const highWatermark = payload.readBigInt64BE(at + 6);
      const abortedCount = payload.readInt32BE(at + 30);
      at += 34;
      const abortedTransactions: AbortedTransaction[] = [];
      for (let a = 0; a < abortedCount; a++) {
        abortedTransactions.push({
          producerId: payload.readBigInt64BE(at),
          firstOffset: payload.readBigInt64BE(at + 8),
        });
        at += 16;
      }
      const length = Math.max(0, payload.readInt32BE(at + 4)); // behind preferredReadReplica
      at += 8;
      const records = new Uint8Array(payload.buffer, payload.byteOffset + at, length);
      at += length;
      partitions.push({
        topic,
        partition,
        errorCode: partitionErrorCode,
        highWatermark,
        abortedTransactions,
        records,
      });
    }
  }
  return { throttleTimeMs, errorCode, partitions };
}
