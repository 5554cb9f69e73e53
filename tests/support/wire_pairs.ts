/**
 * The request and the response of each API as one value, for tests that ask with the one and read the other.
 *
 * @module
 */
import type { Message } from "../../src/wire/message.ts";
import type { Fields } from "../../src/wire/schema.ts";
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
import { DeleteRecordsRequest, DeleteRecordsResponse } from "../../src/wire/messages/21_delete_records.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../src/wire/messages/22_init_producer_id.ts";
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from "../../src/wire/messages/23_offset_for_leader_epoch.ts";
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from "../../src/wire/messages/24_add_partitions_to_txn.ts";
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from "../../src/wire/messages/25_add_offsets_to_txn.ts";
import { EndTxnRequest, EndTxnResponse } from "../../src/wire/messages/26_end_txn.ts";
import {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from "../../src/wire/messages/27_write_txn_markers.ts";
import {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from "../../src/wire/messages/28_txn_offset_commit.ts";
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from "../../src/wire/messages/32_describe_configs.ts";
import { AlterConfigsRequest, AlterConfigsResponse } from "../../src/wire/messages/33_alter_configs.ts";
import {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from "../../src/wire/messages/35_describe_log_dirs.ts";
import {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from "../../src/wire/messages/36_sasl_authenticate.ts";
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from "../../src/wire/messages/37_create_partitions.ts";
import { DeleteGroupsRequest, DeleteGroupsResponse } from "../../src/wire/messages/42_delete_groups.ts";
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from "../../src/wire/messages/44_incremental_alter_configs.ts";
import { OffsetDeleteRequest, OffsetDeleteResponse } from "../../src/wire/messages/47_offset_delete.ts";
import {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from "../../src/wire/messages/48_describe_client_quotas.ts";
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from "../../src/wire/messages/50_describe_user_scram_credentials.ts";
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from "../../src/wire/messages/51_alter_user_scram_credentials.ts";
import {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from "../../src/wire/messages/60_describe_cluster.ts";
import {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from "../../src/wire/messages/61_describe_producers.ts";
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from "../../src/wire/messages/65_describe_transactions.ts";
import {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from "../../src/wire/messages/66_list_transactions.ts";
import {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from "../../src/wire/messages/74_list_config_resources.ts";
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from "../../src/wire/messages/75_describe_topic_partitions.ts";

/** The two messages of an API. */
export interface Pair<Q extends Fields, R extends Fields> {
  readonly request: Message<Q>;
  readonly response: Message<R>;
}

function pair<Q extends Fields, R extends Fields>(request: Message<Q>, response: Message<R>): Pair<Q, R> {
  return { request, response };
}

export const Produce = pair(ProduceRequest, ProduceResponse);
export const Fetch = pair(FetchRequest, FetchResponse);
export const ListOffsets = pair(ListOffsetsRequest, ListOffsetsResponse);
export const Metadata = pair(MetadataRequest, MetadataResponse);
export const OffsetCommit = pair(OffsetCommitRequest, OffsetCommitResponse);
export const OffsetFetch = pair(OffsetFetchRequest, OffsetFetchResponse);
export const FindCoordinator = pair(FindCoordinatorRequest, FindCoordinatorResponse);
export const JoinGroup = pair(JoinGroupRequest, JoinGroupResponse);
export const Heartbeat = pair(HeartbeatRequest, HeartbeatResponse);
export const LeaveGroup = pair(LeaveGroupRequest, LeaveGroupResponse);
export const SyncGroup = pair(SyncGroupRequest, SyncGroupResponse);
export const DescribeGroups = pair(DescribeGroupsRequest, DescribeGroupsResponse);
export const ListGroups = pair(ListGroupsRequest, ListGroupsResponse);
export const SaslHandshake = pair(SaslHandshakeRequest, SaslHandshakeResponse);
export const ApiVersions = pair(ApiVersionsRequest, ApiVersionsResponse);
export const CreateTopics = pair(CreateTopicsRequest, CreateTopicsResponse);
export const DeleteTopics = pair(DeleteTopicsRequest, DeleteTopicsResponse);
export const DeleteRecords = pair(DeleteRecordsRequest, DeleteRecordsResponse);
export const InitProducerId = pair(InitProducerIdRequest, InitProducerIdResponse);
export const OffsetForLeaderEpoch = pair(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse);
export const AddPartitionsToTxn = pair(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse);
export const AddOffsetsToTxn = pair(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse);
export const EndTxn = pair(EndTxnRequest, EndTxnResponse);
export const WriteTxnMarkers = pair(WriteTxnMarkersRequest, WriteTxnMarkersResponse);
export const TxnOffsetCommit = pair(TxnOffsetCommitRequest, TxnOffsetCommitResponse);
export const DescribeConfigs = pair(DescribeConfigsRequest, DescribeConfigsResponse);
export const AlterConfigs = pair(AlterConfigsRequest, AlterConfigsResponse);
export const DescribeLogDirs = pair(DescribeLogDirsRequest, DescribeLogDirsResponse);
export const SaslAuthenticate = pair(SaslAuthenticateRequest, SaslAuthenticateResponse);
export const CreatePartitions = pair(CreatePartitionsRequest, CreatePartitionsResponse);
export const DeleteGroups = pair(DeleteGroupsRequest, DeleteGroupsResponse);
export const IncrementalAlterConfigs = pair(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse);
export const OffsetDelete = pair(OffsetDeleteRequest, OffsetDeleteResponse);
export const DescribeClientQuotas = pair(DescribeClientQuotasRequest, DescribeClientQuotasResponse);
export const DescribeUserScramCredentials = pair(
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
);
export const AlterUserScramCredentials = pair(
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
);
export const DescribeCluster = pair(DescribeClusterRequest, DescribeClusterResponse);
export const DescribeProducers = pair(DescribeProducersRequest, DescribeProducersResponse);
export const DescribeTransactions = pair(DescribeTransactionsRequest, DescribeTransactionsResponse);
export const ListTransactions = pair(ListTransactionsRequest, ListTransactionsResponse);
export const ListConfigResources = pair(ListConfigResourcesRequest, ListConfigResourcesResponse);
export const DescribeTopicPartitions = pair(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse);
