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
import { GroupRoster } from "./group_roster.ts";
import { Later } from "./later.ts";
import { PromisedIds } from "./promised_ids.ts";

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
  readonly members = new GroupRoster();
  /** Since when it has been empty, on the clock's epoch. */
  emptySinceMs: number;
  readonly #promised: PromisedIds;
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
    this.#promised = new PromisedIds(clock, deadlines, () => this.#completeJoinIfAllAreHere());
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
    if (!this.members.accepts(request, this.protocolType)) {
      return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    const { groupInstanceId, memberId } = request;
    const staticMember = this.members.staticMember(groupInstanceId);
    if (memberId === "") {
      if (staticMember !== undefined) return this.#replaceStatic(staticMember, request);
      if (this.members.size + this.#promised.size >= this.#options.maxMembers) {
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
    const member = this.members.identify(request);
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
    const member = this.members.identify(identity);
    if (typeof member === "number") return member;
    if (identity.generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    this.#heardOf(member, identity.connectionId);
    return this.state === "PreparingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** A member goes. @returns an error code */
  leave(identity: MemberIdentity): number {
    if (identity.groupInstanceId === null && this.#promised.take(identity.memberId)) {
      this.#completeJoinIfAllAreHere();
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
  checkCommit(identity: MemberIdentity & { generationId: number }): number {
    if (identity.generationId < 0 && identity.memberId === "" && identity.groupInstanceId === null) {
      // From outside the group: kafka-consumer-groups --reset-offsets, or a consumer that assigns itself.
      return this.members.size === 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    }
    const member = this.members.identify(identity);
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
    this.#promised.connectionClosed(connectionId);
    this.#completeJoinIfAllAreHere();
  }

  /** Ends all waiting and watching; the group is not used after it. */
  close(errorCode: number): void {
    this.#deadlines.delete(this.#phase);
    this.#promised.clear();
    for (const member of this.members.values()) {
      this.#deadlines.delete(member);
      member.pendingJoin?.complete(joinError(errorCode, member.memberId));
      member.pendingSync?.complete(syncError(errorCode));
    }
    this.members.clear();
  }

  #heardOf(member: GroupMember, connectionId: number): void {
    member.connectionId = connectionId;
    member.isDisconnected = false;
    member.deadlineMs = this.#clock.nowMs() + member.sessionTimeoutMs;
  }

  #add(memberId: string, request: JoinGroup): Later<JoinResult> {
    const member = new GroupMember(memberId, request, (expired) => this.#onSessionTimeout(expired));
    if (this.members.size === 0) this.protocolType = request.protocolType;
    this.members.add(member);
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
  #replaceStatic(member: GroupMember, request: JoinGroup): Later<JoinResult> {
    const oldId = member.memberId;
    const newId = `${request.groupInstanceId ?? ""}-${crypto.randomUUID()}`;
    member.pendingJoin?.complete(joinError(ErrorCode.FENCED_INSTANCE_ID, oldId));
    member.pendingSync?.complete(syncError(ErrorCode.FENCED_INSTANCE_ID));
    member.pendingJoin = member.pendingSync = undefined;
    this.members.delete(member);
    member.memberId = newId;
    this.members.add(member);
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
    const longestMs = this.members.longestRebalanceMs;
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
    this.#startPhase(this.members.longestRebalanceMs);
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
    this.members.delete(member);
    member.pendingJoin?.complete(joinError(ErrorCode.UNKNOWN_MEMBER_ID, member.memberId));
    member.pendingSync?.complete(syncError(ErrorCode.UNKNOWN_MEMBER_ID));
    member.pendingJoin = member.pendingSync = undefined;
  }

  #startPhase(ms: number): void {
    this.#phase.deadlineMs = this.#clock.nowMs() + ms;
    this.#deadlines.add(this.#phase);
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
