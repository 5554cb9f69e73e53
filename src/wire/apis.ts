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
import { DeleteRecordsRequest, DeleteRecordsResponse } from "./messages/21_delete_records.ts";
import { InitProducerIdRequest, InitProducerIdResponse } from "./messages/22_init_producer_id.ts";
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from "./messages/23_offset_for_leader_epoch.ts";
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from "./messages/24_add_partitions_to_txn.ts";
import { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from "./messages/25_add_offsets_to_txn.ts";
import { EndTxnRequest, EndTxnResponse } from "./messages/26_end_txn.ts";
import { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from "./messages/27_write_txn_markers.ts";
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from "./messages/28_txn_offset_commit.ts";
import { DescribeConfigsRequest, DescribeConfigsResponse } from "./messages/32_describe_configs.ts";
import { AlterConfigsRequest, AlterConfigsResponse } from "./messages/33_alter_configs.ts";
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from "./messages/35_describe_log_dirs.ts";
import { SaslAuthenticateRequest, SaslAuthenticateResponse } from "./messages/36_sasl_authenticate.ts";
import { CreatePartitionsRequest, CreatePartitionsResponse } from "./messages/37_create_partitions.ts";
import { DeleteGroupsRequest, DeleteGroupsResponse } from "./messages/42_delete_groups.ts";
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from "./messages/44_incremental_alter_configs.ts";
import { OffsetDeleteRequest, OffsetDeleteResponse } from "./messages/47_offset_delete.ts";
import {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from "./messages/48_describe_client_quotas.ts";
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from "./messages/50_describe_user_scram_credentials.ts";
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from "./messages/51_alter_user_scram_credentials.ts";
import { DescribeClusterRequest, DescribeClusterResponse } from "./messages/60_describe_cluster.ts";
import { DescribeProducersRequest, DescribeProducersResponse } from "./messages/61_describe_producers.ts";
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from "./messages/65_describe_transactions.ts";
import { ListTransactionsRequest, ListTransactionsResponse } from "./messages/66_list_transactions.ts";
import {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from "./messages/74_list_config_resources.ts";
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from "./messages/75_describe_topic_partitions.ts";
import type { Message } from "./message.ts";
import type { Fields } from "./schema.ts";

/** The two messages of an API. */
export interface Api {
  /** As Kafka calls it, such as `Produce`. */
  readonly name: string;
  readonly request: Message<Fields>;
  readonly response: Message<Fields>;
}

/** The APIs by key. A key that is not in it is one that we cannot read. */
export const APIS: ReadonlyMap<number, Api> = new Map([
  api(ProduceRequest, ProduceResponse),
  api(FetchRequest, FetchResponse),
  api(ListOffsetsRequest, ListOffsetsResponse),
  api(MetadataRequest, MetadataResponse),
  api(OffsetCommitRequest, OffsetCommitResponse),
  api(OffsetFetchRequest, OffsetFetchResponse),
  api(FindCoordinatorRequest, FindCoordinatorResponse),
  api(JoinGroupRequest, JoinGroupResponse),
  api(HeartbeatRequest, HeartbeatResponse),
  api(LeaveGroupRequest, LeaveGroupResponse),
  api(SyncGroupRequest, SyncGroupResponse),
  api(DescribeGroupsRequest, DescribeGroupsResponse),
  api(ListGroupsRequest, ListGroupsResponse),
  api(SaslHandshakeRequest, SaslHandshakeResponse),
  api(ApiVersionsRequest, ApiVersionsResponse),
  api(CreateTopicsRequest, CreateTopicsResponse),
  api(DeleteTopicsRequest, DeleteTopicsResponse),
  api(DeleteRecordsRequest, DeleteRecordsResponse),
  api(InitProducerIdRequest, InitProducerIdResponse),
  api(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse),
  api(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse),
  api(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse),
  api(EndTxnRequest, EndTxnResponse),
  api(WriteTxnMarkersRequest, WriteTxnMarkersResponse),
  api(TxnOffsetCommitRequest, TxnOffsetCommitResponse),
  api(DescribeConfigsRequest, DescribeConfigsResponse),
  api(AlterConfigsRequest, AlterConfigsResponse),
  api(DescribeLogDirsRequest, DescribeLogDirsResponse),
  api(SaslAuthenticateRequest, SaslAuthenticateResponse),
  api(CreatePartitionsRequest, CreatePartitionsResponse),
  api(DeleteGroupsRequest, DeleteGroupsResponse),
  api(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse),
  api(OffsetDeleteRequest, OffsetDeleteResponse),
  api(DescribeClientQuotasRequest, DescribeClientQuotasResponse),
  api(DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse),
  api(AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse),
  api(DescribeClusterRequest, DescribeClusterResponse),
  api(DescribeProducersRequest, DescribeProducersResponse),
  api(DescribeTransactionsRequest, DescribeTransactionsResponse),
  api(ListTransactionsRequest, ListTransactionsResponse),
  api(ListConfigResourcesRequest, ListConfigResourcesResponse),
  api(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse),
]);

function api(request: Message<Fields>, response: Message<Fields>): [number, Api] {
  return [request.apiKey, { name: request.name.replace(/Request$/, ""), request, response }];
}
