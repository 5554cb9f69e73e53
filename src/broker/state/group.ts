/**
 * A consumer group of the classic protocol: what its members ask for, and who may. Kafka's GroupMetadata and
 * GroupCoordinator are the model.
 *
 * A request is judged here; the members and their sessions are the roster's, the way to an assignment is the rebalance's.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Clock } from "./clock.ts";
import { CONSUMER, subscribedTopics } from "./consumer_protocol.ts";
import type { Deadlines } from "./deadlines.ts";
import {
  electProtocol,
  GroupMember,
  type GroupMemory,
  joinError,
  type JoinGroup,
  type JoinResult,
  type MemberIdentity,
  syncError,
  type SyncGroup,
  type SyncResult,
} from "./group_member.ts";
import { GroupRebalance, type GroupState } from "./group_rebalance.ts";
import { GroupRoster } from "./group_roster.ts";
import { Later } from "./later.ts";
import { PromisedIds } from "./promised_ids.ts";

/** What groups are run by; times in milliseconds. */
export interface GroupOptions {
  /** How long a group that was empty waits for more members. Kafka: `group.initial.rebalance.delay.ms`. */
  readonly initialRebalanceDelayMs: number;
  /** How long a member stays whose connection closed, when its session does not end sooner. */
  readonly disconnectGraceMs: number;
  readonly maxMembers: number;
}

/** See the module. */
export class Group {
  readonly groupId: string;
  readonly members: GroupRoster;
  readonly #promised: PromisedIds;
  readonly #rebalance: GroupRebalance;
  readonly #maxMembers: number;
  #emptySinceMs: number | undefined;

  /**
   * @param onGeneration there is a new generation, or nobody is left
   * @param memory counts what its members hold
   */
  constructor(
    groupId: string,
    options: GroupOptions,
    clock: Clock,
    deadlines: Deadlines,
    onGeneration: () => void = () => {},
    memory: GroupMemory = { heldBytes: 0 },
  ) {
    this.groupId = groupId;
    this.members = new GroupRoster(clock, deadlines, options.disconnectGraceMs, memory);
    this.#promised = new PromisedIds(
      clock,
      deadlines,
      memory,
      () => this.#rebalance.completeJoinIfAllAreHere(),
    );
    this.#rebalance = new GroupRebalance({
      members: this.members,
      promised: this.#promised,
      initialDelayMs: options.initialRebalanceDelayMs,
      onGeneration: () => {
        this.#emptySinceMs = this.state === "Empty" ? clock.epochMs() : undefined;
        onGeneration();
      },
      clock,
      deadlines,
    });
    this.#maxMembers = options.maxMembers;
  }

  get state(): GroupState {
    return this.#rebalance.state;
  }

  get protocolType(): string | null {
    return this.#rebalance.protocolType;
  }

  get protocolName(): string | null {
    return this.#rebalance.protocolName;
  }

  /** Since when it has no members, in epoch milliseconds; undefined when it has, or never had. */
  get emptySinceMs(): number | undefined {
    return this.#emptySinceMs;
  }

  /** Whether its members are Kafka's consumers, which say what they are subscribed to. */
  get isOfConsumers(): boolean {
    return this.protocolType === CONSUMER;
  }

  /** The topics that its members are subscribed to; undefined when one does not say, and so may be to any. */
  subscribedTopics(): ReadonlySet<string> | undefined {
    const topics = new Set<string>();
    for (const member of this.members.values()) {
      const its = this.isOfConsumers ? subscribedTopics(member.metadataFor(this.protocolName)) : undefined;
      if (its === undefined) return undefined;
      for (const topic of its) topics.add(topic);
    }
    return topics;
  }

  /** Takes over what is known of it from before a restart. */
  restore(protocolType: string, emptySinceMs: number): void {
    this.#rebalance.protocolType = protocolType;
    this.#emptySinceMs = emptySinceMs;
  }

  /** Whether nobody is in it or about to be. */
  get isEmpty(): boolean {
    return this.members.size === 0 && this.#promised.size === 0;
  }

  /** Takes a member in, or in again. Completes when the whole group has joined. */
  join(request: JoinGroup): Later<JoinResult> {
    const refused = (errorCode: number, memberId = request.memberId) =>
      Later.of(joinError(errorCode, memberId));
    if (!this.members.accepts(request, this.protocolType)) {
      return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    const { groupInstanceId, memberId } = request;
    const staticMember = this.members.staticMember(groupInstanceId);
    if (memberId === "") {
      if (staticMember !== undefined) return this.#replaceStatic(staticMember, request);
      if (this.members.size + this.#promised.size >= this.#maxMembers) {
        return refused(ErrorCode.GROUP_MAX_SIZE_REACHED);
      }
      const newId = `${groupInstanceId ?? request.clientId}-${crypto.randomUUID()}`;
      if (groupInstanceId === null && request.requireKnownMemberId) {
        this.#promised.give(newId, request);
        return refused(ErrorCode.MEMBER_ID_REQUIRED, newId);
      }
      return this.#add(newId, request);
    }
    if (staticMember !== undefined && staticMember.memberId !== memberId) {
      return refused(ErrorCode.FENCED_INSTANCE_ID);
    }
    const member = this.members.get(memberId);
    if (member !== undefined) return this.#rejoin(member, request);
    if (!this.#promised.take(memberId)) return refused(ErrorCode.UNKNOWN_MEMBER_ID);
    return this.#add(memberId, request);
  }

  /** Hands out the leader's assignment. Completes when the leader has given it. */
  sync(request: SyncGroup): Later<SyncResult> {
    const refused = (errorCode: number) => Later.of(syncError(errorCode));
    const member = this.#speaker(request);
    if (typeof member === "number") return refused(member);
    if (
      (request.protocolType !== null && request.protocolType !== this.protocolType) ||
      (request.protocolName !== null && request.protocolName !== this.protocolName)
    ) return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    this.members.heardOf(member, request.connectionId);
    return this.#rebalance.sync(member, request);
  }

  /** A member lives. @returns the error code that tells it what to do */
  heartbeat(identity: MemberIdentity & { generationId: number; connectionId: number }): number {
    const member = this.#speaker(identity);
    if (typeof member === "number") return member;
    this.members.heardOf(member, identity.connectionId);
    return this.state === "PreparingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** A member goes. @returns an error code */
  leave(identity: MemberIdentity): number {
    if (identity.groupInstanceId === null && this.#promised.take(identity.memberId)) {
      this.#rebalance.completeJoinIfAllAreHere();
      return ErrorCode.NONE;
    }
    const memberId = identity.memberId === ""
      ? this.members.staticMember(identity.groupInstanceId)?.memberId ?? ""
      : identity.memberId;
    const member = this.members.identify({ ...identity, memberId });
    if (typeof member === "number") return member;
    this.#remove(member);
    return ErrorCode.NONE;
  }

  /** Whether an offset commit may be taken. @returns an error code */
  checkCommit(identity: MemberIdentity & { generationId: number; isTransactional?: boolean }): number {
    // From outside the group: kafka-consumer-groups --reset-offsets, or a consumer that assigns itself.
    if (identity.generationId < 0 && this.state === "Empty") return ErrorCode.NONE;
    // An older client's transactional producer does not say for which member it commits.
    const { isTransactional = false, generationId, memberId, groupInstanceId } = identity;
    if (isTransactional && generationId < 0 && memberId === "" && groupInstanceId === null) {
      return ErrorCode.NONE;
    }
    const member = this.#speaker(identity);
    if (typeof member === "number") return member;
    this.members.heardOf(member);
    if (isTransactional) return ErrorCode.NONE;
    return this.state === "CompletingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** A connection closed: its members are dropped after a grace, unless they are heard of before. */
  connectionClosed(connectionId: number): void {
    this.members.connectionClosed(connectionId);
    this.#promised.connectionClosed(connectionId);
    this.#rebalance.completeJoinIfAllAreHere();
  }

  /** Lets all members join again, as when one has gone. */
  rebalance(): void {
    this.#rebalance.memberGone();
  }

  /** Ends all waiting and watching; the group is not used after it. */
  close(errorCode: number): void {
    this.#rebalance.close();
    this.#promised.clear();
    this.members.close(errorCode);
  }

  /** The member that speaks, of this generation, or the error code that it gets. */
  #speaker(identity: MemberIdentity & { generationId: number }): GroupMember | number {
    const member = this.members.identify(identity);
    if (typeof member === "number") return member;
    return identity.generationId === this.#rebalance.generationId ? member : ErrorCode.ILLEGAL_GENERATION;
  }

  #add(memberId: string, request: JoinGroup): Later<JoinResult> {
    const member = new GroupMember(memberId, request, (expired) => this.#onSessionTimeout(expired));
    this.members.add(member);
    return this.#rebalance.joinNew(member, request.protocolType);
  }

  #rejoin(member: GroupMember, request: JoinGroup): Later<JoinResult> {
    this.members.heardOf(member, request.connectionId);
    const isSame = member.hasProtocols(request.protocols);
    const isSettled = this.state === "CompletingRebalance" ||
      (this.state === "Stable" && member.memberId !== this.#rebalance.leader);
    // Its answer was lost, or it asks once more: nothing changes for the others.
    if (isSettled && isSame) return Later.of(this.#rebalance.joinResult(member));
    member.update(request);
    return this.#rebalance.join(member);
  }

  /** A static member came back under a new id: it takes the old one's place, without a rebalance if it can. */
  #replaceStatic(member: GroupMember, request: JoinGroup): Later<JoinResult> {
    const oldId = member.memberId;
    member.refuse(ErrorCode.FENCED_INSTANCE_ID);
    this.members.rename(member, `${request.groupInstanceId ?? ""}-${crypto.randomUUID()}`);
    const wasLeader = this.#rebalance.leader === oldId;
    if (wasLeader) this.#rebalance.leader = member.memberId;
    this.members.heardOf(member, request.connectionId);
    member.update(request);
    // As in Kafka: another subscription is the leader's to notice, as long as all still follow the same protocol.
    const isSettled = this.state === "Stable" &&
      electProtocol([...this.members.values()]) === this.protocolName;
    if (!isSettled) return this.#rebalance.join(member);
    const result = this.#rebalance.joinResult(member);
    if (!wasLeader) return Later.of(result);
    // The old id as the leader keeps an older client from assigning anew.
    return Later.of<JoinResult>(
      request.canSkipAssignment
        ? { ...result, skipAssignment: true }
        : { ...result, leader: oldId, members: [] },
    );
  }

  #onSessionTimeout(member: GroupMember): void {
    // Who waits for us cannot send a heartbeat.
    if (member.isWaiting && !member.isDisconnected) this.members.heardOf(member);
    else this.#remove(member);
  }

  #remove(member: GroupMember): void {
    this.members.drop(member);
    this.#rebalance.memberGone();
  }
}
