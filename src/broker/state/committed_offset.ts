/**
 * What a group commits, and how the journal has it.
 *
 * @module
 */
import type { Change } from "./journal.ts";

/** What a group committed for a partition. */
export interface CommittedOffset {
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly committedAtMs: number;
  /** When it expires, where the commit itself said so. */
  readonly expiresAtMs?: number | undefined;
}

/** A commit of one partition. */
export interface OffsetCommit extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

/** A partition that a group commits for, and the producer whose transaction does, while it is under way. */
export interface CommitKey {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly producerId: bigint | undefined;
}

/** Offset in decimal, leader epoch, metadata, times in epoch milliseconds. */
export type CommitLine = readonly [
  offset: string,
  leaderEpoch: number,
  metadata: string,
  committedAtMs: number,
  expiresAtMs?: number,
];

/** A group's commit, or null for none any more. */
export function changeOf(
  groupId: string,
  topic: string,
  partition: number,
  committed: CommittedOffset | null,
): Change<CommitLine> {
  const key = keyOf(groupId, topic, partition);
  return committed === null ? [key, null] : [key, lineOf(committed)];
}

export function lineOf(
  { offset, leaderEpoch, metadata, committedAtMs, expiresAtMs }: CommittedOffset,
): CommitLine {
  const line = [`${offset}`, leaderEpoch, metadata, committedAtMs] as const;
  return expiresAtMs === undefined ? line : [...line, expiresAtMs];
}

export function committedOf(
  [offset, leaderEpoch, metadata, committedAtMs, expiresAtMs]: CommitLine,
): CommittedOffset {
  const committed = { offset: BigInt(offset), leaderEpoch, metadata, committedAtMs };
  return expiresAtMs === undefined ? committed : { ...committed, expiresAtMs };
}

/** A commit's key in the journal. That of a commit that is only staged ends with the producer's id. */
export function keyOf(groupId: string, topic: string, partition: number, producerId?: bigint): string {
  const key = [groupId, topic, partition];
  return JSON.stringify(producerId === undefined ? key : [...key, `${producerId}`]);
}

/** @throws {TypeError} */
export function parseKey(text: string): CommitKey {
  const key: unknown = JSON.parse(text);
  if (!Array.isArray(key)) throw new TypeError(`Cannot read the key of a committed offset: '${text}'`);
  const producerId = key[3] === undefined ? undefined : BigInt(String(key[3]));
  return { groupId: String(key[0]), topic: String(key[1]), partition: Number(key[2]), producerId };
}

/** What a line holds, undefined when it is none that this version writes. */
export function parseLine(value: unknown): CommitLine | undefined {
  if (!Array.isArray(value) || !/^-?\d+$/.test(String(value[0]))) return undefined;
  const line = [String(value[0]), Number(value[1]), String(value[2]), Number(value[3])] as const;
  return value[4] === undefined ? line : [...line, Number(value[4])];
}
