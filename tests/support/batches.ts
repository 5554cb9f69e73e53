/**
 * Record batches for tests, and what is in them.
 *
 * @module
 */
import { recordBatches } from "../../src/wire/record_batch.ts";
import { decodeRecords, encodeRecordBatch } from "../../src/wire/records.ts";

/** What a test says of a batch; the rest is as in a batch of a producer without idempotence. */
export interface TestBatch {
  readonly timestamp?: number;
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly baseOffset?: bigint;
  readonly compression?: "none" | "gzip";
}

/** A batch with one record a value, as a producer sends it. */
export function batchOf(values: readonly string[], options: TestBatch = {}): Uint8Array {
  const { timestamp = 1_700_000_000_000, ...producer } = options;
  const encoder = new TextEncoder();
  return encodeRecordBatch({
    ...producer,
    records: values.map((value, i) => ({
      timestamp: BigInt(timestamp + i),
      key: null,
      value: encoder.encode(value),
    })),
  });
}

/** The records of batches that stand one after another, as `offset:value`. */
export function contentOf(bytes: Uint8Array): string[] {
  const decoder = new TextDecoder();
  const content: string[] = [];
  for (const { at } of recordBatches(bytes)) {
    for (const { offset, value } of decodeRecords(bytes, at)) {
      content.push(`${offset}:${value === null ? "null" : decoder.decode(value)}`);
    }
  }
  return content;
}
