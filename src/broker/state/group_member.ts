/**
 * A member of a group, and what the group's requests and answers are made of.
 *
 * @module
 */
import type { Due } from "./deadlines.ts";
import type { Later } from "./later.ts";

/** A way to assign partitions that a member can follow, with its subscription. */
export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

/** JoinGroup, as the state sees it. */
export interface JoinGroup {
  /** "" for one that has no id yet. */
  readonly memberId: string;
  /** Its name for life, when it is a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** The connection that carries it: when it closes, the member is dropped after a grace. */
  readonly connectionId: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
  /** Whether one without an id is told it and has to come again (KIP-394). */
  readonly requireKnownMemberId: boolean;
  /** Whether a leader may be told that it need not assign anew (KIP-814). */
  readonly canSkipAssignment: boolean;
}

export interface JoinResult {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** Every member's subscription, for the leader alone. */
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Uint8Array }[];
}

/** SyncGroup, as the state sees it. */
export interface SyncGroup {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly connectionId: number;
  /** Filled by the leader. */
  readonly assignments: readonly { memberId: string; assignment: Uint8Array }[];
}

export interface SyncResult {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

/** Who speaks for a member: Heartbeat, LeaveGroup, OffsetCommit. */
export interface MemberIdentity {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** What the members of all groups hold, and those who are about to join. */
export interface GroupMemory {
  heldBytes: number;
}

export const NO_BYTES = new Uint8Array();

/** What a member takes besides what it says of itself and is assigned, roughly. */
export const MEMBER_BYTES = 512;

/** See the module. Its deadline is its session's. */
export class GroupMember implements Due {
  memberId: string;
  readonly groupInstanceId: string | null;
  clientId: string;
  clientHost: string;
  connectionId: number;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly GroupProtocol[];
  pendingJoin: Later<JoinResult> | undefined;
  pendingSync: Later<SyncResult> | undefined;
  /** Whether it has asked for its assignment in this generation. */
  hasSynced = false;
  /** Its connection closed and it was not heard of since. */
  isDisconnected = false;
  deadlineMs = Infinity;
  dueIndex = -1;
  readonly #onExpired: (member: GroupMember) => void;
  #assignment: Uint8Array = NO_BYTES;
  /** While it is in a group. */
  #memory: GroupMemory | undefined;
  #heldBytes = 0;

  constructor(memberId: string, join: JoinGroup, onExpired: (member: GroupMember) => void) {
    this.memberId = memberId;
    this.groupInstanceId = join.groupInstanceId;
    this.clientId = join.clientId;
    this.clientHost = join.clientHost;
    this.connectionId = join.connectionId;
    this.sessionTimeoutMs = join.sessionTimeoutMs;
    this.rebalanceTimeoutMs = join.rebalanceTimeoutMs;
    this.protocols = copied(join.protocols);
    this.#onExpired = onExpired;
  }

  /** Takes over what a later join says. */
  update(join: JoinGroup): void {
    this.clientId = join.clientId;
    this.clientHost = join.clientHost;
    this.sessionTimeoutMs = join.sessionTimeoutMs;
    this.rebalanceTimeoutMs = join.rebalanceTimeoutMs;
    this.protocols = copied(join.protocols);
    this.#count();
  }

  get assignment(): Uint8Array {
    return this.#assignment;
  }

  set assignment(assignment: Uint8Array) {
    this.#assignment = assignment;
    this.#count();
  }

  /** As `memory` has been told. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Counts what it holds in `memory`, as long as it is in a group. */
  entered(memory: GroupMemory): void {
    this.#memory = memory;
    this.#count();
  }

  /** It is in no group any more. */
  left(): void {
    if (this.#memory !== undefined) this.#memory.heldBytes -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#memory = undefined;
  }

  /** Whether it waits for the others to join, or for its assignment. */
  get isWaiting(): boolean {
    return this.pendingJoin !== undefined || this.pendingSync !== undefined;
  }

  /** Answers what it waits for with an error. */
  refuse(errorCode: number): void {
    const { pendingJoin, pendingSync } = this;
    this.pendingJoin = this.pendingSync = undefined;
    pendingJoin?.complete(joinError(errorCode, this.memberId));
    pendingSync?.complete(syncError(errorCode));
  }

  metadataFor(protocolName: string | null): Uint8Array {
    return this.protocols.find((protocol) => protocol.name === protocolName)?.metadata ?? NO_BYTES;
  }

  supports(protocolName: string): boolean {
    return this.protocols.some((protocol) => protocol.name === protocolName);
  }

  /** Whether these are the protocols it has, byte for byte. */
  hasProtocols(protocols: readonly GroupProtocol[]): boolean {
    return protocols.length === this.protocols.length && protocols.every((protocol, i) => {
      const own = this.protocols[i];
      return own?.name === protocol.name && sameBytes(own.metadata, protocol.metadata);
    });
  }

  onDeadline(): void {
    this.#onExpired(this);
  }

  #count(): void {
    if (this.#memory === undefined) return;
    const bytes = MEMBER_BYTES + this.#assignment.length +
      this.protocols.reduce((sum, { name, metadata }) => sum + name.length + metadata.length, 0);
    this.#memory.heldBytes += bytes - this.#heldBytes;
    this.#heldBytes = bytes;
  }
}

/** What came in a request lies in its receive buffer, which is used again. */
function copied(protocols: readonly GroupProtocol[]): GroupProtocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice() }));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The protocol that all have and most put first. */
export function electProtocol(members: readonly GroupMember[]): string {
  const supporters = new Map<string, number>();
  for (const { protocols } of members) {
    for (const name of new Set(protocols.map((protocol) => protocol.name))) {
      supporters.set(name, (supporters.get(name) ?? 0) + 1);
    }
  }
  const votes = new Map<string, number>();
  for (const { protocols } of members) {
    const choice = protocols.find(({ name }) => supporters.get(name) === members.length);
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  let best = "";
  for (const [name, count] of votes) if (count > (votes.get(best) ?? 0)) best = name;
  return best;
}

export function joinError(errorCode: number, memberId: string): JoinResult {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: "",
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function syncError(errorCode: number): SyncResult {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES };
}
