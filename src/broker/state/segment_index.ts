/**
 * A segment's index as it lies on the disk: what is known of the segment's first `sizeBytes` bytes, with the sparse index
 * of offsets and times. It is made from the segment, and made again when it is missing or does not fit.
 *
 * A head of {@linkcode HEAD_BYTES} bytes, then {@linkcode ENTRY_BYTES} bytes an entry, big-endian: the relative offset
 * and the position as UINT32, and the largest timestamp before it as FLOAT64. The head ends with the CRC-32C of all else.
 *
 * @module
 */
import { crc32c } from "../../wire/crc32c.ts";
import { SparseIndex } from "./sparse_index.ts";

const MAGIC = 0x50494458; // "PIDX"
const VERSION = 1;
const AT = {
  magic: 0,
  version: 4,
  baseOffset: 8,
  nextOffset: 16,
  sizeBytes: 24,
  maxTimestamp: 32,
  createdAtMs: 40,
  entriesCount: 48,
  crc: 52,
} as const;
const HEAD_BYTES = 56;
const ENTRY_BYTES = 16;

/** What is known of a segment, or of its first `sizeBytes` bytes. */
export interface SegmentFacts {
  readonly baseOffset: bigint;
  /** The offset behind the last record. */
  readonly nextOffset: bigint;
  readonly sizeBytes: number;
  /** Epoch milliseconds, -1 when there is none. */
  readonly maxTimestamp: number;
  /** Epoch milliseconds. */
  readonly createdAtMs: number;
}

/** See the module. */
export function encodeSegmentIndex(facts: SegmentFacts, index: SparseIndex): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + ENTRY_BYTES * index.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(AT.magic, MAGIC);
  view.setUint32(AT.version, VERSION);
  view.setBigInt64(AT.baseOffset, facts.baseOffset);
  view.setBigInt64(AT.nextOffset, facts.nextOffset);
  view.setFloat64(AT.sizeBytes, facts.sizeBytes);
  view.setFloat64(AT.maxTimestamp, facts.maxTimestamp);
  view.setFloat64(AT.createdAtMs, facts.createdAtMs);
  view.setUint32(AT.entriesCount, index.length);
  let at = HEAD_BYTES;
  for (const { relativeOffset, position, timestampBefore } of index.entries()) {
    view.setUint32(at, relativeOffset);
    view.setUint32(at + 4, position);
    view.setFloat64(at + 8, timestampBefore);
    at += ENTRY_BYTES;
  }
  view.setUint32(AT.crc, crc32c(bytes));
  return bytes;
}

/** What {@linkcode encodeSegmentIndex} wrote; undefined for anything else. */
export function decodeSegmentIndex(
  bytes: Uint8Array,
): { readonly facts: SegmentFacts; readonly index: SparseIndex } | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const crc = view.getUint32(AT.crc);
  view.setUint32(AT.crc, 0);
  const entriesCount = view.getUint32(AT.entriesCount);
  if (view.getUint32(AT.magic) !== MAGIC || view.getUint32(AT.version) !== VERSION) return undefined;
  if (copy.length !== HEAD_BYTES + ENTRY_BYTES * entriesCount || crc32c(copy) !== crc) return undefined;
  const index = new SparseIndex();
  for (let at = HEAD_BYTES; at < copy.length; at += ENTRY_BYTES) {
    index.add({
      relativeOffset: view.getUint32(at),
      position: view.getUint32(at + 4),
      timestampBefore: view.getFloat64(at + 8),
    });
  }
  return {
    facts: {
      baseOffset: view.getBigInt64(AT.baseOffset),
      nextOffset: view.getBigInt64(AT.nextOffset),
      sizeBytes: view.getFloat64(AT.sizeBytes),
      maxTimestamp: view.getFloat64(AT.maxTimestamp),
      createdAtMs: view.getFloat64(AT.createdAtMs),
    },
    index,
  };
}
