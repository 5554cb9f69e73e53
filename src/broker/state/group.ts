/**
 * A consumer group of the classic protocol: a state machine over its members. Kafka's GroupMetadata and
 * GroupCoordinator are the model; the client-side assignors do the assigning.
 *
 *     Empty -> PreparingRebalance -> CompletingRebalance -> Stable
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Clock } from "./clock.ts";
import type { Deadlines, Due } from "./deadlines.ts";
import {
  electProtocol,
  GroupMember,
  joinError,
  type JoinGroup,
  type JoinResult,
  type MemberIdentity,
  NO_BYTES,
  syncError,
  type SyncGroup,
  type SyncResult,
} from "./group_member.ts";
import { Later } from "./later.ts";

/** Kafka's names, as DescribeGroups tells them. */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable";

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
  state: GroupState = "Empty";
  generationId = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  leader = "";
  readonly members = new Map<string, GroupMember>();
  /** Since when it has been empty, on the clock's epoch. */
  emptySinceMs: number;
  readonly #staticMembers = new Map<string, string>();
  /** Ids that were given out and have not joined yet. */
  readonly #promised = new Map<string, Due & { readonly connectionId: number }>();
  readonly #options: GroupOptions;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #phase: Due;
  /** Waiting for the first members, for `initialRebalanceDelayMs` and again while more come. */
  #isInitialDelay = false;
  #initialDelayLeftMs = 0;
  #newMemberJoined = false;

  constructor(groupId: string, options: GroupOptions, clock: Clock, deadlines: Deadlines) {
    this.groupId = groupId;
    this.#options = options;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.emptySinceMs = clock.epochMs();
    this.#phase = { deadlineMs: Infinity, dueIndex: -1, onDeadline: () => this.#onPhaseTimeout() };
  }

  /** Whether nobody is in it or about to be. */
  get isEmpty(): boolean {
    return this.members.size === 0 && this.#promised.size === 0;
  }

  /** Takes a member in, or in again. Completes when the whole group has joined. */
  join(request: JoinGroup): Later<JoinResult> {
    const refused = (errorCode: number, memberId = request.memberId) =>
      Later.of(joinError(errorCode, memberId));
    if (!this.#accepts(request)) return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const { groupInstanceId, memberId } = request;
    const staticId = groupInstanceId === null ? undefined : this.#staticMembers.get(groupInstanceId);
    if (memberId === "") {
      if (staticId !== undefined) return this.#replaceStatic(staticId, request);
      if (this.members.size + this.#promised.size >= this.#options.maxMembers) {
        return refused(ErrorCode.GROUP_MAX_SIZE_REACHED);
      }
      const newId = `${groupInstanceId ?? request.clientId}-${crypto.randomUUID()}`;
      if (groupInstanceId === null && request.requireKnownMemberId) {
        this.#promise(newId, request);
        return refused(ErrorCode.MEMBER_ID_REQUIRED, newId);
      }
      return this.#add(newId, request);
    }
    if (groupInstanceId !== null && staticId !== undefined && staticId !== memberId) {
      return refused(ErrorCode.FENCED_INSTANCE_ID);
    }
    const member = this.members.get(memberId);
    if (member !== undefined) return this.#rejoin(member, request);
    if (!this.#keepPromise(memberId)) return refused(ErrorCode.UNKNOWN_MEMBER_ID);
    return this.#add(memberId, request);
  }

  /** Hands out the leader's assignment. Completes when the leader has given it. */
  sync(request: SyncGroup): Later<SyncResult> {
    const refused = (errorCode: number) => Later.of(syncError(errorCode));
    const member = this.#identify(request);
    if (typeof member === "number") return refused(member);
    if (request.generationId !== this.generationId) return refused(ErrorCode.ILLEGAL_GENERATION);
    if (
      (request.protocolType !== null && request.protocolType !== this.protocolType) ||
      (request.protocolName !== null && request.protocolName !== this.protocolName)
    ) return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    this.#heardOf(member, request.connectionId);
    switch (this.state) {
      case "Empty":
        return refused(ErrorCode.UNKNOWN_MEMBER_ID);
      case "PreparingRebalance":
        return refused(ErrorCode.REBALANCE_IN_PROGRESS);
      case "Stable":
        member.hasSynced = true;
        this.#endPhaseIfAllHaveSynced();
        return Later.of(this.#syncResult(member));
      case "CompletingRebalance": {
        const pending = new Later<SyncResult>();
        member.pendingSync?.complete(syncError(ErrorCode.REBALANCE_IN_PROGRESS));
        member.pendingSync = pending;
        member.hasSynced = true;
        if (member.memberId === this.leader) this.#becomeStable(request);
        return pending;
      }
    }
  }

  /** A member lives. @returns the error code that tells it what to do */
  heartbeat(identity: MemberIdentity & { generationId: number; connectionId: number }): number {
    const member = this.#identify(identity);
    if (typeof member === "number") return member;
    if (identity.generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    this.#heardOf(member, identity.connectionId);
    return this.state === "PreparingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** A member goes. @returns an error code */
  leave(identity: MemberIdentity): number {
    if (identity.groupInstanceId === null && this.#keepPromise(identity.memberId)) {
      this.#completeJoinIfAllAreHere();
      return ErrorCode.NONE;
    }
    const memberId = identity.memberId === "" && identity.groupInstanceId !== null
      ? this.#staticMembers.get(identity.groupInstanceId)
      : identity.memberId;
    const member = this.#identify({ ...identity, memberId: memberId ?? "" });
    if (typeof member === "number") return member;
    this.#remove(member);
    return ErrorCode.NONE;
  }

  /** Whether an offset commit may be taken. @returns an error code */
  checkCommit(identity: MemberIdentity & { generationId: number }): number {
    if (identity.generationId < 0 && identity.memberId === "" && identity.groupInstanceId === null) {
      // From outside the group: kafka-consumer-groups --reset-offsets, or a consumer that assigns itself.
      return this.members.size === 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    }
    const member = this.#identify(identity);
    if (typeof member === "number") return member;
    if (identity.generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    this.#heardOf(member, member.connectionId);
    return this.state === "CompletingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** A connection closed: its members are dropped after a grace, unless they are heard of before. */
  connectionClosed(connectionId: number): void {
    for (const member of this.members.values()) {
      // A static member is meant to outlive its connection, for its session.
      if (member.connectionId !== connectionId || member.groupInstanceId !== null) continue;
      member.isDisconnected = true;
      const graceEndsMs = this.#clock.nowMs() + this.#options.disconnectGraceMs;
      member.deadlineMs = Math.min(member.deadlineMs, graceEndsMs);
      this.#deadlines.add(member);
    }
    for (const [memberId, promise] of this.#promised) {
      if (promise.connectionId === connectionId) this.#keepPromise(memberId);
    }
    this.#completeJoinIfAllAreHere();
  }

  /** Ends all waiting and watching; the group is not used after it. */
  close(errorCode: number): void {
    this.#deadlines.delete(this.#phase);
    for (const due of this.#promised.values()) this.#deadlines.delete(due);
    this.#promised.clear();
    for (const member of this.members.values()) {
      this.#deadlines.delete(member);
      member.pendingJoin?.complete(joinError(errorCode, member.memberId));
      member.pendingSync?.complete(syncError(errorCode));
    }
    this.members.clear();
  }

  /** The member that speaks, or the error code that it gets. */
  #identify(identity: MemberIdentity): GroupMember | number {
    const { memberId, groupInstanceId } = identity;
    if (groupInstanceId !== null) {
      const known = this.#staticMembers.get(groupInstanceId);
      if (known === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (known !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.members.get(memberId) ?? ErrorCode.UNKNOWN_MEMBER_ID;
  }

  #heardOf(member: GroupMember, connectionId: number): void {
    member.connectionId = connectionId;
    member.isDisconnected = false;
    member.deadlineMs = this.#clock.nowMs() + member.sessionTimeoutMs;
  }

  /** Whether a member with these protocols fits in with the others. */
  #accepts(request: JoinGroup): boolean {
    if (request.protocolType === "" || request.protocols.length === 0) return false;
    const others = [...this.members.values()].filter((member) => member.memberId !== request.memberId);
    if (others.length === 0) return true;
    return request.protocolType === this.protocolType &&
      request.protocols.some((protocol) => others.every((member) => member.supports(protocol.name)));
  }

  #promise(memberId: string, { connectionId, sessionTimeoutMs }: JoinGroup): void {
    const due = {
      connectionId,
      deadlineMs: this.#clock.nowMs() + sessionTimeoutMs,
      dueIndex: -1,
      onDeadline: () => {
        this.#promised.delete(memberId);
        this.#completeJoinIfAllAreHere();
      },
    };
    this.#promised.set(memberId, due);
    this.#deadlines.add(due);
  }

  #keepPromise(memberId: string): boolean {
    const due = this.#promised.get(memberId);
    if (due === undefined) return false;
    this.#deadlines.delete(due);
    return this.#promised.delete(memberId);
  }

  #add(memberId: string, request: JoinGroup): Later<JoinResult> {
    const member = new GroupMember(memberId, request, (expired) => this.#onSessionTimeout(expired));
    if (this.members.size === 0) this.protocolType = request.protocolType;
    this.members.set(memberId, member);
    if (member.groupInstanceId !== null) this.#staticMembers.set(member.groupInstanceId, memberId);
    this.#heardOf(member, request.connectionId);
    this.#deadlines.add(member);
    this.#newMemberJoined = true;
    return this.#await(member);
  }

  #rejoin(member: GroupMember, request: JoinGroup): Later<JoinResult> {
    this.#heardOf(member, request.connectionId);
    const isSame = member.hasProtocols(request.protocols);
    const isSettled = this.state === "CompletingRebalance" ||
      (this.state === "Stable" && member.memberId !== this.leader);
    // Its answer was lost, or it asks once more: nothing changes for the others.
    if (isSettled && isSame) return Later.of(this.#joinResult(member));
    member.update(request);
    return this.#await(member);
  }

  /** A static member came back under a new id: it takes the old one's place, without a rebalance if it can. */
  #replaceStatic(oldId: string, request: JoinGroup): Later<JoinResult> {
    const member = this.members.get(oldId);
    if (member === undefined) return Later.of(joinError(ErrorCode.UNKNOWN_MEMBER_ID, ""));
    const newId = `${request.groupInstanceId ?? ""}-${crypto.randomUUID()}`;
    member.pendingJoin?.complete(joinError(ErrorCode.FENCED_INSTANCE_ID, oldId));
    member.pendingSync?.complete(syncError(ErrorCode.FENCED_INSTANCE_ID));
    member.pendingJoin = member.pendingSync = undefined;
    this.members.delete(oldId);
    member.memberId = newId;
    this.members.set(newId, member);
    this.#staticMembers.set(request.groupInstanceId ?? "", newId);
    const wasLeader = this.leader === oldId;
    if (wasLeader) this.leader = newId;
    this.#heardOf(member, request.connectionId);
    const isSame = member.hasProtocols(request.protocols);
    member.update(request);
    if (this.state !== "Stable" || !isSame) return this.#await(member);
    const result = this.#joinResult(member);
    if (!wasLeader) return Later.of(result);
    // The old id as the leader keeps an older client from assigning anew.
    return Later.of<JoinResult>(
      request.canSkipAssignment
        ? { ...result, skipAssignment: true }
        : { ...result, leader: oldId, members: [] },
    );
  }

  /** Lets a member wait for the others, and starts a rebalance when none is under way. */
  #await(member: GroupMember): Later<JoinResult> {
    const pending = new Later<JoinResult>();
    member.pendingJoin?.complete(joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId));
    member.pendingJoin = pending;
    if (this.state === "PreparingRebalance") this.#completeJoinIfAllAreHere();
    else this.#prepareRebalance();
    return pending;
  }

  #prepareRebalance(): void {
    for (const member of this.members.values()) {
      this.#endSync(member, syncError(ErrorCode.REBALANCE_IN_PROGRESS));
    }
    const wasEmpty = this.state === "Empty";
    this.state = "PreparingRebalance";
    const longestMs = this.#longestRebalanceMs();
    const delayMs = wasEmpty ? Math.min(this.#options.initialRebalanceDelayMs, longestMs) : 0;
    this.#initialDelayLeftMs = delayMs > 0 ? longestMs - delayMs : 0;
    this.#newMemberJoined = false;
    this.#startPhase(delayMs > 0 ? delayMs : longestMs);
    if (delayMs === 0) this.#completeJoinIfAllAreHere();
    else this.#isInitialDelay = true;
  }

  #completeJoinIfAllAreHere(): void {
    if (this.state !== "PreparingRebalance" || this.#isInitialDelay || this.#promised.size > 0) return;
    for (const member of this.members.values()) if (member.pendingJoin === undefined) return;
    this.#completeJoin();
  }

  #completeJoin(): void {
    this.#isInitialDelay = false;
    this.#deadlines.delete(this.#phase);
    for (const member of [...this.members.values()]) {
      // Whoever did not come again is out; a static member keeps its place for its session.
      if (member.pendingJoin === undefined && member.groupInstanceId === null) this.#forget(member);
    }
    this.generationId++;
    if (this.members.size === 0) {
      this.state = "Empty";
      this.protocolName = null;
      this.leader = "";
      this.emptySinceMs = this.#clock.epochMs();
      return;
    }
    this.protocolName = electProtocol([...this.members.values()]);
    const leader = this.members.get(this.leader);
    if (leader?.pendingJoin === undefined) {
      const [first] = [...this.members.values()].filter((member) => member.pendingJoin !== undefined);
      this.leader = first?.memberId ?? this.leader;
    }
    this.state = "CompletingRebalance";
    this.#startPhase(this.#longestRebalanceMs());
    for (const member of this.members.values()) {
      const pending = member.pendingJoin;
      member.pendingJoin = undefined;
      member.hasSynced = false;
      member.assignment = NO_BYTES;
      if (!member.isDisconnected) this.#heardOf(member, member.connectionId);
      pending?.complete(this.#joinResult(member));
    }
  }

  #becomeStable(request: SyncGroup): void {
    for (const { memberId, assignment } of request.assignments) {
      const member = this.members.get(memberId);
      if (member !== undefined) member.assignment = assignment.slice();
    }
    this.state = "Stable";
    this.#endPhaseIfAllHaveSynced();
    for (const member of this.members.values()) this.#endSync(member, this.#syncResult(member));
  }

  /** Answers a member that waits in a sync. It could send no heartbeat so far: its session begins anew. */
  #endSync(member: GroupMember, result: SyncResult): void {
    const pending = member.pendingSync;
    if (pending === undefined) return;
    member.pendingSync = undefined;
    if (!member.isDisconnected) this.#heardOf(member, member.connectionId);
    pending.complete(result);
  }

  #endPhaseIfAllHaveSynced(): void {
    for (const member of this.members.values()) if (!member.hasSynced) return;
    this.#deadlines.delete(this.#phase);
  }

  #onPhaseTimeout(): void {
    if (this.state === "PreparingRebalance") {
      if (this.#isInitialDelay && this.#newMemberJoined && this.#initialDelayLeftMs > 0) {
        const delayMs = Math.min(this.#options.initialRebalanceDelayMs, this.#initialDelayLeftMs);
        this.#initialDelayLeftMs -= delayMs;
        this.#newMemberJoined = false;
        return this.#startPhase(delayMs);
      }
      this.#completeJoin();
    } else {
      // Whoever has not asked for its assignment in all this time is gone, whatever its heartbeats say.
      for (const member of [...this.members.values()]) if (!member.hasSynced) this.#forget(member);
      this.#prepareRebalance();
    }
  }

  #onSessionTimeout(member: GroupMember): void {
    if (!member.isDisconnected && (member.pendingJoin !== undefined || member.pendingSync !== undefined)) {
      // It waits for us: it cannot send a heartbeat.
      this.#heardOf(member, member.connectionId);
      this.#deadlines.add(member);
      return;
    }
    this.#remove(member);
  }

  #remove(member: GroupMember): void {
    this.#forget(member);
    switch (this.state) {
      case "Empty":
        return;
      case "PreparingRebalance":
        return this.#completeJoinIfAllAreHere();
      case "CompletingRebalance":
      case "Stable":
        return this.#prepareRebalance();
    }
  }

  #forget(member: GroupMember): void {
    this.#deadlines.delete(member);
    this.members.delete(member.memberId);
    if (member.groupInstanceId !== null) this.#staticMembers.delete(member.groupInstanceId);
    member.pendingJoin?.complete(joinError(ErrorCode.UNKNOWN_MEMBER_ID, member.memberId));
    member.pendingSync?.complete(syncError(ErrorCode.UNKNOWN_MEMBER_ID));
    member.pendingJoin = member.pendingSync = undefined;
  }

  #startPhase(ms: number): void {
    this.#phase.deadlineMs = this.#clock.nowMs() + ms;
    this.#deadlines.add(this.#phase);
  }

  #longestRebalanceMs(): number {
    let longest = 0;
    for (const member of this.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
    return longest;
  }

  #joinResult(member: GroupMember): JoinResult {
    const isLeader = member.memberId === this.leader;
    const members = isLeader ? [...this.members.values()] : [];
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leader,
      skipAssignment: false,
      memberId: member.memberId,
      members: members.map((other) => ({
        memberId: other.memberId,
        groupInstanceId: other.groupInstanceId,
        metadata: other.metadataFor(this.protocolName),
      })),
    };
  }

  #syncResult(member: GroupMember): SyncResult {
    return {
      errorCode: ErrorCode.NONE,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      assignment: member.assignment,
    };
  }
}
