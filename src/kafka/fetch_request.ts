/**
 * Fetch, API 1, at version 11: the newest before flexible versions, spoken by every broker since Kafka 2.3.
 *
 * @module
 */
import { ByteWriter } from "./bytes.ts";
import { type RawRequest, REQUEST_TIMEOUT_MS } from "./raw_request.ts";
import type { AbortedTransaction } from "./record_decoder.ts";
import { decodeText } from "./text.ts";

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
  /** Read anew for each poll. */
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

/** Where maxWaitMs stands behind the client id, and an offset behind its partition's index. */
const MAX_WAIT_AFTER = 4;
const OFFSET_AFTER = 8;

/**
 * The polls of the same partitions, one at a time: encoded once, as nothing changes but offsets. A poll's frame is
 * overwritten by the next, which leaves when the last was answered.
 */
export class FetchRequests {
  readonly #positions: readonly FetchPosition[];
  /** Where each position's offset stands, in their order. */
  readonly #offsetsAt: readonly number[];
  readonly #maxWaitAt: number;
  readonly #frame: Uint8Array;
  readonly #view: DataView;

  constructor(clientId: string, positions: Iterable<FetchPosition>) {
    const byTopic = Map.groupBy(positions, ({ topic }) => topic);
    this.#positions = [...byTopic.values()].flat();
    let size = 64 + clientId.length * 3;
    for (const [topic, partitions] of byTopic) size += 6 + topic.length * 3 + partitions.length * 28;
    const writer = new ByteWriter(new Uint8Array(size));
    writer.int32(0); // size: known at the end
    writer.int16(API_KEY);
    writer.int16(API_VERSION);
    writer.int32(0); // correlation id: the connection's to give
    writer.string(clientId);
    this.#maxWaitAt = writer.at + MAX_WAIT_AFTER;
    writer.int32(-1); // replicaId: a consumer
    writer.int32(0); // maxWaitMs: each poll's own
    writer.int32(1); // minBytes
    writer.int32(MAX_BYTES);
    writer.int8(READ_COMMITTED);
    writer.int32(0); // sessionId: none
    writer.int32(-1); // sessionEpoch: none
    writer.int32(byTopic.size);
    const offsetsAt: number[] = [];
    for (const [topic, partitions] of byTopic) {
      writer.string(topic);
      writer.int32(partitions.length);
      for (const { partition } of partitions) {
        offsetsAt.push(writer.at + OFFSET_AFTER);
        writer.int32(partition);
        writer.int32(-1); // currentLeaderEpoch: not checked
        writer.int64(0n); // fetchOffset: each poll's own
        writer.int64(-1n); // logStartOffset: a consumer has none
        writer.int32(MAX_PARTITION_BYTES);
      }
    }
    writer.int32(0); // forgottenTopicsData
    writer.string(""); // rackId
    const end = writer.at;
    writer.at = 0;
    writer.int32(end - 4);
    this.#offsetsAt = offsetsAt;
    this.#frame = writer.bytes.subarray(0, end);
    this.#view = new DataView(writer.bytes.buffer);
  }

  /** A request for what is at the positions now, that waits up to `maxWaitMs` for the first byte. */
  next(maxWaitMs: number): RawRequest {
    this.#view.setInt32(this.#maxWaitAt, maxWaitMs);
    for (let i = 0; i < this.#positions.length; i++) {
      this.#view.setBigInt64(this.#offsetsAt[i] ?? 0, this.#positions[i]?.offset ?? 0n);
    }
    return { apiName: "Fetch", frame: this.#frame, timeoutMs: maxWaitMs + REQUEST_TIMEOUT_MS };
  }
}

/** @throws {RangeError} if the answer is cut short */
export function decodeFetchResponse(
  payload: Uint8Array,
): { throttleTimeMs: number; errorCode: number; partitions: FetchedPartition[] } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const throttleTimeMs = view.getInt32(0);
  const errorCode = view.getInt16(4);
  let at = 10;
  const partitions: FetchedPartition[] = [];
  const topicCount = view.getInt32(at);
  at += 4;
  for (let t = 0; t < topicCount; t++) {
    const nameLength = view.getInt16(at);
    const topic = decodeText(payload.subarray(at + 2, at + 2 + nameLength));
    at += 2 + nameLength;
    const partitionCount = view.getInt32(at);
    at += 4;
    for (let p = 0; p < partitionCount; p++) {
      const partition = view.getInt32(at);
      const partitionErrorCode = view.getInt16(at + 4);
      const highWatermark = view.getBigInt64(at + 6);
      const abortedCount = view.getInt32(at + 30);
      at += 34;
      const abortedTransactions: AbortedTransaction[] = [];
      for (let a = 0; a < abortedCount; a++) {
        abortedTransactions.push({
          producerId: view.getBigInt64(at),
          firstOffset: view.getBigInt64(at + 8),
        });
        at += 16;
      }
      const length = Math.max(0, view.getInt32(at + 4)); // behind preferredReadReplica
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
