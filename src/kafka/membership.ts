/**
 * One member of one group, over a connection of its own to the group's coordinator (the classic group protocol:
 * JoinGroup, SyncGroup, Heartbeat, OffsetFetch, OffsetCommit, LeaveGroup).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { untilAborted } from "../base/stop.ts";
import {
  assign,
  type Assignment,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  STRATEGIES,
} from "./assignment.ts";
import type { Client } from "./client.ts";
import { KafkaError } from "./errors.ts";
import type { Link } from "./link.ts";

/** The coordinator gives a silent member up after this. */
const SESSION_TIMEOUT_MS = 10_000;
/** How long the coordinator waits for members to rejoin. */
const REBALANCE_TIMEOUT_MS = 30_000;

/** An offset to commit. */
export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** What a join brought. */
export interface Generation {
  readonly generationId: number;
  readonly isLeader: boolean;
  readonly assignment: Assignment;
}

/** See the module. */
export class Membership {
  readonly groupId: string;
  readonly #client: Client;
  readonly #topics: readonly string[];
  #link: Link | undefined;
  #memberId = "";
  #generationId = -1;

  constructor(client: Client, groupId: string, topics: readonly string[]) {
    this.#client = client;
    this.groupId = groupId;
    this.#topics = topics;
  }

  /**
   * Joins, or joins again after a rebalance was announced, and learns what to read.
   *
   * @param owned what this member read until now, and would like to keep
   * @throws {KafkaError} as the coordinator answers
   * @throws the signal's reason, and nothing waits at the coordinator
   */
  async join(owned: Assignment, signal: AbortSignal): Promise<Generation> {
    // A join waits for the other members, and would keep its connection from telling that we leave.
    const giveUp = () => this.disconnect();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await this.#join(await untilAborted(this.#coordinator(), signal), owned);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async #join(link: Link, owned: Assignment): Promise<Generation> {
    const { groupId } = this;
    const metadata = encodeSubscription({ topics: this.#topics, owned });
    const joined = await this.#ask(
      link,
      () =>
        link.call(`Cannot join group '${groupId}'`, (broker) =>
          broker.joinGroup({
            groupId,
            sessionTimeout: SESSION_TIMEOUT_MS,
            rebalanceTimeout: REBALANCE_TIMEOUT_MS,
            memberId: this.#memberId,
            groupProtocols: STRATEGIES.map((name) => ({ name, metadata: Buffer.from(metadata) })),
          })),
    );
    const { memberId, generationId, leaderId, members } = joined;
    this.#memberId = memberId;
    this.#generationId = generationId;
    const isLeader = memberId === leaderId;
    const groupAssignment = isLeader ? await this.#assignAll(members) : [];
    const { memberAssignment } = await this.#ask(
      link,
      () =>
        link.call(
          `Cannot join group '${groupId}'`,
          (broker) => broker.syncGroup({ groupId, generationId, memberId, groupAssignment }),
        ),
    );
    return { generationId, isLeader, assignment: decodeAssignment(memberAssignment) };
  }

  /** Tells the coordinator that we live. @throws {KafkaError} REBALANCE_IN_PROGRESS and others: join again */
  async heartbeat(): Promise<void> {
    const { groupId } = this;
    const link = await this.#coordinator();
    await this.#ask(
      link,
      () =>
        link.call(
          `Group '${groupId}' lost this member`,
          (broker) =>
            broker.heartbeat({ groupId, groupGenerationId: this.#generationId, memberId: this.#memberId }),
        ),
    );
  }

  /** The committed offset of each partition; those without are absent. */
  async committed(assignment: Assignment): Promise<CommittedOffset[]> {
    if (assignment.size === 0) return [];
    const { groupId } = this;
    const link = await this.#coordinator();
    const { responses } = await link.call(
      `Cannot read the offsets of group '${groupId}'`,
      (broker) =>
        broker.offsetFetch({
          groupId,
          topics: [...assignment].map(([topic, partitions]) => ({
            topic,
            partitions: partitions.map((partition) => ({ partition })),
          })),
        }),
    );
    return responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) }))
    ).filter(({ offset }) => offset >= 0n);
  }

  /** Commits the offsets to go on from. @throws {KafkaError} as the coordinator answers */
  async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    const { groupId } = this;
    const link = await this.#coordinator();
    const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
    await this.#ask(
      link,
      () =>
        link.call(`Cannot commit offsets of group '${groupId}'`, (broker) =>
          broker.offsetCommit({
            groupId,
            groupGenerationId: this.#generationId,
            memberId: this.#memberId,
            retentionTime: "-1",
            topics: [...byTopic].map(([topic, partitions]) => ({
              topic,
              partitions: partitions.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
            })),
          })),
    );
  }

  /** Leaves, so that the others need not wait for the session's end. */
  async leave(): Promise<void> {
    if (this.#memberId === "") return;
    const { groupId } = this;
    const memberId = this.#memberId;
    this.#memberId = "";
    const link = await this.#coordinator();
    await link.call(`Cannot leave group '${groupId}'`, (broker) => broker.leaveGroup({ groupId, memberId }));
  }

  /** Gives up whatever waits for the coordinator. The next question goes over a new connection. */
  disconnect(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  async #coordinator(): Promise<Link> {
    if (this.#link?.isUp) return this.#link;
    return this.#link = await this.#client.dialCoordinator(this.groupId);
  }

  /** Forgets what the coordinator no longer knows. */
  async #ask<T>(link: Link, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof KafkaError) {
        if (error.code === "UNKNOWN_MEMBER_ID" || error.code === "FENCED_INSTANCE_ID") this.#memberId = "";
        if (error.code === "NOT_COORDINATOR" || error.code === "COORDINATOR_NOT_AVAILABLE") link.close();
      }
      throw error;
    }
  }

  async #assignAll(members: readonly { memberId: string; memberMetadata: Buffer }[]) {
    const subscriptions = new Map(
      members.map(({ memberId, memberMetadata }) => [memberId, decodeSubscription(memberMetadata)]),
    );
    const counts = new Map<string, number>();
    for (const topic of new Set([...subscriptions.values()].flatMap(({ topics }) => topics))) {
      counts.set(topic, (await this.#client.topic(topic, { fresh: true })).leaders.length);
    }
    return [...assign(subscriptions, counts)].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: Buffer.from(encodeAssignment(assignment)),
    }));
  }
}

/** Whether joining again, at once, is the answer to a fault. */
export function isRejoin(fault: KafkaError): boolean {
  return fault.code === "REBALANCE_IN_PROGRESS" || fault.code === "ILLEGAL_GENERATION" ||
    fault.code === "UNKNOWN_MEMBER_ID";
}

/** A reason to join again. */
export function rejoin(reason: string): KafkaError {
  return new KafkaError("REBALANCE_IN_PROGRESS", reason, { retriable: true });
}
