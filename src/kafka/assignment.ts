/**
 * Who of a group reads what: Kafka's consumer protocol (ConsumerProtocolSubscription and ConsumerProtocolAssignment,
 * version 0), and the strategy that the group's leader applies.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { ByteWriter } from "./bytes.ts";

/** Partitions by topic. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

/** The first name that all members know is taken. The second is kafkajs's, the third the Java client's. */
export const STRATEGIES = ["parley-sticky", "RoundRobinAssigner", "roundrobin"] as const;

/** What a member wants to read, and what it read last. */
export interface Subscription {
  readonly topics: readonly string[];
  readonly owned: Assignment;
}

/** Bytes of a subscription. What is owned goes along as user data, which other strategies ignore. */
export function encodeSubscription({ topics, owned }: Subscription): Uint8Array {
  const userData = owned.size === 0 ? new Uint8Array(0) : encodeAssignment(owned);
  const writer = new ByteWriter(
    new Uint8Array(topics.reduce((sum, topic) => sum + 2 + topic.length * 3, 10) + userData.length),
  );
  writer.int16(0);
  writer.int32(topics.length);
  for (const topic of topics) writer.string(topic);
  writer.int32(userData.length);
  writer.raw(userData);
  return writer.bytes.subarray(0, writer.at);
}

/** @throws {RangeError} if the bytes are cut short */
export function decodeSubscription(bytes: Buffer): Subscription {
  let at = 2;
  const topics: string[] = [];
  for (let left = bytes.readInt32BE(at), _ = at += 4; left > 0; left--) {
    const length = bytes.readInt16BE(at);
    topics.push(bytes.toString("utf8", at + 2, at + 2 + length));
    at += 2 + length;
  }
  const userDataLength = bytes.length >= at + 4 ? bytes.readInt32BE(at) : 0;
  const userData = bytes.subarray(at + 4, at + 4 + Math.max(0, userDataLength));
  return { topics, owned: decodeOwned(userData) };
}

/** User data of other clients is theirs to understand. */
function decodeOwned(userData: Buffer): Assignment {
  try {
    return decodeAssignment(userData);
  } catch {
    return new Map();
  }
}

/** Bytes of an assignment. */
export function encodeAssignment(assignment: Assignment): Uint8Array {
  let size = 10;
  for (const [topic, partitions] of assignment) size += 6 + topic.length * 3 + partitions.length * 4;
  const writer = new ByteWriter(new Uint8Array(size));
  writer.int16(0);
  writer.int32(assignment.size);
  for (const [topic, partitions] of assignment) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const partition of partitions) writer.int32(partition);
  }
  writer.int32(0); // userData
  return writer.bytes.subarray(0, writer.at);
}

/** No bytes: nothing is assigned. @throws {RangeError} if the bytes are cut short */
export function decodeAssignment(bytes: Buffer): Assignment {
  const assignment = new Map<string, number[]>();
  if (bytes.length === 0) return assignment;
  let at = 6;
  for (let topics = bytes.readInt32BE(2); topics > 0; topics--) {
    const length = bytes.readInt16BE(at);
    const topic = bytes.toString("utf8", at + 2, at + 2 + length);
    at += 2 + length;
    const partitions: number[] = [];
    let count = bytes.readInt32BE(at);
    for (at += 4; count > 0; count--, at += 4) partitions.push(bytes.readInt32BE(at));
    assignment.set(topic, partitions);
  }
  return assignment;
}

/**
 * Shares the partitions evenly among those who want them; whoever owned one keeps it as far as that is even.
 *
 * @param members subscriptions by member id
 * @param partitionCounts by topic
 */
export function assign(
  members: ReadonlyMap<string, Subscription>,
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, Assignment> {
  const ids = [...members.keys()].sort();
  const assigned = new Map(ids.map((id) => [id, new Map<string, number[]>()]));
  const load = new Map(ids.map((id) => [id, 0]));
  for (const [topic, count] of [...partitionCounts].sort(([a], [b]) => a < b ? -1 : 1)) {
    const wanting = ids.filter((id) => members.get(id)?.topics.includes(topic));
    if (wanting.length === 0) continue;
    const quota = Math.ceil(count / wanting.length);
    const give = (id: string, partition: number) => {
      const ofMember = assigned.get(id);
      const ofTopic = ofMember?.get(topic) ?? [];
      ofTopic.push(partition);
      ofMember?.set(topic, ofTopic);
      load.set(id, (load.get(id) ?? 0) + 1);
    };
    const has = (id: string) => assigned.get(id)?.get(topic)?.length ?? 0;
    /** How many members may have a partition more than the others. */
    let larger = count % wanting.length === 0 ? wanting.length : count % wanting.length;
    const free: number[] = [];
    for (let partition = 0; partition < count; partition++) {
      const owner = wanting.find((id) => members.get(id)?.owned.get(topic)?.includes(partition));
      const isLast = owner !== undefined && has(owner) === quota - 1;
      if (owner === undefined || has(owner) >= quota || (isLast && larger === 0)) free.push(partition);
      else {
        give(owner, partition);
        if (isLast) larger--;
      }
    }
    for (const partition of free) {
      const [least] = [...wanting].sort((a, b) => has(a) - has(b) || (load.get(a) ?? 0) - (load.get(b) ?? 0));
      if (least !== undefined) give(least, partition);
    }
  }
  for (const ofMember of assigned.values()) {
    for (const partitions of ofMember.values()) partitions.sort((a, b) => a - b);
  }
  return assigned;
}
