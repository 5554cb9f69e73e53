/** Groups and what they have read: JoinGroup to DeleteGroups, OffsetCommit, OffsetFetch, OffsetDelete. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { uniqueName } from "../support/broker.ts";
import { type Ask, conform, like, until } from "../support/conform.ts";
import {
  DeleteGroups,
  DescribeGroups,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  SyncGroup,
} from "../support/wire_pairs.ts";
import { commitOf, committedOf, type Member } from "./requests.ts";

const NONE = ErrorCode.NONE;
const ASSIGNMENT = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
/** A subscription to no topic. */
const METADATA = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
const MEMBER_ID_REQUIRED_SINCE = 4;
const UNKNOWN_ID = "00000000-0000-4000-8000-00000000c0de";

interface Joining {
  readonly memberId?: string;
  readonly groupInstanceId?: string;
  readonly sessionTimeoutMs?: number;
  readonly protocolType?: string;
  readonly protocols?: readonly string[];
  /** Its subscription. */
  readonly metadata?: Uint8Array;
}

function joining(
  groupId: string,
  { protocols = ["range"], groupInstanceId, metadata = METADATA, ...of }: Joining = {},
) {
  return {
    groupId,
    memberId: "",
    groupInstanceId: groupInstanceId ?? null,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: "consumer",
    ...of,
    protocols: protocols.map((name) => ({ name, metadata })),
  };
}

/** Joins, with the id that the group gives where it wants one. */
async function join(ask: Ask, groupId: string, options: Joining = {}) {
  const answer = await ask(JoinGroup, joining(groupId, options));
  if (answer.errorCode !== ErrorCode.MEMBER_ID_REQUIRED) return answer;
  return await ask(JoinGroup, joining(groupId, { ...options, memberId: answer.memberId }));
}

async function sync(ask: Ask, groupId: string, { memberId, generationId }: Member, isLeader = true) {
  return await ask(SyncGroup, {
    groupId,
    memberId,
    generationId,
    protocolType: "consumer",
    protocolName: "range",
    assignments: isLeader ? [{ memberId, assignment: ASSIGNMENT }] : [],
  });
}

/** The only member of a stable group. */
async function soleMember(ask: Ask, groupId: string, options: Joining = {}): Promise<Member> {
  const member = await join(ask, groupId, options);
  assert.equal(member.errorCode, NONE);
  like(await sync(ask, groupId, member), { errorCode: NONE, assignment: ASSIGNMENT });
  return member;
}

conform(JoinGroup, "gives the first member the lead of generation 1", async ({ ask, newGroup, version }) => {
  const groupId = await newGroup();
  let memberId = "";
  if (version >= MEMBER_ID_REQUIRED_SINCE) {
    const refused = await ask(JoinGroup, joining(groupId));
    like(refused, { errorCode: ErrorCode.MEMBER_ID_REQUIRED, generationId: -1, leader: "", members: [] });
    memberId = refused.memberId;
    assert.match(memberId, /^wire-client-/);
  }
  const joined = await ask(JoinGroup, joining(groupId, { memberId, protocols: ["range", "roundrobin"] }));
  like(joined, {
    errorCode: NONE,
    generationId: 1,
    protocolType: version >= 7 ? "consumer" : null,
    protocolName: "range",
    leader: joined.memberId,
    skipAssignment: false,
    members: [{ memberId: joined.memberId, groupInstanceId: null, metadata: METADATA }],
  });
  if (memberId !== "") assert.equal(joined.memberId, memberId);
});

conform(JoinGroup, "refuses what cannot be", async ({ ask, newGroup }) => {
  const groupId = await newGroup();
  const code = async (options: Joining, group = groupId) =>
    (await ask(JoinGroup, joining(group, options))).errorCode;
  assert.equal(await code({}, ""), ErrorCode.INVALID_GROUP_ID);
  assert.equal(await code({ sessionTimeoutMs: 1 }), ErrorCode.INVALID_SESSION_TIMEOUT);
  assert.equal(await code({ sessionTimeoutMs: 99_000_000 }), ErrorCode.INVALID_SESSION_TIMEOUT);
  assert.equal(await code({ memberId: "nobody" }), ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(await code({ protocols: [] }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(await code({ protocolType: "" }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  await soleMember(ask, groupId);
  assert.equal(await code({ memberId: "nobody" }), ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(await code({ protocolType: "other" }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(await code({ protocols: ["sticky"] }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
});

conform(
  JoinGroup,
  "lets a member change its protocols to some that it had before",
  async ({ ask, newGroup }) => {
    const groupId = await newGroup();
    const { memberId } = await join(ask, groupId, { protocols: ["range", "sticky"] });
    const again = async (options: Joining) =>
      await ask(JoinGroup, joining(groupId, { memberId, ...options }));
    const refused = { errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL, generationId: -1 };
    like(await again({ protocols: ["sticky"] }), {
      errorCode: NONE,
      generationId: 2,
      protocolName: "sticky",
    });
    like(await again({ protocols: ["range"] }), refused);
    like(await again({ protocols: ["sticky"], protocolType: "other" }), refused);
  },
);

conform(DescribeGroups, "describes those that are there and those that are not", async (test) => {
  const { ask, newGroup, version } = test;
  const groupId = await newGroup();
  await soleMember(ask, groupId);
  const none = uniqueName("conform-none");
  const { groups } = await ask(DescribeGroups, { groups: [groupId, none] });
  assert.deepEqual(groups.map(({ groupId }) => groupId).toSorted(), [groupId, none].toSorted());
  const missing = groups.find((group) => group.groupId === none);
  like(missing, {
    groupState: "Dead",
    errorCode: version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : NONE,
    members: [],
  });
});

conform(JoinGroup, "rebalances when a second member comes", async ({ ask, connect, newGroup, version }) => {
  const groupId = await newGroup();
  const first = await soleMember(ask, groupId);
  const other = await connect();
  const second = join(other, groupId);
  await until(async () =>
    (await ask(Heartbeat, { groupId, ...first })).errorCode === ErrorCode.REBALANCE_IN_PROGRESS
  );
  const again = await ask(JoinGroup, joining(groupId, { memberId: first.memberId }));
  const { memberId, ...joined } = await second;
  like(again, { errorCode: NONE, generationId: 2, leader: first.memberId });
  assert.deepEqual(
    again.members.map((member) => member.memberId).toSorted(),
    [first.memberId, memberId].toSorted(),
  );
  like(joined, { errorCode: NONE, generationId: 2, leader: first.memberId, members: [] });
  // Before the leader has said who gets what, a follower waits.
  const waiting = sync(other, groupId, { memberId, generationId: 2 }, false);
  const assignments = [first.memberId, memberId].map((memberId, i) => ({
    memberId,
    assignment: Uint8Array.of(i),
  }));
  const synced = await ask(SyncGroup, {
    groupId,
    memberId: first.memberId,
    generationId: 2,
    protocolType: "consumer",
    protocolName: "range",
    assignments,
  });
  like(synced, { errorCode: NONE, assignment: Uint8Array.of(0) });
  like(await waiting, { errorCode: NONE, assignment: Uint8Array.of(1) });
  like(await ask(Heartbeat, { groupId, generationId: 2, memberId }), { errorCode: NONE });
  assert.ok(version >= 0);
});

conform(JoinGroup, "gives a static member its place again", async ({ ask, newGroup, version }) => {
  const groupId = await newGroup();
  const groupInstanceId = "desk-1";
  const first = await soleMember(ask, groupId, { groupInstanceId });
  assert.equal(first.generationId, 1);
  const again = await ask(JoinGroup, joining(groupId, { groupInstanceId }));
  assert.notEqual(again.memberId, first.memberId);
  like(again, { errorCode: NONE, generationId: 1, skipAssignment: version >= 9 });
  if (version >= 9) like(again.members, [{ groupInstanceId, memberId: again.memberId }]);
  // Who had it before is fenced.
  const fenced = { groupId, generationId: 1, memberId: first.memberId, groupInstanceId };
  like(await ask(Heartbeat, fenced), { errorCode: ErrorCode.FENCED_INSTANCE_ID });
  like(await sync(ask, groupId, again, false), { errorCode: NONE, assignment: ASSIGNMENT });
}, { versions: [5, 7, 9] });

conform(
  JoinGroup,
  "rebalances for a static member only when the protocol changes",
  async ({ ask, newGroup, version }) => {
    const groupId = await newGroup();
    const groupInstanceId = "desk-1";
    await soleMember(ask, groupId, { groupInstanceId, protocols: ["range", "roundrobin"] });
    const metadata = new Uint8Array([0, 9]);
    const again = await join(ask, groupId, { groupInstanceId, metadata, protocols: ["range", "roundrobin"] });
    like(again, { errorCode: NONE, generationId: 1, skipAssignment: version >= 9 });
    const { groups } = await ask(DescribeGroups, { groups: [groupId] });
    assert.deepEqual(groups[0]?.members.map(({ memberMetadata }) => memberMetadata), [metadata]);
    const other = await join(ask, groupId, { groupInstanceId, protocols: ["roundrobin"] });
    like(other, { errorCode: NONE, generationId: 2, protocolName: "roundrobin", skipAssignment: false });
  },
  { versions: [5, 7, 9] },
);

conform(
  SyncGroup,
  "refuses members and generations that are not there",
  async ({ ask, newGroup, version }) => {
    const groupId = await newGroup();
    const code = async (of: Member, group = groupId) => (await sync(ask, group, of)).errorCode;
    assert.equal(await code({ memberId: "nobody", generationId: 1 }), ErrorCode.UNKNOWN_MEMBER_ID);
    const member = await soleMember(ask, groupId);
    assert.equal(await code({ ...member, memberId: "nobody" }), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(await code({ ...member, generationId: 9 }), ErrorCode.ILLEGAL_GENERATION);
    assert.equal(await code(member, ""), ErrorCode.INVALID_GROUP_ID);
    const { errorCode, protocolType, protocolName, assignment } = await sync(ask, groupId, member);
    const named = version >= 5 ? { protocolType: "consumer", protocolName: "range" } : {};
    like({ errorCode, protocolType, protocolName, assignment }, {
      errorCode: NONE,
      ...named,
      assignment: ASSIGNMENT,
    });
    if (version < 5) return;
    const other = await ask(SyncGroup, { ...member, groupId, protocolName: "sticky", assignments: [] });
    assert.equal(other.errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  },
);

conform(Heartbeat, "refuses members and generations that are not there", async ({ ask, newGroup }) => {
  const groupId = await newGroup();
  const code = async (of: Member, group = groupId) =>
    (await ask(Heartbeat, { groupId: group, ...of })).errorCode;
  const member = await soleMember(ask, groupId);
  assert.equal(await code(member), NONE);
  assert.equal(await code({ ...member, memberId: "nobody" }), ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(await code({ ...member, generationId: 9 }), ErrorCode.ILLEGAL_GENERATION);
  assert.equal(await code(member, uniqueName("conform-none")), ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(await code(member, ""), ErrorCode.INVALID_GROUP_ID);
});

conform(LeaveGroup, "lets members go", async ({ ask, newGroup, version }) => {
  const groupId = await newGroup();
  const { memberId } = await soleMember(ask, groupId);
  const leave = async (members: { memberId: string; groupInstanceId?: string }[]) =>
    await ask(LeaveGroup, { groupId, memberId: members[0]?.memberId ?? "", members });
  if (version < 3) {
    like(await leave([{ memberId: "nobody" }]), { errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
    like(await leave([{ memberId }]), { errorCode: NONE });
    return;
  }
  like(await leave([{ memberId: "nobody" }, { memberId }]), {
    errorCode: NONE,
    members: [{ memberId: "nobody", errorCode: ErrorCode.UNKNOWN_MEMBER_ID }, { memberId, errorCode: NONE }],
  });
  await soleMember(ask, groupId, { groupInstanceId: "desk-1" });
  like(
    await leave([{ memberId: "", groupInstanceId: "desk-2" }, { memberId: "", groupInstanceId: "desk-1" }]),
    {
      errorCode: NONE,
      members: [
        { memberId: "", groupInstanceId: "desk-2", errorCode: ErrorCode.UNKNOWN_MEMBER_ID },
        { groupInstanceId: "desk-1", errorCode: NONE },
      ],
    },
  );
});

conform(LeaveGroup, "refuses a group without a name", async ({ ask }) => {
  like(await ask(LeaveGroup, { groupId: "", memberId: "m", members: [{ memberId: "m" }] }), {
    errorCode: ErrorCode.INVALID_GROUP_ID,
  });
});

conform(OffsetCommit, "keeps what a simple consumer commits", async ({ ask, newGroup, newTopic }) => {
  const groupId = await newGroup();
  const topic = await newTopic({ partitions: 2 });
  const committed = await ask(OffsetCommit, commitOf(groupId, topic, 7n, { committedMetadata: "seven" }));
  like(committed.topics, [{ partitions: [{ partitionIndex: 0, errorCode: NONE }] }]);
  const { groups } = await ask(OffsetFetch, committedOf(groupId, topic, { partitionIndexes: [0, 1] }));
  like(groups[0]?.topics[0]?.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex), [
    { partitionIndex: 0, committedOffset: 7n, metadata: "seven", errorCode: NONE },
    { partitionIndex: 1, committedOffset: -1n, metadata: "", errorCode: NONE },
  ]);
});

conform(OffsetCommit, "refuses what cannot be", async ({ ask, newGroup, newTopic, version }) => {
  const groupId = await newGroup();
  const topic = await newTopic();
  const code = async (options = {}, { group = groupId, of = topic } = {}) => {
    const { topics } = await ask(OffsetCommit, commitOf(group, of, 1n, options));
    return topics[0]?.partitions[0]?.errorCode;
  };
  const member = await soleMember(ask, groupId);
  assert.equal(await code(member), NONE);
  assert.equal(await code({ ...member, memberId: "nobody" }), ErrorCode.UNKNOWN_MEMBER_ID);
  assert.equal(await code({ ...member, generationId: 9 }), ErrorCode.ILLEGAL_GENERATION);
  // A group with members takes nothing from outside.
  assert.equal(await code(), ErrorCode.UNKNOWN_MEMBER_ID);
  const noGroup = version >= 9 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
  assert.equal(await code({ memberId: "m", generationId: 1 }, { group: await newGroup() }), noGroup);
  assert.equal(
    await code({ ...member, committedMetadata: "m".repeat(5_000) }),
    ErrorCode.OFFSET_METADATA_TOO_LARGE,
  );
  assert.equal(await code({ ...member, partitionIndex: 9 }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const none = { name: uniqueName("conform-none"), topicId: UNKNOWN_ID };
  const unknown = version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  assert.equal(await code(member, { of: none }), unknown);
});

conform(
  OffsetFetch,
  "answers what was committed, by topic or all",
  async ({ ask, newGroup, newTopic, version }) => {
    const groupId = await newGroup();
    const topic = await newTopic();
    const of = async (value: ReturnType<typeof committedOf>) => {
      const answer = await ask(OffsetFetch, value);
      return version >= 8 ? answer.groups[0] : answer;
    };
    const none = committedOf(groupId, topic);
    like(await of(none), {
      errorCode: NONE,
      topics: [{ partitions: [{ committedOffset: -1n, metadata: "", errorCode: NONE }] }],
    });
    await ask(OffsetCommit, commitOf(groupId, topic, 5n, { committedMetadata: "m" }));
    const expected = {
      errorCode: NONE,
      topics: [{
        name: version >= 10 ? "" : topic.name,
        partitions: [{
          partitionIndex: 0,
          committedOffset: 5n,
          committedLeaderEpoch: -1,
          metadata: "m",
          errorCode: NONE,
        }],
      }],
    };
    like(await of(none), expected);
    if (version >= 2) {
      like(
        await of({ groupId, topics: null, groups: [{ groupId, topics: null }] }),
        expected,
      );
    }
    const nowhere = { ...topic, name: uniqueName("conform-none"), topicId: UNKNOWN_ID };
    const errorCode = version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : NONE;
    like(await of(committedOf(groupId, nowhere)), {
      topics: [{ partitions: [{ committedOffset: -1n, errorCode }] }],
    });
  },
);

conform(OffsetFetch, "answers for several groups", async ({ ask, newGroup, newTopic }) => {
  const topic = await newTopic();
  const groups = [await newGroup(), await newGroup()];
  for (const [i, group] of groups.entries()) await ask(OffsetCommit, commitOf(group, topic, BigInt(i)));
  const value = { groups: groups.flatMap((groupId) => committedOf(groupId, topic).groups ?? []) };
  like(
    (await ask(OffsetFetch, value)).groups,
    groups.map((groupId, i) => ({
      groupId,
      errorCode: NONE,
      topics: [{ partitions: [{ committedOffset: BigInt(i) }] }],
    })),
  );
}, { versions: [8, 9, 10] });

conform(
  DescribeGroups,
  "describes a group through its life",
  async ({ ask, newGroup, newTopic, version }) => {
    const groupId = await newGroup();
    const describe = async () => (await ask(DescribeGroups, { groups: [groupId] })).groups;
    const dead = version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : NONE;
    like(await describe(), [{ errorCode: dead, groupId, groupState: "Dead", protocolType: "", members: [] }]);
    const member = await join(ask, groupId);
    like(await describe(), [{
      errorCode: NONE,
      groupState: "CompletingRebalance",
      protocolType: "consumer",
    }]);
    await sync(ask, groupId, member);
    like(await describe(), [{
      errorCode: NONE,
      groupId,
      groupState: "Stable",
      protocolType: "consumer",
      protocolData: "range",
      members: [{
        memberId: member.memberId,
        groupInstanceId: null,
        clientId: "wire-client",
        clientHost: "/127.0.0.1",
        memberMetadata: METADATA,
        memberAssignment: ASSIGNMENT,
      }],
      authorizedOperations: -2147483648,
    }]);
    await ask(OffsetCommit, commitOf(groupId, await newTopic(), 1n, member));
    await ask(LeaveGroup, { groupId, members: [{ memberId: member.memberId }] });
    like(await describe(), [{
      errorCode: NONE,
      groupState: "Empty",
      protocolType: "consumer",
      protocolData: "",
      members: [],
    }]);
    if (version < 3) return;
    const { groups } = await ask(DescribeGroups, { groups: [groupId], includeAuthorizedOperations: true });
    // READ, DELETE, DESCRIBE, and those of configs.
    assert.equal((groups[0]?.authorizedOperations ?? 0) & 0b101001000, 0b101001000);
  },
);

conform(ListGroups, "lists groups, by state and type", async ({ ask, newGroup, version }) => {
  const groupId = await newGroup();
  await soleMember(ask, groupId);
  const find = async (filters = {}) =>
    (await ask(ListGroups, filters)).groups.find((group) => group.groupId === groupId);
  like(await find(), {
    groupId,
    protocolType: "consumer",
    groupState: version >= 4 ? "Stable" : "",
    groupType: version >= 5 ? "classic" : "",
  });
  if (version >= 4) {
    assert.equal(await find({ statesFilter: ["Empty"] }), undefined);
    like(await find({ statesFilter: ["Empty", "stable"] }), { groupId });
  }
  if (version >= 5) {
    assert.equal(await find({ typesFilter: ["consumer"] }), undefined);
    like(await find({ typesFilter: ["Classic"] }), { groupId });
  }
});

conform(DeleteGroups, "deletes groups without members", async ({ ask, newGroup, newTopic }) => {
  const groupId = await newGroup();
  const remove = async (group = groupId) => (await ask(DeleteGroups, { groupsNames: [group] })).results;
  like(await remove(), [{ groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND }]);
  const { memberId } = await soleMember(ask, groupId);
  like(await remove(), [{ groupId, errorCode: ErrorCode.NON_EMPTY_GROUP }]);
  await ask(LeaveGroup, { groupId, members: [{ memberId }] });
  const topic = await newTopic();
  await ask(OffsetCommit, commitOf(groupId, topic, 1n));
  like(await remove(), [{ groupId, errorCode: NONE }]);
  const { groups } = await ask(OffsetFetch, committedOf(groupId, topic));
  like(groups[0]?.topics[0]?.partitions, [{ committedOffset: -1n }]);
});

conform(OffsetDelete, "forgets offsets, not those of topics in use", async ({ ask, newGroup, newTopic }) => {
  const groupId = await newGroup();
  const topic = await newTopic();
  const remove = async (group = groupId, name = topic.name, partitionIndex = 0) =>
    await ask(OffsetDelete, { groupId: group, topics: [{ name, partitions: [{ partitionIndex }] }] });
  like(await remove(), { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, topics: [] });
  await ask(OffsetCommit, commitOf(groupId, topic, 1n));
  like(await remove(), {
    errorCode: NONE,
    topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, errorCode: NONE }] }],
  });
  const { groups } = await ask(OffsetFetch, committedOf(groupId, topic));
  like(groups[0]?.topics[0]?.partitions, [{ committedOffset: -1n }]);
  like(await remove("", topic.name), { errorCode: ErrorCode.INVALID_GROUP_ID });
  // A group that reads the topic now keeps its offsets.
  const reading = await newGroup();
  const name = new TextEncoder().encode(topic.name);
  const metadata = Uint8Array.of(0, 1, 0, 0, 0, 1, 0, name.length, ...name, 0, 0, 0, 0);
  const first = await ask(JoinGroup, { ...joining(reading), protocols: [{ name: "range", metadata }] });
  const { memberId } = first;
  const joined = await ask(JoinGroup, {
    ...joining(reading, { memberId }),
    protocols: [{ name: "range", metadata }],
  });
  await sync(ask, reading, joined);
  await ask(OffsetCommit, commitOf(reading, topic, 1n, joined));
  like(await remove(reading), {
    errorCode: NONE,
    topics: [{ partitions: [{ errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC }] }],
  });
  const none = uniqueName("conform-none");
  like(await remove(reading, none), {
    errorCode: NONE,
    topics: [{ partitions: [{ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }] }],
  });
});
