/**
 * Every API in every version that both we and the broker have: what we send is understood, what comes back is
 * understood to its last byte and encodes to the same bytes again.
 */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { ListOffsetsRequest, ListOffsetsResponse } from "../../src/wire/messages/02_list_offsets.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../src/wire/messages/08_offset_commit.ts";
import { OffsetFetchRequest, OffsetFetchResponse } from "../../src/wire/messages/09_offset_fetch.ts";
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from "../../src/wire/messages/10_find_coordinator.ts";
import { JoinGroupRequest, JoinGroupResponse } from "../../src/wire/messages/11_join_group.ts";
import { HeartbeatRequest, HeartbeatResponse } from "../../src/wire/messages/12_heartbeat.ts";
import { LeaveGroupRequest, LeaveGroupResponse } from "../../src/wire/messages/13_leave_group.ts";
import { SyncGroupRequest, SyncGroupResponse } from "../../src/wire/messages/14_sync_group.ts";
import { DescribeGroupsRequest, DescribeGroupsResponse } from "../../src/wire/messages/15_describe_groups.ts";
import { ListGroupsRequest, ListGroupsResponse } from "../../src/wire/messages/16_list_groups.ts";
import { SaslHandshakeRequest, SaslHandshakeResponse } from "../../src/wire/messages/17_sasl_handshake.ts";
import { ApiVersionsRequest, ApiVersionsResponse } from "../../src/wire/messages/18_api_versions.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "../../src/wire/messages/19_create_topics.ts";
import { DeleteTopicsRequest, DeleteTopicsResponse } from "../../src/wire/messages/20_delete_topics.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../src/wire/messages/22_init_producer_id.ts";
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from "../../src/wire/messages/23_offset_for_leader_epoch.ts";
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from "../../src/wire/messages/32_describe_configs.ts";
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from "../../src/wire/messages/37_create_partitions.ts";
import { DeleteGroupsRequest, DeleteGroupsResponse } from "../../src/wire/messages/42_delete_groups.ts";
import {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from "../../src/wire/messages/60_describe_cluster.ts";
import { recordBatches, verifyBatch } from "../../src/wire/record_batch.ts";
import { encodeRecordBatch } from "../../src/wire/records.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { WireClient } from "../support/wire_client.ts";
import { Exchange } from "../support/wire_exchange.ts";

const RESOURCE_TOPIC = 2;
const LATEST = -1n;

const isOneNode = brokerKind() !== "apache-3";

Deno.test({
  name: `wire: every version of every API is understood by the broker, and understands it${
    isOneNode ? "" : " (ignored: asks one node for all)"
  }`,
  ignore: !isOneNode,
  async fn(t) {
    await using broker = await testBroker();
    using client = await WireClient.connect(broker.bootstrapServers[0] ?? "");
    const exchange = await Exchange.open(client);
    const topic = uniqueName("wire");
    const group = uniqueName("wire");
    let topicId = "";

    await t.step("ApiVersions", async () => {
      for (const version of exchange.versions(ApiVersionsRequest)) {
        const value = { clientSoftwareName: "parley", clientSoftwareVersion: "1" };
        await exchange.ok(ApiVersionsRequest, ApiVersionsResponse, version, value);
      }
    });

    await t.step("CreateTopics, Metadata", async () => {
      for (const version of exchange.versions(CreateTopicsRequest)) {
        const configs = [{ name: "retention.ms", value: "60000" }];
        const name = `${topic}-v${version}`;
        const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs }];
        await exchange.ok(CreateTopicsRequest, CreateTopicsResponse, version, { topics });
      }
      const topics = [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
      await exchange.ok(CreateTopicsRequest, CreateTopicsResponse, 4, { topics });
      for (const version of exchange.versions(MetadataRequest)) {
        const value = { topics: [{ name: topic }] };
        const metadata = await exchange.eventually(MetadataRequest, MetadataResponse, version, value);
        assert.equal(metadata.topics[0]?.partitions.length, 1);
        topicId = metadata.topics[0]?.topicId ?? "";
      }
    });

    const produced = exchange.versions(ProduceRequest).length;
    await t.step("Produce", async () => {
      for (const [i, version] of exchange.versions(ProduceRequest).entries()) {
        const records = encodeRecordBatch({
          records: [{ timestamp: 1_700_000_000_000n, key: null, value: Uint8Array.of(version) }],
        });
        const partitionData = [{ index: 0, records }];
        const value = { acks: -1, timeoutMs: 5000, topicData: [{ name: topic, topicId, partitionData }] };
        const answer = await exchange.ok(ProduceRequest, ProduceResponse, version, value);
        assert.equal(answer.responses[0]?.partitionResponses[0]?.baseOffset, BigInt(i));
      }
    });

    await t.step("ListOffsets, Fetch, OffsetForLeaderEpoch", async () => {
      for (const version of exchange.versions(ListOffsetsRequest)) {
        const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: LATEST }] }];
        const answer = await exchange.ok(ListOffsetsRequest, ListOffsetsResponse, version, {
          replicaId: -1,
          topics,
        });
        assert.equal(answer.topics[0]?.partitions[0]?.offset, BigInt(produced));
      }
      for (const version of exchange.versions(FetchRequest)) {
        const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }];
        const value = { maxWaitMs: 100, minBytes: 1, topics: [{ topic, topicId, partitions }] };
        const answer = await exchange.ok(FetchRequest, FetchResponse, version, value);
        const records = answer.responses[0]?.partitions[0]?.records ?? new Uint8Array();
        const batches = [...recordBatches(records)];
        assert.equal(batches.length, produced);
        for (const { at } of batches) assert.equal(verifyBatch(records, at), undefined);
      }
      for (const version of exchange.versions(OffsetForLeaderEpochRequest)) {
        const topics = [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }];
        const value = { replicaId: -1, topics };
        await exchange.ok(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, version, value);
      }
    });

    await t.step("FindCoordinator, InitProducerId", async () => {
      for (const version of exchange.versions(FindCoordinatorRequest)) {
        const value = { key: group, coordinatorKeys: [group] };
        await exchange.eventually(FindCoordinatorRequest, FindCoordinatorResponse, version, value);
      }
      for (const version of exchange.versions(InitProducerIdRequest)) {
        const value = { transactionalId: null, transactionTimeoutMs: 60_000 };
        await exchange.eventually(InitProducerIdRequest, InitProducerIdResponse, version, value);
      }
    });

    const groups: string[] = [];
    await t.step(
      "JoinGroup, SyncGroup, Heartbeat, OffsetCommit, OffsetFetch, DescribeGroups, LeaveGroup",
      async () => {
        for (const [i, version] of exchange.versions(JoinGroupRequest).entries()) {
          const groupId = `${group}-${i}`;
          groups.push(groupId);
          const joining = {
            groupId,
            sessionTimeoutMs: 10_000,
            rebalanceTimeoutMs: 10_000,
            protocolType: "consumer",
            protocols: [{ name: "range", metadata: Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0) }],
          };
          let joined = await exchange.call(JoinGroupRequest, JoinGroupResponse, version, {
            ...joining,
            memberId: "",
          });
          const { memberId } = joined;
          if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
            joined = await exchange.ok(JoinGroupRequest, JoinGroupResponse, version, {
              ...joining,
              memberId,
            });
          }
          assert.equal(joined.errorCode, ErrorCode.NONE);
          const { generationId } = joined;
          const assignments = [{ memberId, assignment: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }];
          const member = { groupId, generationId, memberId };
          await exchange.ok(SyncGroupRequest, SyncGroupResponse, exchange.version(SyncGroupRequest, i), {
            ...member,
            protocolType: "consumer",
            protocolName: "range",
            assignments,
          });
          await exchange.ok(
            HeartbeatRequest,
            HeartbeatResponse,
            exchange.version(HeartbeatRequest, i),
            member,
          );
          await exchange.ok(
            OffsetCommitRequest,
            OffsetCommitResponse,
            exchange.version(OffsetCommitRequest, i),
            {
              groupId,
              memberId,
              generationIdOrMemberEpoch: generationId,
              topics: [{
                name: topic,
                topicId,
                partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: "m" }],
              }],
            },
          );
          const topics = [{ name: topic, topicId, partitionIndexes: [0] }];
          const fetched = await exchange.ok(
            OffsetFetchRequest,
            OffsetFetchResponse,
            exchange.version(OffsetFetchRequest, i),
            { groupId, topics, groups: [{ groupId, topics }] },
          );
          const [committed] = fetched.topics[0]?.partitions ?? fetched.groups[0]?.topics[0]?.partitions ?? [];
          assert.equal(committed?.committedOffset, 1n);
          const describe = exchange.version(DescribeGroupsRequest, i);
          const described = await exchange.ok(DescribeGroupsRequest, DescribeGroupsResponse, describe, {
            groups: [groupId],
          });
          assert.equal(described.groups[0]?.members[0]?.memberId, memberId);
          await exchange.ok(LeaveGroupRequest, LeaveGroupResponse, exchange.version(LeaveGroupRequest, i), {
            groupId,
            memberId,
            members: [{ memberId }],
          });
        }
      },
    );

    await t.step("ListGroups, DeleteGroups", async () => {
      for (const version of exchange.versions(ListGroupsRequest)) {
        const listed = await exchange.ok(ListGroupsRequest, ListGroupsResponse, version, {});
        assert.ok(listed.groups.some(({ groupId }) => groupId === groups[0]));
      }
      for (const [i, version] of exchange.versions(DeleteGroupsRequest).entries()) {
        const value = { groupsNames: groups.slice(i, i + 1) };
        await exchange.ok(DeleteGroupsRequest, DeleteGroupsResponse, version, value);
      }
    });

    await t.step("DescribeConfigs, DescribeCluster, SaslHandshake", async () => {
      for (const version of exchange.versions(DescribeConfigsRequest)) {
        await exchange.ok(DescribeConfigsRequest, DescribeConfigsResponse, version, {
          resources: [{ resourceType: RESOURCE_TOPIC, resourceName: topic, configurationKeys: null }],
          includeSynonyms: true,
          includeDocumentation: true,
        });
      }
      for (const version of exchange.versions(DescribeClusterRequest)) {
        const value = { includeClusterAuthorizedOperations: true };
        await exchange.ok(DescribeClusterRequest, DescribeClusterResponse, version, value);
      }
      for (const version of exchange.versions(SaslHandshakeRequest)) {
        // A listener without SASL says so.
        const value = { mechanism: "PLAIN" };
        const answer = await exchange.call(SaslHandshakeRequest, SaslHandshakeResponse, version, value);
        assert.equal(answer.errorCode, ErrorCode.ILLEGAL_SASL_STATE);
      }
    });

    await t.step("CreatePartitions, DeleteTopics", async () => {
      for (const [i, version] of exchange.versions(CreatePartitionsRequest).entries()) {
        await exchange.ok(CreatePartitionsRequest, CreatePartitionsResponse, version, {
          topics: [{ name: topic, count: i + 2, assignments: null }],
          timeoutMs: 5000,
          validateOnly: false,
        });
      }
      for (const [i, version] of exchange.versions(DeleteTopicsRequest).entries()) {
        const name = `${topic}-v${exchange.version(CreateTopicsRequest, i)}`;
        const value = { topics: [{ name }], topicNames: [name], timeoutMs: 5000 };
        await exchange.ok(DeleteTopicsRequest, DeleteTopicsResponse, version, value);
      }
    });
  },
});
