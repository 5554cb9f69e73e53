import assert from "node:assert/strict";
import { Deadlines } from "../../../../src/broker/state/deadlines.ts";
import { Group, type GroupOptions } from "../../../../src/broker/state/group.ts";
import type { JoinGroup, JoinResult, SyncResult } from "../../../../src/broker/state/group_member.ts";
import type { Later } from "../../../../src/broker/state/later.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const SESSION_MS = 10_000;
const REBALANCE_MS = 30_000;
const GRACE_MS = 1_000;

function setUp(options: Partial<GroupOptions> = {}): { group: Group; clock: FakeClock } {
  const clock = new FakeClock();
  const defaults = { initialRebalanceDelayMs: 0, disconnectGraceMs: GRACE_MS, maxMembers: 10 };
  const group = new Group("g", { ...defaults, ...options }, clock, new Deadlines(clock));
  return { group, clock };
}

function joining(options: Partial<JoinGroup> = {}): JoinGroup {
  return {
    memberId: "",
    groupInstanceId: null,
    clientId: "client",
    clientHost: "/127.0.0.1",
    connectionId: 1,
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: new Uint8Array([1]) }],
    requireKnownMemberId: false,
    canSkipAssignment: false,
    ...options,
  };
}

/** Asks what a Later holds, undefined while it holds nothing. */
function seen<T>(later: Later<T>): () => T | undefined {
  let seenValue: T | undefined;
  later.listen((value) => seenValue = value);
  return () => seenValue;
}

function now<T>(later: Later<T>): T {
  const value = seen(later)();
  assert.ok(value !== undefined, "it is not complete");
  return value;
}

const sync = (
  group: Group,
  { memberId, generationId }: JoinResult,
  assignments: Record<string, number> = {},
) =>
  group.sync({
    memberId,
    groupInstanceId: null,
    generationId,
    protocolType: null,
    protocolName: null,
    connectionId: 1,
    assignments: Object.entries(assignments).map(([id, byte]) => ({
      memberId: id,
      assignment: new Uint8Array([byte]),
    })),
  });

const beat = (group: Group, { memberId, generationId }: JoinResult, connectionId = 1) =>
  group.heartbeat({ memberId, groupInstanceId: null, generationId, connectionId });

/** A group with one stable member. */
function stable(options: Partial<GroupOptions> = {}) {
  const { group, clock } = setUp(options);
  const first = now(group.join(joining()));
  assert.equal(now(sync(group, first, { [first.memberId]: 7 })).errorCode, ErrorCode.NONE);
  return { group, clock, first };
}

Deno.test("Group.join() makes the first member leader at once", () => {
  const { group } = setUp();
  const result = now(group.join(joining()));
  assert.equal(result.errorCode, ErrorCode.NONE);
  assert.equal(result.generationId, 1);
  assert.equal(result.leader, result.memberId);
  assert.equal(result.protocolName, "range");
  assert.deepEqual(result.members.map((member) => member.memberId), [result.memberId]);
  assert.equal(group.state, "CompletingRebalance");
});

Deno.test("Group.join() tells a new member its id first, when it must be known", () => {
  const { group } = setUp();
  const told = now(group.join(joining({ requireKnownMemberId: true })));
  assert.equal(told.errorCode, ErrorCode.MEMBER_ID_REQUIRED);
  assert.match(told.memberId, /^client-/);
  const joined = now(group.join(joining({ requireKnownMemberId: true, memberId: told.memberId })));
  assert.equal(joined.errorCode, ErrorCode.NONE);
  assert.equal(joined.memberId, told.memberId);
});

Deno.test("Group.join() waits for those that were told an id, until their session ends or their connection does", () => {
  for (
    const end of [
      (_: Group, clock: FakeClock) => clock.advance(SESSION_MS),
      (group: Group) => group.connectionClosed(9),
    ]
  ) {
    const { group, clock } = setUp();
    now(group.join(joining({ requireKnownMemberId: true, connectionId: 9 })));
    const other = seen(group.join(joining()));
    assert.equal(other(), undefined);
    end(group, clock);
    assert.equal(other()?.errorCode, ErrorCode.NONE);
  }
});

Deno.test("Group.join() refuses an id that it never gave", () => {
  const { group } = setUp();
  assert.equal(now(group.join(joining({ memberId: "made-up" }))).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
});

Deno.test("Group.join() refuses protocols that the others do not have", () => {
  const { group } = stable();
  const other = { protocols: [{ name: "sticky", metadata: new Uint8Array() }] };
  assert.equal(now(group.join(joining(other))).errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(
    now(group.join(joining({ protocolType: "connect" }))).errorCode,
    ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
  );
  assert.equal(now(group.join(joining({ protocols: [] }))).errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
});

Deno.test("Group.join() refuses more members than there may be", () => {
  const { group } = stable({ maxMembers: 1 });
  assert.equal(now(group.join(joining())).errorCode, ErrorCode.GROUP_MAX_SIZE_REACHED);
});

Deno.test("Group.join() lets a second member wait until the first has joined again", () => {
  const { group, first } = stable();
  const second = seen(group.join(joining()));
  assert.equal(second(), undefined);
  assert.equal(beat(group, first), ErrorCode.REBALANCE_IN_PROGRESS);
  const again = now(group.join(joining({ memberId: first.memberId })));
  assert.equal(again.generationId, 2);
  assert.equal(again.leader, first.memberId);
  assert.equal(again.members.length, 2);
  assert.equal(second()?.generationId, 2);
  assert.deepEqual(second()?.members, []);
});

Deno.test("Group.join() drops those that do not come again within the rebalance time-out", () => {
  const { group, clock, first } = stable();
  const second = seen(group.join(joining({ sessionTimeoutMs: 60_000 })));
  // The first one beats on, but does not join.
  for (let i = 0; i < 4; i++) {
    clock.advance(REBALANCE_MS / 4 - 1);
    beat(group, first);
  }
  assert.equal(second(), undefined);
  clock.advance(4);
  assert.equal(second()?.errorCode, ErrorCode.NONE);
  assert.equal(second()?.leader, second()?.memberId);
  assert.equal(beat(group, first), ErrorCode.UNKNOWN_MEMBER_ID);
});

Deno.test("Group.join() elects the protocol that all have and most put first", () => {
  const { group } = setUp();
  const protocols = (...names: string[]) => names.map((name) => ({ name, metadata: new Uint8Array() }));
  const first = now(group.join(joining({ protocols: protocols("a", "b", "c") })));
  const second = seen(group.join(joining({ protocols: protocols("b", "c") })));
  const third = seen(group.join(joining({ protocols: protocols("c", "b") })));
  now(group.join(joining({ memberId: first.memberId, protocols: protocols("a", "b", "c") })));
  assert.equal(second()?.protocolName, "b");
  assert.equal(third()?.protocolName, "b");
});

Deno.test("Group.join() answers one whose answer was lost without a rebalance", () => {
  const { group, first } = stable();
  const second = seen(group.join(joining({ connectionId: 2 })));
  now(group.join(joining({ memberId: first.memberId })));
  const follower = second() ?? assert.fail("it has not joined");
  const again = now(group.join(joining({ memberId: follower.memberId, connectionId: 3 })));
  assert.equal(again.generationId, follower.generationId);
  assert.equal(group.state, "CompletingRebalance");
});

Deno.test("Group.join() waits for more members where there is an initial delay", () => {
  const { group, clock } = setUp({ initialRebalanceDelayMs: 3_000 });
  const first = seen(group.join(joining()));
  clock.advance(2_999);
  const second = seen(group.join(joining()));
  assert.equal(first(), undefined);
  // One that came in the meantime prolongs the wait once more.
  clock.advance(3_000);
  assert.equal(first(), undefined);
  clock.advance(1);
  assert.equal(first()?.generationId, 1);
  assert.equal(second()?.generationId, 1);
});

Deno.test("Group.sync() hands out the leader's assignment, also to those that asked before", () => {
  const { group, first } = stable();
  const joined = seen(group.join(joining()));
  const leader = now(group.join(joining({ memberId: first.memberId })));
  const follower = joined() ?? assert.fail("it has not joined");
  const waiting = seen<SyncResult>(sync(group, follower));
  assert.equal(waiting(), undefined);
  const own = now(sync(group, leader, { [leader.memberId]: 1, [follower.memberId]: 2 }));
  assert.deepEqual([...own.assignment], [1]);
  assert.deepEqual([...waiting()?.assignment ?? []], [2]);
  assert.equal(group.state, "Stable");
});

Deno.test("Group.sync() refuses other generations and unknown members", () => {
  const { group, first } = stable();
  assert.equal(now(sync(group, { ...first, generationId: 0 })).errorCode, ErrorCode.ILLEGAL_GENERATION);
  assert.equal(now(sync(group, { ...first, memberId: "x" })).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
});

Deno.test("Group.sync() tells those that wait when a rebalance comes in between", () => {
  const { group, first } = stable();
  const joined = seen(group.join(joining()));
  now(group.join(joining({ memberId: first.memberId })));
  const waiting = seen<SyncResult>(sync(group, joined() ?? assert.fail("it has not joined")));
  group.join(joining());
  assert.equal(waiting()?.errorCode, ErrorCode.REBALANCE_IN_PROGRESS);
});

Deno.test("Group.heartbeat() keeps a member in; silence drops it", () => {
  const { group, clock, first } = stable();
  clock.advance(SESSION_MS - 1);
  assert.equal(beat(group, first), ErrorCode.NONE);
  clock.advance(SESSION_MS - 1);
  assert.equal(group.members.size, 1);
  clock.advance(1);
  assert.equal(group.members.size, 0);
  assert.equal(group.state, "Empty");
  assert.equal(beat(group, first), ErrorCode.UNKNOWN_MEMBER_ID);
});

Deno.test("Group.leave() starts a rebalance for the others", () => {
  const { group, first } = stable();
  const joined = seen(group.join(joining()));
  now(group.join(joining({ memberId: first.memberId })));
  const second = joined() ?? assert.fail("it has not joined");
  assert.equal(group.leave({ memberId: first.memberId, groupInstanceId: null }), ErrorCode.NONE);
  assert.equal(beat(group, second), ErrorCode.REBALANCE_IN_PROGRESS);
  assert.equal(now(group.join(joining({ memberId: second.memberId }))).leader, second.memberId);
  assert.equal(group.leave({ memberId: first.memberId, groupInstanceId: null }), ErrorCode.UNKNOWN_MEMBER_ID);
});

Deno.test("Group.connectionClosed() drops the connection's members after the grace", () => {
  const { group, clock, first } = stable();
  group.connectionClosed(2);
  clock.advance(GRACE_MS);
  assert.equal(group.members.size, 1);
  group.connectionClosed(1);
  clock.advance(GRACE_MS - 1);
  // Heard of on another connection in time: it stays.
  assert.equal(beat(group, first, 5), ErrorCode.NONE);
  clock.advance(GRACE_MS);
  assert.equal(group.members.size, 1);
  group.connectionClosed(5);
  clock.advance(GRACE_MS);
  assert.equal(group.members.size, 0);
});

Deno.test("Group.connectionClosed() drops a member that waits in a join, and lets the others go on", () => {
  const { group, clock, first } = stable();
  const lost = seen(group.join(joining({ connectionId: 2 })));
  group.connectionClosed(2);
  clock.advance(GRACE_MS);
  assert.equal(lost()?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  const again = now(group.join(joining({ memberId: first.memberId })));
  assert.equal(again.members.length, 1);
});

Deno.test("Group.join() takes a static member back under a new id, without a rebalance", () => {
  const { group, clock } = setUp();
  const first = now(group.join(joining({ groupInstanceId: "one" })));
  const identity = { memberId: first.memberId, groupInstanceId: "one" };
  group.sync({
    ...identity,
    generationId: 1,
    protocolType: null,
    protocolName: null,
    connectionId: 1,
    assignments: [{ memberId: first.memberId, assignment: new Uint8Array([7]) }],
  });
  group.connectionClosed(1);
  clock.advance(GRACE_MS);
  const back = now(group.join(joining({ groupInstanceId: "one", connectionId: 2 })));
  assert.equal(back.errorCode, ErrorCode.NONE);
  assert.equal(back.generationId, 1);
  assert.notEqual(back.memberId, first.memberId);
  assert.equal(group.state, "Stable");
  assert.equal(
    group.heartbeat({ ...identity, generationId: 1, connectionId: 1 }),
    ErrorCode.FENCED_INSTANCE_ID,
  );
  assert.equal(group.leave({ memberId: "", groupInstanceId: "one" }), ErrorCode.NONE);
  assert.equal(group.members.size, 0);
});

Deno.test("Group.checkCommit() takes commits of the generation, and from outside only when nobody is in", () => {
  const { group, first } = stable();
  const from = (memberId: string, generationId: number) =>
    group.checkCommit({ memberId, groupInstanceId: null, generationId });
  assert.equal(from(first.memberId, 1), ErrorCode.NONE);
  assert.equal(from(first.memberId, 0), ErrorCode.ILLEGAL_GENERATION);
  assert.equal(from("x", 1), ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(from("", -1), ErrorCode.UNKNOWN_MEMBER_ID);
  group.leave({ memberId: first.memberId, groupInstanceId: null });
  assert.equal(from("", -1), ErrorCode.NONE);
});

Deno.test("Group.close() tells all who wait, and leaves no timer that does anything", () => {
  const { group, clock } = stable();
  const waiting = seen(group.join(joining()));
  group.close(ErrorCode.NOT_COORDINATOR);
  assert.equal(waiting()?.errorCode, ErrorCode.NOT_COORDINATOR);
  clock.advance(100_000);
  assert.equal(clock.timersCount, 0);
});

Deno.test("Group.join() takes in who was told an id before the last of the others left", () => {
  const { group, clock, first } = stable();
  const { memberId } = now(group.join(joining({ requireKnownMemberId: true, connectionId: 2 })));
  assert.equal(group.leave({ memberId: first.memberId, groupInstanceId: null }), ErrorCode.NONE);
  clock.advance(1);
  assert.equal(group.state, "Empty");
  const joined = now(group.join(joining({ memberId, connectionId: 2 })));
  assert.equal(joined.errorCode, ErrorCode.NONE);
  assert.equal(joined.leader, memberId);
});

Deno.test("Group drops a member that sends heartbeats, but never asks for its assignment", () => {
  const { group, clock, first } = stable();
  const second = seen(group.join(joining({ connectionId: 2 })));
  const again = now(group.join(joining({ memberId: first.memberId })));
  const other = second() ?? assert.fail("it has not joined");
  assert.equal(now(sync(group, again)).errorCode, ErrorCode.NONE);
  for (let passedMs = 0; passedMs < REBALANCE_MS; passedMs += SESSION_MS / 2) {
    assert.equal(beat(group, again), ErrorCode.NONE);
    assert.equal(beat(group, other, 2), ErrorCode.NONE);
    clock.advance(SESSION_MS / 2);
  }
  assert.equal(beat(group, other, 2), ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(beat(group, again), ErrorCode.REBALANCE_IN_PROGRESS);
});

Deno.test("Group.sync() begins the session anew of who waited for the leader", () => {
  for (const isLeaderDead of [false, true]) {
    const { group, clock, first } = stable();
    const second = seen(group.join(joining({ connectionId: 2 })));
    const leader = now(group.join(joining({ memberId: first.memberId })));
    const other = second() ?? assert.fail("it has not joined");
    const waiting = seen(sync(group, other));
    clock.advance(SESSION_MS - 1);
    if (isLeaderDead) group.leave({ memberId: leader.memberId, groupInstanceId: null });
    else now(sync(group, leader));
    assert.ok(waiting() !== undefined);
    clock.advance(SESSION_MS - 1);
    assert.ok(group.members.has(other.memberId));
  }
});

Deno.test("Group.sync() of all members leaves no time-out behind that would disturb them", () => {
  const { group, clock, first } = stable();
  for (let i = 0; i < 20; i++) {
    clock.advance(SESSION_MS / 2);
    assert.equal(beat(group, first), ErrorCode.NONE);
  }
});

Deno.test("Group.join() goes on without a leader that dies between its join and its sync", () => {
  const { group, clock, first } = stable();
  const second = seen(group.join(joining({ connectionId: 2 })));
  now(group.join(joining({ memberId: first.memberId })));
  const other = second() ?? assert.fail("it has not joined");
  const waiting = seen(sync(group, other));
  clock.advance(SESSION_MS);
  assert.equal(waiting()?.errorCode, ErrorCode.REBALANCE_IN_PROGRESS);
  const alone = now(group.join(joining({ memberId: other.memberId, connectionId: 2 })));
  assert.equal(alone.leader, other.memberId);
});
