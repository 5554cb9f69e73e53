import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../../src/broker/config.ts";
import { DEFAULT_LIMITS } from "../../../../src/broker/limits.ts";
import { BrokerState } from "../../../../src/broker/state/broker_state.ts";
import type { Group } from "../../../../src/broker/state/group.ts";
import type { JoinResult } from "../../../../src/broker/state/group_member.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { Writer } from "../../../../src/wire/writer.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const RETENTION_MS = 100_000;
const INTERVAL_MS = 10_000;
/** Longer than a test: a member's session does not end in it. */
const SESSION_MS = 10_000_000;
const GROUP = "g";

class Broker implements Disposable {
  readonly storage = new MemoryStorage();
  readonly clock = new FakeClock();
  state = this.#opened();

  restart(): void {
    this.state[Symbol.dispose]();
    this.state = this.#opened();
  }

  get group(): Group {
    return this.state.groups.get(GROUP) ?? assert.fail("the group is gone");
  }

  /** The topics that the group has an offset for. */
  get topics(): string[] {
    return [...this.state.offsets.ofGroup(GROUP)?.keys() ?? []].sort();
  }

  commit(topic: string, options: { expiresAtMs?: number } = {}): void {
    this.state.offsets.commit(GROUP, [{
      topic,
      partition: 0,
      offset: 1n,
      leaderEpoch: 0,
      metadata: "",
      committedAtMs: this.clock.epochMs(),
      ...options,
    }]);
  }

  /** Lets a consumer come in that is subscribed to a topic. */
  join(topic: string): JoinResult {
    const group = this.state.groups.getOrCreate(GROUP);
    let joined: JoinResult | undefined;
    group.join({
      memberId: "",
      groupInstanceId: null,
      clientId: "c",
      clientHost: "/127.0.0.1",
      connectionId: 1,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: SESSION_MS,
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: subscription(topic) }],
      requireKnownMemberId: false,
      canSkipAssignment: false,
    }).listen((result) => joined = result);
    if (joined === undefined) assert.fail("it did not join");
    const { memberId, generationId } = joined;
    group.sync({
      memberId,
      groupInstanceId: null,
      generationId,
      protocolType: null,
      protocolName: null,
      connectionId: 1,
      assignments: [],
    }).listen(({ errorCode }) => assert.equal(errorCode, ErrorCode.NONE));
    return joined;
  }

  [Symbol.dispose](): void {
    this.state[Symbol.dispose]();
    this.storage[Symbol.dispose]();
  }

  #opened(): BrokerState {
    const state = new BrokerState({
      storage: this.storage,
      clusterId: "c",
      config: {
        ...DEFAULT_CONFIG,
        offsetsRetentionMs: RETENTION_MS,
        offsetsRetentionCheckIntervalMs: INTERVAL_MS,
      },
      limits: DEFAULT_LIMITS,
      clock: this.clock,
    });
    state.open();
    return state;
  }
}

function subscription(topic: string): Uint8Array {
  const writer = new Writer();
  writer.int16(0);
  writer.arrayCount(1);
  writer.string(topic);
  writer.bytes(null);
  return writer.written();
}

Deno.test("OffsetExpiry forgets what came from outside any group its time after the commit, and then the group", () => {
  using broker = new Broker();
  broker.commit("old");
  broker.clock.advance(RETENTION_MS / 2);
  broker.commit("new");
  broker.clock.advance(RETENTION_MS / 2);
  assert.deepEqual(broker.topics, ["new"]);
  broker.clock.advance(RETENTION_MS / 2);
  assert.deepEqual(broker.topics, []);
  assert.equal(broker.state.groups.get(GROUP), undefined);
});

Deno.test("OffsetExpiry keeps the offsets of a group in use, but for topics that nobody is subscribed to", () => {
  using broker = new Broker();
  broker.join("read");
  broker.commit("read");
  broker.commit("left");
  broker.clock.advance(RETENTION_MS);
  assert.deepEqual(broker.topics, ["read"]);
  broker.clock.advance(10 * RETENTION_MS);
  assert.deepEqual(broker.topics, ["read"]);
});

Deno.test("OffsetExpiry counts the time of a group's offsets from when it became empty", () => {
  using broker = new Broker();
  const { memberId } = broker.join("read");
  broker.commit("read");
  broker.clock.advance(5 * RETENTION_MS);
  broker.group.leave({ memberId, groupInstanceId: null });
  broker.clock.advance(RETENTION_MS - INTERVAL_MS);
  assert.deepEqual(broker.topics, ["read"]);
  broker.clock.advance(INTERVAL_MS);
  assert.deepEqual(broker.topics, []);
});

Deno.test("OffsetExpiry goes on across a restart, from when a group was empty before it, or else from the restart", () => {
  using broker = new Broker();
  const { memberId } = broker.join("read");
  broker.commit("read");
  broker.clock.advance(5 * RETENTION_MS);
  broker.restart();
  // Its member was in it until then.
  assert.equal(broker.group.protocolType, "consumer");
  broker.clock.advance(RETENTION_MS - INTERVAL_MS);
  assert.deepEqual(broker.topics, ["read"]);
  assert.equal(broker.group.leave({ memberId, groupInstanceId: null }), ErrorCode.UNKNOWN_MEMBER_ID);

  const again = broker.join("read");
  broker.group.leave({ memberId: again.memberId, groupInstanceId: null });
  broker.clock.advance(RETENTION_MS / 2);
  broker.restart();
  broker.clock.advance(RETENTION_MS / 2 - INTERVAL_MS);
  assert.deepEqual(broker.topics, ["read"]);
  broker.clock.advance(INTERVAL_MS);
  assert.deepEqual(broker.topics, []);
});

Deno.test("OffsetExpiry takes the time that a commit gave itself, also across a restart", () => {
  using broker = new Broker();
  broker.commit("soon", { expiresAtMs: broker.clock.epochMs() + INTERVAL_MS });
  broker.commit("late", { expiresAtMs: broker.clock.epochMs() + 10 * RETENTION_MS });
  broker.restart();
  broker.clock.advance(INTERVAL_MS);
  assert.deepEqual(broker.topics, ["late"]);
  broker.clock.advance(5 * RETENTION_MS);
  assert.deepEqual(broker.topics, ["late"]);
});

Deno.test("OffsetExpiry leaves what a transaction under way has a say in", () => {
  using broker = new Broker();
  broker.commit("read");
  const commit = { topic: "read", partition: 0, offset: 9n, leaderEpoch: 0, metadata: "", committedAtMs: 0 };
  broker.state.offsets.stage(GROUP, 7n, [commit]);
  broker.clock.advance(2 * RETENTION_MS);
  assert.deepEqual(broker.topics, ["read"]);
  broker.state.offsets.finish(7n, false);
  broker.clock.advance(INTERVAL_MS);
  assert.deepEqual(broker.topics, []);
});
