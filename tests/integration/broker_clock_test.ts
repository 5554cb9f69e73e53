/**
 * The clock that a test turns: what a broker does in time comes when the test says so.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeClock, startBroker } from "../../src/testing.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { ListOffsetsRequest, ListOffsetsResponse } from "../../src/wire/messages/02_list_offsets.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../src/wire/messages/08_offset_commit.ts";
import { OffsetFetchRequest, OffsetFetchResponse } from "../../src/wire/messages/09_offset_fetch.ts";
import { JoinGroupRequest, JoinGroupResponse } from "../../src/wire/messages/11_join_group.ts";
import { DescribeGroupsRequest, DescribeGroupsResponse } from "../../src/wire/messages/15_describe_groups.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../src/wire/messages/22_init_producer_id.ts";
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from "../../src/wire/messages/24_add_partitions_to_txn.ts";
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from "../../src/wire/messages/65_describe_transactions.ts";
import { batchOf } from "../support/batches.ts";
import { WireClient } from "../support/wire_client.ts";

const HOUR_MS = 3_600_000;
const FETCH_VERSION = 11;

async function produce(client: WireClient, name: string): Promise<void> {
  const topicData = [{ name, partitionData: [{ index: 0, records: batchOf(["a"]) }] }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, request);
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
}

Deno.test("FakeClock: retention and idle connections follow it", async () => {
  const clock = new FakeClock();
  await using broker = await startBroker({
    clock,
    topics: [{ name: "a", configs: { "retention.ms": "60000", "segment.ms": "10000" } }],
  });
  using idle = await WireClient.connect(broker.address);
  await produce(idle, "a");
  clock.advance(20_000);
  await produce(idle, "a");
  clock.advance(HOUR_MS);
  await idle.untilClosed();
  using client = await WireClient.connect(broker.address);
  const asked = {
    replicaId: -1,
    topics: [{ name: "a", partitions: [{ partitionIndex: 0, timestamp: -2n }] }],
  };
  const { topics } = await client.call(ListOffsetsRequest, ListOffsetsResponse, 5, asked);
  assert.ok((topics[0]?.partitions[0]?.offset ?? 0n) >= 1n);
});

Deno.test("FakeClock: a fetch that waits is answered when its time has come", async () => {
  const clock = new FakeClock();
  await using broker = await startBroker({ clock, topics: [{ name: "a" }] });
  using client = await WireClient.connect(broker.address);
  await client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  const timersCount = clock.timersCount;
  const waiting = client.call(FetchRequest, FetchResponse, FETCH_VERSION, {
    replicaId: -1,
    maxWaitMs: 30_000,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    topics: [{ topic: "a", partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }] }],
    forgottenTopicsData: [],
    rackId: "",
  });
  using other = await WireClient.connect(broker.address);
  while (clock.timersCount <= timersCount) {
    await other.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  }
  clock.advance(30_000);
  const { responses } = await waiting;
  assert.equal(responses[0]?.partitions[0]?.errorCode, ErrorCode.NONE);
});

Deno.test("FakeClock: a member that is not heard of leaves its group when its session is over", async () => {
  const clock = new FakeClock();
  await using broker = await startBroker({ clock });
  using client = await WireClient.connect(broker.address);
  const joined = await client.call(JoinGroupRequest, JoinGroupResponse, 0, {
    groupId: "g",
    sessionTimeoutMs: 10_000,
    memberId: "",
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: new Uint8Array() }],
  });
  assert.equal(joined.errorCode, ErrorCode.NONE);
  const membersCount = async () => {
    const { groups } = await client.call(DescribeGroupsRequest, DescribeGroupsResponse, 0, { groups: ["g"] });
    return groups[0]?.members.length;
  };
  clock.advance(9_000);
  assert.equal(await membersCount(), 1);
  clock.advance(2_000);
  assert.equal(await membersCount(), 0);
});

Deno.test("FakeClock: a transaction that is left open is aborted when its time is over", async () => {
  const clock = new FakeClock();
  await using broker = await startBroker({ clock, topics: [{ name: "a" }] });
  using client = await WireClient.connect(broker.address);
  const { producerId, producerEpoch } = await client.call(InitProducerIdRequest, InitProducerIdResponse, 4, {
    transactionalId: "t",
    transactionTimeoutMs: 60_000,
  });
  await client.call(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, 3, {
    v3AndBelowTransactionalId: "t",
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: "a", partitions: [0] }],
  });
  const state = async () => {
    const asked = { transactionalIds: ["t"] };
    const { transactionStates } = await client.call(
      DescribeTransactionsRequest,
      DescribeTransactionsResponse,
      0,
      asked,
    );
    return transactionStates[0]?.transactionState;
  };
  assert.equal(await state(), "Ongoing");
  clock.advance(120_000);
  assert.equal(await state(), "CompleteAbort");
});

Deno.test("FakeClock: the offsets of a group that nobody is in expire when they are old enough", async () => {
  const clock = new FakeClock();
  await using broker = await startBroker({ clock, topics: [{ name: "a" }] });
  const committed = async () => {
    using client = await WireClient.connect(broker.address);
    const { topics } = await client.call(OffsetFetchRequest, OffsetFetchResponse, 5, {
      groupId: "g",
      topics: [{ name: "a", partitionIndexes: [0] }],
    });
    return topics[0]?.partitions[0]?.committedOffset;
  };
  using client = await WireClient.connect(broker.address);
  await client.call(OffsetCommitRequest, OffsetCommitResponse, 7, {
    groupId: "g",
    generationIdOrMemberEpoch: -1,
    memberId: "",
    topics: [{
      name: "a",
      partitions: [{ partitionIndex: 0, committedOffset: 7n, committedMetadata: null }],
    }],
  });
  clock.advance(6 * 24 * HOUR_MS);
  assert.equal(await committed(), 7n);
  clock.advance(2 * 24 * HOUR_MS);
  assert.equal(await committed(), -1n);
});
