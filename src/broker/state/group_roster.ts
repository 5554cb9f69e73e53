/**
 * Who is in a group: members by their id, static ones by their instance id as well (KIP-345).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import type { GroupMember, JoinGroup, MemberIdentity } from "./group_member.ts";

/** See the module. */
export class GroupRoster {
  readonly #byId = new Map<string, GroupMember>();
  readonly #byInstanceId = new Map<string, GroupMember>();

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

  /** Whether a member with these protocols fits in with the others, who follow `protocolType`. */
  accepts(request: JoinGroup, protocolType: string | null): boolean {
    if (request.protocolType === "" || request.protocols.length === 0) return false;
    const others = [...this.values()].filter((member) => member.memberId !== request.memberId);
    if (others.length === 0) return true;
    return request.protocolType === protocolType &&
      request.protocols.some((protocol) => others.every((member) => member.supports(protocol.name)));
  }

  /** The longest time that a member has to come again in a rebalance, in milliseconds. */
  get longestRebalanceMs(): number {
    let longest = 0;
    for (const member of this.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
    return longest;
  }

  add(member: GroupMember): void {
    this.#byId.set(member.memberId, member);
    if (member.groupInstanceId !== null) this.#byInstanceId.set(member.groupInstanceId, member);
  }

  delete(member: GroupMember): void {
    this.#byId.delete(member.memberId);
    if (member.groupInstanceId !== null) this.#byInstanceId.delete(member.groupInstanceId);
  }

  clear(): void {
    this.#byId.clear();
    this.#byInstanceId.clear();
  }
}
