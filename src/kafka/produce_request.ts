/**
 * Produce, API 0, at version 7: the newest before flexible versions, spoken by every broker since Kafka 2.1.
 *
 * @module
 */
import { ByteWriter } from "./bytes.ts";
import { type RawRequest, REQUEST_TIMEOUT_MS } from "./raw_request.ts";
import { type BatchRecord, maxBatchSize, type ProducerIdentity, writeRecordBatch } from "./record_encoder.ts";

const API_KEY = 0;
const API_VERSION = 7;
/** Wait for all in-sync replicas. */
const ACKS_ALL = -1;
/** How long the broker may wait for its replicas. */
const REPLICATION_TIMEOUT_MS = 10_000;
/** All fixed-size fields of the frame, generously. */
const FRAME_OVERHEAD = 64;

/** What the broker says about one batch. */
export interface ProduceResult {
  readonly errorCode: number;
  /** The first record's offset; -1 where the broker does not tell, as for a duplicate. */
  readonly baseOffset: bigint;
  /** Epoch ms when the topic keeps the time of appending, else -1. */
  readonly logAppendTime: bigint;
  readonly throttleTimeMs: number;
}

/** A request that writes one batch to one partition. */
export function encodeProduceRequest(
  clientId: string,
  topic: string,
  partition: number,
  records: readonly BatchRecord[],
  identity: ProducerIdentity,
): RawRequest {
  const size = FRAME_OVERHEAD + clientId.length * 3 + topic.length * 3 + maxBatchSize(records);
  const writer = new ByteWriter(new Uint8Array(size));
  writer.int32(0); // size: known at the end
  writer.int16(API_KEY);
  writer.int16(API_VERSION);
  writer.int32(0); // correlation id: the connection's to give
  writer.string(clientId);
  writer.int16(-1); // transactionalId: null
  writer.int16(ACKS_ALL);
  writer.int32(REPLICATION_TIMEOUT_MS);
  writer.int32(1);
  writer.string(topic);
  writer.int32(1);
  writer.int32(partition);
  const sizeAt = writer.at;
  writer.int32(0); // size of records: known at the end
  writeRecordBatch(writer, records, identity);
  const end = writer.at;
  writer.at = sizeAt;
  writer.int32(end - sizeAt - 4);
  writer.at = 0;
  writer.int32(end - 4);
  return {
    apiName: "Produce",
    frame: writer.bytes.subarray(0, end),
    timeoutMs: REQUEST_TIMEOUT_MS + REPLICATION_TIMEOUT_MS,
  };
}

/** The answer to a request for one partition. @throws {RangeError} if it is cut short */
export function decodeProduceResponse(payload: Uint8Array): ProduceResult {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = 4; // one topic
  at += 2 + view.getInt16(at);
  at += 4 + 4; // one partition, its index
  const errorCode = view.getInt16(at);
  return {
    errorCode,
    baseOffset: view.getBigInt64(at + 2),
    logAppendTime: view.getBigInt64(at + 10),
    throttleTimeMs: view.getInt32(at + 26),
  };
}
