/**
 * Who is in a group, and whether they live: members by their id, static ones by their instance id as well (KIP-345), each
 * with a session that all it sends begins anew.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Clock } from "./clock.ts";
import type { Deadlines } from "./deadlines.ts";
import type { GroupMember, GroupMemory, JoinGroup, MemberIdentity } from "./group_member.ts";

/** See the module. */
export class GroupRoster {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #disconnectGraceMs: number;
  readonly #memory: GroupMemory;
  readonly #byId = new Map<string, GroupMember>();
  readonly #byInstanceId = new Map<string, GroupMember>();

  /** @param disconnectGraceMs how long a member stays whose connection closed, when its session does not end sooner */
  constructor(clock: Clock, deadlines: Deadlines, disconnectGraceMs: number, memory: GroupMemory) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#disconnectGraceMs = disconnectGraceMs;
    this.#memory = memory;
  }

  get size(): number {
    return this.#byId.size;
  }

  has(memberId: string): boolean {
    return this.#byId.has(memberId);
  }

  get(memberId: string): GroupMember | undefined {
    return this.#byId.get(memberId);
  }

  values(): MapIterator<GroupMember> {
    return this.#byId.values();
  }

  /** The member of an instance id, undefined also for null. */
  staticMember(groupInstanceId: string | null): GroupMember | undefined {
    return groupInstanceId === null ? undefined : this.#byInstanceId.get(groupInstanceId);
  }

  /** The member that speaks, or the error code that it gets. */
  identify({ memberId, groupInstanceId }: MemberIdentity): GroupMember | number {
    if (groupInstanceId !== null) {
      const known = this.#byInstanceId.get(groupInstanceId);
      if (known === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (known.memberId !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.#byId.get(memberId) ?? ErrorCode.UNKNOWN_MEMBER_ID;
  }

  /**
   * Whether a member with these protocols fits in with those who are here and follow `protocolType`. As in Kafka it is
   * also held against what it said before itself.
   */
  accepts(request: JoinGroup, protocolType: string | null): boolean {
    if (request.protocolType === "" || request.protocols.length === 0) return false;
    const members = [...this.values()];
    if (members.length === 0) return true;
    return request.protocolType === protocolType &&
      request.protocols.some((protocol) => members.every((member) => member.supports(protocol.name)));
  }

  /** The longest time that a member has to come again in a rebalance, in milliseconds. */
  get longestRebalanceMs(): number {
    let longest = 0;
    for (const member of this.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
    return longest;
  }

  /** Takes a member in. Its session begins. */
  add(member: GroupMember): void {
    this.#byId.set(member.memberId, member);
    if (member.groupInstanceId !== null) this.#byInstanceId.set(member.groupInstanceId, member);
    member.entered(this.#memory);
    this.heardOf(member);
  }

  /** Gives a static member another id. */
  rename(member: GroupMember, memberId: string): void {
    this.#byId.delete(member.memberId);
    member.memberId = memberId;
    this.#byId.set(memberId, member);
  }

  /** Takes a member out. What it waits for is refused. */
  drop(member: GroupMember): void {
    this.#deadlines.delete(member);
    this.#byId.delete(member.memberId);
    if (member.groupInstanceId !== null) this.#byInstanceId.delete(member.groupInstanceId);
    member.left();
    member.refuse(ErrorCode.UNKNOWN_MEMBER_ID);
  }

  /** A member lives, and speaks through this connection. */
  heardOf(member: GroupMember, connectionId = member.connectionId): void {
    member.connectionId = connectionId;
    member.isDisconnected = false;
    member.deadlineMs = this.#clock.nowMs() + member.sessionTimeoutMs;
    this.#deadlines.add(member);
  }

  /** A member that waited could send nothing: its session begins anew, unless its connection closed meanwhile. */
  hasWaited(member: GroupMember): void {
    if (!member.isDisconnected) this.heardOf(member);
  }

  /** A connection closed: its members' sessions end after a grace, unless they are heard of before. */
  connectionClosed(connectionId: number): void {
    for (const member of this.values()) {
      // A static member is meant to outlive its connection, for its session.
      if (member.connectionId !== connectionId || member.groupInstanceId !== null) continue;
      member.isDisconnected = true;
      member.deadlineMs = Math.min(member.deadlineMs, this.#clock.nowMs() + this.#disconnectGraceMs);
      this.#deadlines.add(member);
    }
  }

  /** Ends all waiting and watching. */
  close(errorCode: number): void {
    for (const member of this.values()) {
      this.#deadlines.delete(member);
      member.left();
      member.refuse(errorCode);
    }
    this.#byId.clear();
    this.#byInstanceId.clear();
  }
}
