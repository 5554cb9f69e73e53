/**
 * What a reader makes of what a fetch answers, as Java's consumer does it.
 *
 * @module
 */
import { decodeEndTxnMarker } from "../../src/wire/control_records.ts";
import { BatchAttribute, recordBatches } from "../../src/wire/record_batch.ts";
import { decodeRecords } from "../../src/wire/records.ts";

/** A transaction that is to be left out. */
export interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** A record, by what a test knows it by. */
export interface VisibleRecord {
  readonly offset: bigint;
  readonly value: string;
}

/** The records that a reader is given: none of control batches, and none of the transactions in `aborted`. */
export function visibleRecords(batches: Uint8Array, aborted: readonly Aborted[] = []): VisibleRecord[] {
  const decoder = new TextDecoder();
  const upcoming = [...aborted].sort((a, b) => a.firstOffset < b.firstOffset ? -1 : 1);
  const current = new Set<bigint>();
  const visible: VisibleRecord[] = [];
  for (
    const { at, sizeBytes, baseOffset, lastOffsetDelta, attributes, producerId } of recordBatches(batches)
  ) {
    const lastOffset = baseOffset + BigInt(lastOffsetDelta);
    for (let next = upcoming[0]; next !== undefined && next.firstOffset <= lastOffset; next = upcoming[0]) {
      current.add(next.producerId);
      upcoming.shift();
    }
    if ((attributes & BatchAttribute.control) !== 0) {
      const marker = decodeEndTxnMarker(batches.subarray(at, at + sizeBytes));
      if (marker?.isCommit === false) current.delete(producerId);
      continue;
    }
    if ((attributes & BatchAttribute.transactional) !== 0 && current.has(producerId)) continue;
    for (const { offset, value } of decodeRecords(batches, at)) {
      visible.push({ offset, value: value === null ? "" : decoder.decode(value) });
    }
  }
  return visible;
}
