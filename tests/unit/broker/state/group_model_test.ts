import assert from "node:assert/strict";
import fc from "fast-check";
import { Deadlines } from "../../../../src/broker/state/deadlines.ts";
import { Group } from "../../../../src/broker/state/group.ts";
import type { JoinResult, SyncResult } from "../../../../src/broker/state/group_member.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const SESSION_MS = 10_000;
const REBALANCE_MS = 15_000;
const ROUND_MS = 1_000;
/** Longer than a session and a rebalance one after the other. */
const ROUNDS = 60;
const CLIENTS = 5;

type Phase = "out" | "joining" | "joined" | "syncing" | "stable" | "dead";

/** A consumer that does what the protocol asks of it, one step at a time. */
class Client {
  phase: Phase = "dead";
  generationId = -1;
  assignment = "";
  readonly #group: Group;
  readonly #groupInstanceId: string | null;
  #connectionId: number;
  #memberId = "";
  #joined: JoinResult | undefined;

  constructor(group: Group, connectionId: number, groupInstanceId: string | null) {
    this.#group = group;
    this.#connectionId = connectionId;
    this.#groupInstanceId = groupInstanceId;
  }

  get isAlive(): boolean {
    return this.phase !== "dead";
  }

  start(): void {
    if (this.isAlive) return;
    this.#connectionId += CLIENTS;
    this.#memberId = "";
    this.phase = "out";
  }

  /** Goes without a word. */
  die(): void {
    if (!this.isAlive) return;
    this.phase = "dead";
    this.#group.connectionClosed(this.#connectionId);
  }

  leave(): void {
    if (!this.isAlive) return;
    this.phase = "dead";
    if (this.#memberId !== "") {
      this.#group.leave({ memberId: this.#memberId, groupInstanceId: this.#groupInstanceId });
    }
  }

  step(): void {
    switch (this.phase) {
      case "out":
        return this.#join();
      case "joined":
        return this.#sync();
      case "stable":
        return this.#told(this.#group.heartbeat({ ...this.#identity, generationId: this.generationId }));
      case "joining":
      case "syncing":
      case "dead":
        return;
    }
  }

  get #identity() {
    const [memberId, groupInstanceId] = [this.#memberId, this.#groupInstanceId];
    return { memberId, groupInstanceId, connectionId: this.#connectionId };
  }

  #join(): void {
    this.phase = "joining";
    const connectionId = this.#connectionId;
    this.#group.join({
      ...this.#identity,
      clientId: "client",
      clientHost: "/127.0.0.1",
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      protocolType: "consumer",
      protocols: [{ name: "cooperative-sticky", metadata: new Uint8Array([1]) }],
      requireKnownMemberId: true,
      canSkipAssignment: true,
    }).listen((result) => {
      if (!this.isAlive || connectionId !== this.#connectionId) return;
      if (result.errorCode !== ErrorCode.NONE) {
        this.phase = "out";
        if (result.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = result.memberId;
        else this.#told(result.errorCode);
        return;
      }
      assert.ok(result.generationId >= this.generationId, "a generation goes back");
      this.generationId = result.generationId;
      this.#memberId = result.memberId;
      this.#joined = result;
      this.phase = "joined";
    });
  }

  #sync(): void {
    const { members = [], leader, protocolName = null, skipAssignment } = this.#joined ?? {};
    const isLeader = leader === this.#memberId && skipAssignment === false;
    this.phase = "syncing";
    const connectionId = this.#connectionId;
    this.#group.sync({
      ...this.#identity,
      generationId: this.generationId,
      protocolType: "consumer",
      protocolName,
      assignments: isLeader
        ? members.map(({ memberId }, i) => ({
          memberId,
          assignment: new TextEncoder().encode(`${this.generationId}: ${i}`),
        }))
        : [],
    }).listen((result) => {
      if (this.isAlive && connectionId === this.#connectionId) this.#synced(result);
    });
  }

  #synced({ errorCode, assignment }: SyncResult): void {
    if (errorCode !== ErrorCode.NONE) {
      this.phase = "out";
      return this.#told(errorCode);
    }
    this.phase = "stable";
    this.assignment = new TextDecoder().decode(assignment);
    assert.ok(this.assignment.startsWith(`${this.generationId}: `), "an assignment of another generation");
  }

  #told(errorCode: number): void {
    switch (errorCode) {
      case ErrorCode.NONE:
        return;
      case ErrorCode.REBALANCE_IN_PROGRESS:
      case ErrorCode.ILLEGAL_GENERATION:
        this.phase = "out";
        return;
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.#memberId = "";
        this.phase = "out";
        return;
      default:
        assert.fail(`a client that keeps to the protocol is told ${errorCode}`);
    }
  }
}

const client = fc.integer({ min: 0, max: CLIENTS - 1 });
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ act: fc.constant("start" as const), client }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom("die" as const, "leave" as const), client }) },
  { weight: 8, arbitrary: fc.record({ act: fc.constant("step" as const), client }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 4_000 }) }),
  },
);

Deno.test("Group gives all who live one generation and an assignment each, whatever came before", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 50, maxLength: 250, size: "max" }),
      fc.nat(3_000),
      (steps, initialRebalanceDelayMs) => {
        const clock = new FakeClock();
        const options = { initialRebalanceDelayMs, disconnectGraceMs: 1_000, maxMembers: 100 };
        const group = new Group("g", options, clock, new Deadlines(clock));
        // Some are static members.
        const clients = Array.from(
          { length: CLIENTS },
          (_, i) => new Client(group, i, i < 2 ? `static-${i}` : null),
        );
        for (const one of steps) {
          if (one.act === "wait") {
            clock.advance(one.ms);
          } else clients[one.client]?.[one.act]();
        }
        for (let round = 0; round < ROUNDS; round++) {
          for (const one of clients) {
            one.step();
          }
          clock.advance(ROUND_MS);
        }
        const living = clients.filter(({ isAlive }) => isAlive);
        assert.deepEqual(living.map(({ phase }) => phase), living.map(() => "stable"));
        assert.equal(
          new Set(living.map(({ generationId }) => generationId)).size,
          Math.min(1, living.length),
        );
        assert.equal(new Set(living.map(({ assignment }) => assignment)).size, living.length);
        assert.equal(group.members.size, living.length);
        assert.equal(group.state, living.length === 0 ? "Empty" : "Stable");
        group.close(ErrorCode.NOT_COORDINATOR);
      },
    ),
  );
});
