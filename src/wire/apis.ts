/**
 * Every API that we have definitions of, by its key.
 *
 * @module
 */
import { ProduceRequest, ProduceResponse } from "./messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "./messages/01_fetch.ts";
import { ListOffsetsRequest, ListOffsetsResponse } from "./messages/02_list_offsets.ts";
import { MetadataRequest, MetadataResponse } from "./messages/03_metadata.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "./messages/08_offset_commit.ts";
import { OffsetFetchRequest, OffsetFetchResponse } from "./messages/09_offset_fetch.ts";
import { FindCoordinatorRequest, FindCoordinatorResponse } from "./messages/10_find_coordinator.ts";
import { JoinGroupRequest, JoinGroupResponse } from "./messages/11_join_group.ts";
import { HeartbeatRequest, HeartbeatResponse } from "./messages/12_heartbeat.ts";
import { LeaveGroupRequest, LeaveGroupResponse } from "./messages/13_leave_group.ts";
import { SyncGroupRequest, SyncGroupResponse } from "./messages/14_sync_group.ts";
import { DescribeGroupsRequest, DescribeGroupsResponse } from "./messages/15_describe_groups.ts";
import { ListGroupsRequest, ListGroupsResponse } from "./messages/16_list_groups.ts";
import { SaslHandshakeRequest, SaslHandshakeResponse } from "./messages/17_sasl_handshake.ts";
import { ApiVersionsRequest, ApiVersionsResponse } from "./messages/18_api_versions.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "./messages/19_create_topics.ts";
import { DeleteTopicsRequest, DeleteTopicsResponse } from "./messages/20_delete_topics.ts";
import { InitProducerIdRequest, InitProducerIdResponse } from "./messages/22_init_producer_id.ts";
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from "./messages/23_offset_for_leader_epoch.ts";
import { DescribeConfigsRequest, DescribeConfigsResponse } from "./messages/32_describe_configs.ts";
import { SaslAuthenticateRequest, SaslAuthenticateResponse } from "./messages/36_sasl_authenticate.ts";
import { CreatePartitionsRequest, CreatePartitionsResponse } from "./messages/37_create_partitions.ts";
import { DeleteGroupsRequest, DeleteGroupsResponse } from "./messages/42_delete_groups.ts";
import { DescribeClusterRequest, DescribeClusterResponse } from "./messages/60_describe_cluster.ts";
import type { Message } from "./message.ts";
import type { Fields } from "./schema.ts";

/** The two messages of an API. */
export interface Api {
  /** As Kafka calls it, such as `Produce`. */
  readonly name: string;
  readonly request: Message<Fields>;
  readonly response: Message<Fields>;
}

/** The numbers of the APIs by name: `ApiKey.Produce` is 0. */
export const ApiKey = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  DescribeGroups: 15,
  ListGroups: 16,
  SaslHandshake: 17,
  ApiVersions: 18,
  CreateTopics: 19,
  DeleteTopics: 20,
  InitProducerId: 22,
  OffsetForLeaderEpoch: 23,
  DescribeConfigs: 32,
  SaslAuthenticate: 36,
  CreatePartitions: 37,
  DeleteGroups: 42,
  DescribeCluster: 60,
} as const;

/** The name of an API, such as `Produce`. */
export type ApiName = keyof typeof ApiKey;

/** The APIs by key. A key that is not in it is one that we cannot read. */
export const APIS: ReadonlyMap<number, Api> = new Map<number, Api>([
  [ApiKey.Produce, { name: "Produce", request: ProduceRequest, response: ProduceResponse }],
  [ApiKey.Fetch, { name: "Fetch", request: FetchRequest, response: FetchResponse }],
  [ApiKey.ListOffsets, { name: "ListOffsets", request: ListOffsetsRequest, response: ListOffsetsResponse }],
  [ApiKey.Metadata, { name: "Metadata", request: MetadataRequest, response: MetadataResponse }],
  [ApiKey.OffsetCommit, {
    name: "OffsetCommit",
    request: OffsetCommitRequest,
    response: OffsetCommitResponse,
  }],
  [ApiKey.OffsetFetch, { name: "OffsetFetch", request: OffsetFetchRequest, response: OffsetFetchResponse }],
  [ApiKey.FindCoordinator, {
    name: "FindCoordinator",
    request: FindCoordinatorRequest,
    response: FindCoordinatorResponse,
  }],
  [ApiKey.JoinGroup, { name: "JoinGroup", request: JoinGroupRequest, response: JoinGroupResponse }],
  [ApiKey.Heartbeat, { name: "Heartbeat", request: HeartbeatRequest, response: HeartbeatResponse }],
  [ApiKey.LeaveGroup, { name: "LeaveGroup", request: LeaveGroupRequest, response: LeaveGroupResponse }],
  [ApiKey.SyncGroup, { name: "SyncGroup", request: SyncGroupRequest, response: SyncGroupResponse }],
  [ApiKey.DescribeGroups, {
    name: "DescribeGroups",
    request: DescribeGroupsRequest,
    response: DescribeGroupsResponse,
  }],
  [ApiKey.ListGroups, { name: "ListGroups", request: ListGroupsRequest, response: ListGroupsResponse }],
  [ApiKey.SaslHandshake, {
    name: "SaslHandshake",
    request: SaslHandshakeRequest,
    response: SaslHandshakeResponse,
  }],
  [ApiKey.ApiVersions, { name: "ApiVersions", request: ApiVersionsRequest, response: ApiVersionsResponse }],
  [ApiKey.CreateTopics, {
    name: "CreateTopics",
    request: CreateTopicsRequest,
    response: CreateTopicsResponse,
  }],
  [ApiKey.DeleteTopics, {
    name: "DeleteTopics",
    request: DeleteTopicsRequest,
    response: DeleteTopicsResponse,
  }],
  [ApiKey.InitProducerId, {
    name: "InitProducerId",
    request: InitProducerIdRequest,
    response: InitProducerIdResponse,
  }],
  [ApiKey.OffsetForLeaderEpoch, {
    name: "OffsetForLeaderEpoch",
    request: OffsetForLeaderEpochRequest,
    response: OffsetForLeaderEpochResponse,
  }],
  [ApiKey.DescribeConfigs, {
    name: "DescribeConfigs",
    request: DescribeConfigsRequest,
    response: DescribeConfigsResponse,
  }],
  [ApiKey.SaslAuthenticate, {
    name: "SaslAuthenticate",
    request: SaslAuthenticateRequest,
    response: SaslAuthenticateResponse,
  }],
  [ApiKey.CreatePartitions, {
    name: "CreatePartitions",
    request: CreatePartitionsRequest,
    response: CreatePartitionsResponse,
  }],
  [ApiKey.DeleteGroups, {
    name: "DeleteGroups",
    request: DeleteGroupsRequest,
    response: DeleteGroupsResponse,
  }],
  [ApiKey.DescribeCluster, {
    name: "DescribeCluster",
    request: DescribeClusterRequest,
    response: DescribeClusterResponse,
  }],
]);
