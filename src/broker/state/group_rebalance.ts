/**
 * How a group comes to an assignment: a state machine over its members, from the first that joins to the last that has
 * asked what it is to read. The client-side assignors do the assigning.
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
  type GroupMember,
  joinError,
  type JoinResult,
  NO_BYTES,
  syncError,
  type SyncGroup,
  type SyncResult,
} from "./group_member.ts";
import type { GroupRoster } from "./group_roster.ts";
import { Later } from "./later.ts";
import type { PromisedIds } from "./promised_ids.ts";

/** Kafka's names, as DescribeGroups tells them. */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable";

/** Whom a rebalance waits for, and what with. */
export interface GroupRebalanceOptions {
  readonly members: GroupRoster;
  readonly promised: PromisedIds;
  readonly initialDelayMs: number;
  /** There is a new generation, or nobody is left. */
  readonly onGeneration: () => void;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

/** See the module. */
export class GroupRebalance implements Due {
  state: GroupState = "Empty";
  generationId = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  leader = "";
  /** When the wait for members to join, or to sync, is over. */
  deadlineMs = Infinity;
  dueIndex = -1;
  readonly #members: GroupRoster;
  readonly #promised: PromisedIds;
  readonly #initialDelayMs: number;
  readonly #onGeneration: () => void;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  /** Waiting for the first members, for `initialDelayMs` and again while more come. */
  #isInitialDelay = false;
  #initialDelayLeftMs = 0;
  #newMemberJoined = false;

  constructor({ members, promised, initialDelayMs, onGeneration, clock, deadlines }: GroupRebalanceOptions) {
    this.#members = members;
    this.#promised = promised;
    this.#initialDelayMs = initialDelayMs;
    this.#onGeneration = onGeneration;
    this.#clock = clock;
    this.#deadlines = deadlines;
  }

  /** Lets one that is new among the members wait for the others. The first says what they all follow. */
  joinNew(member: GroupMember, protocolType: string): Later<JoinResult> {
    if (this.#members.size === 1) this.protocolType = protocolType;
    this.#newMemberJoined = true;
    return this.join(member);
  }

  /** Lets a member wait for the others, and starts a rebalance when none is under way. */
  join(member: GroupMember): Later<JoinResult> {
    const pending = new Later<JoinResult>();
    member.pendingJoin?.complete(joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId));
    member.pendingJoin = pending;
    if (this.state === "PreparingRebalance") this.completeJoinIfAllAreHere();
    else this.#prepare();
    return pending;
  }

  /** Lets a member of this generation wait for its assignment; the leader brings it. */
  sync(member: GroupMember, request: SyncGroup): Later<SyncResult> {
    switch (this.state) {
      case "Empty":
        return Later.of(syncError(ErrorCode.UNKNOWN_MEMBER_ID));
      case "PreparingRebalance":
        return Later.of(syncError(ErrorCode.REBALANCE_IN_PROGRESS));
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

  /** A member has gone: the others go on without it. */
  memberGone(): void {
    switch (this.state) {
      case "Empty":
        return;
      case "PreparingRebalance":
        return this.completeJoinIfAllAreHere();
      case "CompletingRebalance":
      case "Stable":
        return this.#prepare();
    }
  }

  /** To be called when somebody has joined, or is not waited for any more. */
  completeJoinIfAllAreHere(): void {
    if (this.state !== "PreparingRebalance" || this.#isInitialDelay || this.#promised.size > 0) return;
    for (const member of this.#members.values()) if (member.pendingJoin === undefined) return;
    this.#completeJoin();
  }

  /** What a member is told that has joined this generation. */
  joinResult(member: GroupMember): JoinResult {
    const isLeader = member.memberId === this.leader;
    const members = isLeader ? [...this.#members.values()] : [];
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

  /** The time of a phase is over. */
  onDeadline(): void {
    if (this.state === "PreparingRebalance") {
      if (this.#isInitialDelay && this.#newMemberJoined && this.#initialDelayLeftMs > 0) {
        const delayMs = Math.min(this.#initialDelayMs, this.#initialDelayLeftMs);
        this.#initialDelayLeftMs -= delayMs;
        this.#newMemberJoined = false;
        return this.#startPhase(delayMs);
      }
      this.#completeJoin();
    } else {
      // Whoever has not asked for its assignment in all this time is gone, whatever its heartbeats say.
      for (const member of [...this.#members.values()]) if (!member.hasSynced) this.#members.drop(member);
      this.#prepare();
    }
  }

  /** Ends the watching. */
  close(): void {
    this.#endPhase();
  }

  #prepare(): void {
    for (const member of this.#members.values()) {
      this.#endSync(member, syncError(ErrorCode.REBALANCE_IN_PROGRESS));
    }
    const wasEmpty = this.state === "Empty";
    this.state = "PreparingRebalance";
    const longestMs = this.#members.longestRebalanceMs;
    const delayMs = wasEmpty ? Math.min(this.#initialDelayMs, longestMs) : 0;
    this.#initialDelayLeftMs = delayMs > 0 ? longestMs - delayMs : 0;
    this.#newMemberJoined = false;
    this.#startPhase(delayMs > 0 ? delayMs : longestMs);
    if (delayMs === 0) this.completeJoinIfAllAreHere();
    else this.#isInitialDelay = true;
  }

  #completeJoin(): void {
    this.#isInitialDelay = false;
    this.#endPhase();
    for (const member of [...this.#members.values()]) {
      // Whoever did not come again is out; a static member keeps its place for its session.
      if (member.pendingJoin === undefined && member.groupInstanceId === null) this.#members.drop(member);
    }
    this.generationId++;
    if (this.#members.size === 0) {
      this.state = "Empty";
      this.protocolName = null;
      this.leader = "";
      this.#onGeneration();
      return;
    }
    this.protocolName = electProtocol([...this.#members.values()]);
    const leader = this.#members.get(this.leader);
    if (leader?.pendingJoin === undefined) {
      const [first] = [...this.#members.values()].filter((member) => member.pendingJoin !== undefined);
      this.leader = first?.memberId ?? this.leader;
    }
    this.state = "CompletingRebalance";
    this.#onGeneration();
    this.#startPhase(this.#members.longestRebalanceMs);
    for (const member of this.#members.values()) {
      const pending = member.pendingJoin;
      member.pendingJoin = undefined;
      member.hasSynced = false;
      member.assignment = NO_BYTES;
      this.#members.hasWaited(member);
      pending?.complete(this.joinResult(member));
    }
  }

  #becomeStable(request: SyncGroup): void {
    for (const { memberId, assignment } of request.assignments) {
      const member = this.#members.get(memberId);
      if (member !== undefined) member.assignment = assignment.slice();
    }
    this.state = "Stable";
    this.#endPhaseIfAllHaveSynced();
    for (const member of this.#members.values()) this.#endSync(member, this.#syncResult(member));
  }

  #endSync(member: GroupMember, result: SyncResult): void {
    const pending = member.pendingSync;
    if (pending === undefined) return;
    member.pendingSync = undefined;
    this.#members.hasWaited(member);
    pending.complete(result);
  }

  #syncResult(member: GroupMember): SyncResult {
    return {
      errorCode: ErrorCode.NONE,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      assignment: member.assignment,
    };
  }

  #startPhase(ms: number): void {
    this.deadlineMs = this.#clock.nowMs() + ms;
    this.#deadlines.add(this);
  }

  #endPhaseIfAllHaveSynced(): void {
    for (const member of this.#members.values()) if (!member.hasSynced) return;
    this.#endPhase();
  }

  #endPhase(): void {
    this.#deadlines.delete(this);
  }
}
