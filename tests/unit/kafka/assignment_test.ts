import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import kafkajsAssignerProtocol from "kafkajs/src/consumer/assignerProtocol.js";
import {
  assign,
  type Assignment,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Subscription,
} from "../../../src/kafka/assignment.ts";

const topics = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), { maxLength: 4 });
const assignment = fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.uniqueArray(fc.nat(1_000)), {
  maxKeys: 4,
})
  .map((object) => new Map(Object.entries(object)));

Deno.test("decodeSubscription() reads back what encodeSubscription() wrote", () => {
  fc.assert(fc.property(topics, assignment, (topics, owned) => {
    assert.deepEqual(decodeSubscription(Buffer.from(encodeSubscription({ topics, owned }))), {
      topics,
      owned,
    });
  }));
});

Deno.test("decodeAssignment() reads back what encodeAssignment() wrote", () => {
  fc.assert(fc.property(assignment, (assignment) => {
    assert.deepEqual(decodeAssignment(Buffer.from(encodeAssignment(assignment))), assignment);
  }));
  assert.deepEqual(decodeAssignment(Buffer.alloc(0)), new Map());
});

Deno.test("decodeSubscription() understands kafkajs, and takes no other client's user data for its own", () => {
  const { MemberMetadata, MemberAssignment } = kafkajsAssignerProtocol;
  const theirs: Buffer = MemberMetadata.encode({
    version: 0,
    topics: ["a", "b"],
    userData: Buffer.from("whatever"),
  });
  assert.deepEqual(decodeSubscription(theirs), { topics: ["a", "b"], owned: new Map() });
  const ours = Buffer.from(encodeAssignment(new Map([["a", [0, 2]]])));
  assert.deepEqual({ ...MemberAssignment.decode(ours).assignment }, { a: [0, 2] });
});

Deno.test("assign() gives every partition to exactly one who wants it, evenly", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 30 }),
      (memberCount, partitions) => {
        const members = new Map(
          Array.from({ length: memberCount }, (_, i) => [`m${i}`, { topics: ["t"], owned: new Map() }]),
        );
        const shares = [...assign(members, new Map([["t", partitions]])).values()].map((share) =>
          share.get("t") ?? []
        );
        assert.deepEqual(
          shares.flat().sort((a, b) => a - b),
          Array.from({ length: partitions }, (_, i) => i),
        );
        const sizes = shares.map(({ length }) => length);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      },
    ),
  );
});

Deno.test("assign() leaves partitions where they are when members come and go", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      (count, partitions, leaves) => {
        const counts = new Map([["t", partitions]]);
        const subscribe = (ids: readonly string[], owned: ReadonlyMap<string, Assignment>) =>
          new Map<string, Subscription>(
            ids.map((id) => [id, { topics: ["t"], owned: owned.get(id) ?? new Map() }]),
          );
        const ids = Array.from({ length: count + 1 }, (_, i) => `m${i}`);
        const fewer = ids.slice(1);
        const before = assign(subscribe(leaves ? ids : fewer, new Map()), counts);
        const after = assign(subscribe(leaves ? fewer : ids, before), counts);
        const most = Math.ceil(partitions / (leaves ? fewer : ids).length);
        for (const id of fewer) {
          const had = before.get(id)?.get("t") ?? [];
          const kept = (after.get(id)?.get("t") ?? []).filter((partition) => had.includes(partition));
          // What a member loses is only what it has too much of.
          assert.ok(kept.length >= Math.min(had.length, most - 1), `${id} had ${had} and kept ${kept}`);
        }
      },
    ),
  );
});

Deno.test("assign() gives a topic only to those who subscribed to it", () => {
  const members = new Map<string, Subscription>([
    ["a", { topics: ["x"], owned: new Map() }],
    ["b", { topics: ["x", "y"], owned: new Map() }],
  ]);
  const shares = assign(members, new Map([["x", 2], ["y", 2], ["z", 2]]));
  assert.deepEqual(shares.get("a"), new Map([["x", [0]]]));
  assert.deepEqual(shares.get("b"), new Map([["x", [1]], ["y", [0, 1]]]));
});
