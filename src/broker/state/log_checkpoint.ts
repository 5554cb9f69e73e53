/**
 * What a partition's log has written down of itself: where it starts, up to where it is known to be safe, and what is
 * known of the batches until there. A start reads only what lies behind.
 *
 * `<CRC-32C of the rest, in hex> <JSON>\n`, then the index of the newest segment, then the owner's snapshot.
 *
 * @module
 */
import { crc32c } from "../../wire/crc32c.ts";
import { decodeSegmentIndex, encodeSegmentIndex, type SegmentFacts } from "./segment_index.ts";
import type { SparseIndex } from "./sparse_index.ts";
import type { Storage } from "./storage.ts";

/** The name of the file. */
export const CHECKPOINT_NAME = "checkpoint";

const VERSION = 1;
const CRC_DIGITS = 8;
const NEWLINE = 10;

/** See the module. */
export interface LogCheckpoint {
  /** The first offset that can be read. */
  readonly startOffset: bigint;
  /** All before it is safe on the disk: the offset behind the last record then. */
  readonly recoveryOffset: bigint;
  /** All before it has been compacted. */
  readonly compactedOffset: bigint;
  /** The newest segment up to `recoveryOffset`; undefined when there was none. */
  readonly newest: { readonly facts: SegmentFacts; readonly index: SparseIndex } | undefined;
  /** What the log's owner knows of all batches before `recoveryOffset`. */
  readonly snapshot: Uint8Array;
}

interface Head {
  readonly version: number;
  readonly startOffset: string;
  readonly recoveryOffset: string;
  readonly compactedOffset: string;
  readonly indexBytes: number;
  readonly snapshotBytes: number;
}

/** See the module. */
export function encodeCheckpoint(checkpoint: LogCheckpoint): Uint8Array {
  const { startOffset, recoveryOffset, compactedOffset, newest, snapshot } = checkpoint;
  const index = newest === undefined ? new Uint8Array() : encodeSegmentIndex(newest.facts, newest.index);
  const head: Head = {
    version: VERSION,
    startOffset: `${startOffset}`,
    recoveryOffset: `${recoveryOffset}`,
    compactedOffset: `${compactedOffset}`,
    indexBytes: index.length,
    snapshotBytes: snapshot.length,
  };
  const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const bytes = new Uint8Array(CRC_DIGITS + 1 + line.length + index.length + snapshot.length);
  const body = bytes.subarray(CRC_DIGITS + 1);
  body.set(line);
  body.set(index, line.length);
  body.set(snapshot, line.length + index.length);
  new TextEncoder().encodeInto(`${crc32c(body).toString(16).padStart(CRC_DIGITS, "0")} `, bytes);
  return bytes;
}

/**
 * Writes a checkpoint beside the one that is there, makes it safe, and puts it in its place.
 *
 * @param isWanted asked before anything is changed: what the log is of may have gone meanwhile
 * @returns whether it was
 * @throws {StorageError} the one that was there is as it was
 */
export async function writeCheckpoint(
  storage: Storage,
  folder: string,
  bytes: Uint8Array,
  isWanted: () => boolean,
): Promise<boolean> {
  if (!isWanted()) return false;
  const path = `${folder}/${CHECKPOINT_NAME}`;
  storage.remove(`${path}.new`);
  const file = storage.open(`${path}.new`);
  try {
    file.append(bytes);
    await file.sync();
  } catch (error) {
    if (isWanted()) throw error;
  } finally {
    file.close();
  }
  if (!isWanted()) return false;
  storage.rename(`${path}.new`, path);
  return true;
}

/** What {@linkcode encodeCheckpoint} wrote; undefined for anything else. */
export function decodeCheckpoint(bytes: Uint8Array): LogCheckpoint | undefined {
  const decoder = new TextDecoder();
  const body = bytes.subarray(CRC_DIGITS + 1);
  if (crc32c(body) !== Number.parseInt(decoder.decode(bytes.subarray(0, CRC_DIGITS)), 16)) return undefined;
  const lineEnd = body.indexOf(NEWLINE) + 1;
  if (lineEnd === 0) return undefined;
  const head = JSON.parse(decoder.decode(body.subarray(0, lineEnd))) as Head;
  const indexEnd = lineEnd + head.indexBytes;
  if (head.version !== VERSION || indexEnd + head.snapshotBytes !== body.length) return undefined;
  const newest = head.indexBytes === 0 ? undefined : decodeSegmentIndex(body.subarray(lineEnd, indexEnd));
  if (head.indexBytes > 0 && newest === undefined) return undefined;
  return {
    startOffset: BigInt(head.startOffset),
    recoveryOffset: BigInt(head.recoveryOffset),
    compactedOffset: BigInt(head.compactedOffset),
    newest,
    snapshot: body.slice(indexEnd),
  };
}
