import assert from "node:assert/strict";
import { Groups, type GroupsOptions } from "../../../../src/broker/state/groups.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const OPTIONS: GroupsOptions = {
  initialRebalanceDelayMs: 0,
  disconnectGraceMs: 1_000,
  maxMembers: 10,
  maxGroups: 2,
  maxMembersBytes: 10_000,
  hasOffsets: () => false,
};

function opened(
  storage: MemoryStorage,
  options: { withOffsets?: readonly string[]; clock?: FakeClock; initialRebalanceDelayMs?: number } = {},
): Groups {
  const { withOffsets = [], clock = new FakeClock(), initialRebalanceDelayMs = 0 } = options;
  const hasOffsets = (groupId: string) => withOffsets.includes(groupId);
  const groups = new Groups({ ...OPTIONS, hasOffsets, initialRebalanceDelayMs }, clock, storage);
  assert.deepEqual(groups.open(withOffsets), []);
  return groups;
}

/** Lets one member in, which is at once stable, and tells its id. */
function join(groups: Groups, groupId: string, protocolType = "consumer"): string {
  let memberId = "";
  groups.getOrCreate(groupId).join({
    memberId: "",
    groupInstanceId: null,
    clientId: "c",
    clientHost: "/127.0.0.1",
    connectionId: 1,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType,
    protocols: [{ name: "range", metadata: new Uint8Array() }],
    requireKnownMemberId: false,
    canSkipAssignment: false,
  }).listen((result) => memberId = result.memberId);
  return memberId;
}

Deno.test("Groups.hasRoomFor() forgets a group for another only if nobody is in it and it has no offsets", () => {
  using storage = new MemoryStorage();
  using groups = opened(storage, { withOffsets: ["committed"] });
  join(groups, "used");
  assert.ok(groups.hasRoomFor("used"));
  assert.ok(!groups.hasRoomFor("third"));
  assert.ok(!groups.hasRoomFor("x".repeat(5_000)));
  groups.delete("used");
  groups.getOrCreate("empty");
  assert.ok(groups.hasRoomFor("third"));
  assert.deepEqual([...groups.all()].map(({ groupId }) => groupId), ["committed"]);
});

Deno.test("Groups.hasMemoryFor() counts what members hold, and those to come, for as long as they are there", () => {
  using storage = new MemoryStorage();
  const clock = new FakeClock();
  using groups = opened(storage, { clock });
  const base = { groupInstanceId: null, clientId: "c", clientHost: "/127.0.0.1", connectionId: 1 };
  const subscription = (bytes: number) => [{ name: "range", metadata: new Uint8Array(bytes) }];
  const times = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
  const join = (memberId: string, bytes: number, requireKnownMemberId = false) => {
    let joined = { memberId: "", generationId: -1 };
    groups.getOrCreate("g").join({
      ...base,
      ...times,
      memberId,
      protocolType: "consumer",
      protocols: subscription(bytes),
      requireKnownMemberId,
      canSkipAssignment: false,
    }).listen((result) => joined = result);
    return joined;
  };
  const { memberId, generationId } = join("", 3_000);
  const first = groups.heldBytes;
  assert.ok(first >= 3_000 && first < 4_000);
  groups.get("g")?.sync({
    ...base,
    memberId,
    generationId,
    protocolType: null,
    protocolName: null,
    assignments: [{ memberId, assignment: new Uint8Array(2_000) }],
  });
  assert.equal(groups.heldBytes, first + 2_000);
  assert.deepEqual([groups.hasMemoryFor(4_000), groups.hasMemoryFor(6_000)], [true, false]);
  // The next generation has no assignment yet.
  join(memberId, 1_000);
  assert.equal(groups.heldBytes, first - 2_000);
  join("", 10, true);
  assert.ok(groups.heldBytes > first - 2_000);
  clock.advance(30_000);
  assert.deepEqual([groups.get("g")?.isEmpty, groups.heldBytes], [true, 0]);
  join("", 10);
  join("", 10, true);
  groups.delete("g");
  assert.equal(groups.heldBytes, 0);
});

Deno.test("Groups.delete() leaves nothing behind of a group that waited for more members", () => {
  using storage = new MemoryStorage();
  const clock = new FakeClock();
  using groups = opened(storage, { clock, initialRebalanceDelayMs: 3_000 });
  join(groups, "g");
  const group = groups.get("g") ?? assert.fail("there is no group");
  const [memberId = ""] = [...group.members.values()].map((member) => member.memberId);
  group.leave({ memberId, groupInstanceId: null });
  assert.ok(groups.delete("g"));
  clock.advance(60_000);
  assert.equal(storage.readAll("journals/groups.log")?.length ?? 0, 0);
});

Deno.test("Groups.open() knows the groups with offsets, what they were of and since when they are empty", () => {
  using storage = new MemoryStorage();
  const clock = new FakeClock();
  {
    using groups = opened(storage, { clock });
    const memberId = join(groups, "left", "connect");
    clock.advance(5);
    groups.get("left")?.leave({ memberId, groupInstanceId: null });
    join(groups, "used");
  }
  const leftAtMs = clock.epochMs();
  clock.advance(10);
  using groups = opened(storage, { clock, withOffsets: ["left", "used", "simple"] });
  const seen = [...groups.all()].map(({ groupId, protocolType, emptySinceMs, state }) => [
    groupId,
    protocolType,
    emptySinceMs,
    state,
  ]);
  assert.deepEqual(seen, [
    ["left", "connect", leftAtMs, "Empty"],
    ["used", "consumer", clock.epochMs(), "Empty"],
    ["simple", null, undefined, "Empty"],
  ]);
});

Deno.test("Groups.delete() forgets for good", () => {
  using storage = new MemoryStorage();
  {
    using groups = opened(storage);
    join(groups, "g");
    assert.ok(groups.delete("g"));
    assert.ok(!groups.delete("g"));
  }
  using groups = opened(storage, { withOffsets: ["g"] });
  assert.equal(groups.get("g")?.protocolType, null);
});
