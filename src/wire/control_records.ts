/**
 * Control batches: what a transaction coordinator writes at the end of a transaction into each partition that it touched
 * (https://kafka.apache.org/documentation/#controlbatch, `EndTxnMarker.json` in kafka-clients).
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { decodeRecords, encodeRecordBatch } from "./records.ts";

/** `type` in the key of a control record. */
const TYPE_ABORT = 0;
const TYPE_COMMIT = 1;
const VERSION = 0;
/** Version and type, each INT16; newer versions may have more behind. */
const KEY_BYTES = 4;
/** Version INT16, and the coordinator's epoch INT32. */
const VALUE_BYTES = 6;

/** The end of a transaction in a partition. */
export interface EndTxnMarker {
  readonly isCommit: boolean;
  /** Of the transaction coordinator that wrote it. */
  readonly coordinatorEpoch: number;
}

/** A marker, and whose transaction it ends. */
export interface EndTxnMarkerInput extends EndTxnMarker {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

/** The batch of a marker, as a broker appends it. @throws {RangeError} if a value does not fit */
export function encodeEndTxnMarker(marker: EndTxnMarkerInput): Uint8Array<ArrayBuffer> {
  const { isCommit, coordinatorEpoch, producerId, producerEpoch, timestamp } = marker;
  const key = new DataView(new ArrayBuffer(KEY_BYTES));
  key.setInt16(0, VERSION);
  key.setInt16(2, isCommit ? TYPE_COMMIT : TYPE_ABORT);
  const value = new DataView(new ArrayBuffer(VALUE_BYTES));
  value.setInt16(0, VERSION);
  value.setInt32(2, coordinatorEpoch);
  return encodeRecordBatch({
    isTransactional: true,
    isControl: true,
    producerId,
    producerEpoch,
    records: [{ timestamp, key: new Uint8Array(key.buffer), value: new Uint8Array(value.buffer) }],
  });
}

/**
 * The marker in a control batch; undefined when it holds none, as after a compaction, or one of another kind.
 *
 * @throws {WireError} if the batch cannot be read
 */
export function decodeEndTxnMarker(batch: Uint8Array): EndTxnMarker | undefined {
  const record = decodeRecords(batch)[0];
  if (record === undefined) return undefined;
  const { key, value } = record;
  if (key === null || key.length < KEY_BYTES || value === null || value.length < VALUE_BYTES) {
    throw new WireError("Cannot read a control record as its key or value is too short");
  }
  const type = new DataView(key.buffer, key.byteOffset).getInt16(2);
  if (type !== TYPE_ABORT && type !== TYPE_COMMIT) return undefined;
  const coordinatorEpoch = new DataView(value.buffer, value.byteOffset).getInt32(2);
  return { isCommit: type === TYPE_COMMIT, coordinatorEpoch };
}
