/**
 * Which APIs are served, by their key. A new one is its file in handlers/ and a line here.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { ErrorCode } from "../wire/error_codes.ts";
import { ApiVersionsResponse } from "../wire/messages/18_api_versions.ts";
import type { Api, BodyWriter } from "./api.ts";
import { produce } from "./handlers/00_produce.ts";
import { fetch } from "./handlers/01_fetch.ts";
import { listOffsets } from "./handlers/02_list_offsets.ts";
import { metadata } from "./handlers/03_metadata.ts";
import { offsetCommit } from "./handlers/08_offset_commit.ts";
import { offsetFetch } from "./handlers/09_offset_fetch.ts";
import { findCoordinator } from "./handlers/10_find_coordinator.ts";
import { joinGroup } from "./handlers/11_join_group.ts";
import { heartbeat } from "./handlers/12_heartbeat.ts";
import { leaveGroup } from "./handlers/13_leave_group.ts";
import { syncGroup } from "./handlers/14_sync_group.ts";
import { describeGroups } from "./handlers/15_describe_groups.ts";
import { listGroups } from "./handlers/16_list_groups.ts";
import { saslHandshake } from "./handlers/17_sasl_handshake.ts";
import { apiVersions, listedVersions } from "./handlers/18_api_versions.ts";
import { createTopics } from "./handlers/19_create_topics.ts";
import { deleteTopics } from "./handlers/20_delete_topics.ts";
import { deleteRecords } from "./handlers/21_delete_records.ts";
import { initProducerId } from "./handlers/22_init_producer_id.ts";
import { offsetForLeaderEpoch } from "./handlers/23_offset_for_leader_epoch.ts";
import { addPartitionsToTxn } from "./handlers/24_add_partitions_to_txn.ts";
import { addOffsetsToTxn } from "./handlers/25_add_offsets_to_txn.ts";
import { endTxn } from "./handlers/26_end_txn.ts";
import { writeTxnMarkers } from "./handlers/27_write_txn_markers.ts";
import { txnOffsetCommit } from "./handlers/28_txn_offset_commit.ts";
import { describeConfigs } from "./handlers/32_describe_configs.ts";
import { alterConfigs } from "./handlers/33_alter_configs.ts";
import { describeLogDirs } from "./handlers/35_describe_log_dirs.ts";
import { saslAuthenticate } from "./handlers/36_sasl_authenticate.ts";
import { createPartitions } from "./handlers/37_create_partitions.ts";
import { deleteGroups } from "./handlers/42_delete_groups.ts";
import { incrementalAlterConfigs } from "./handlers/44_incremental_alter_configs.ts";
import { offsetDelete } from "./handlers/47_offset_delete.ts";
import { describeClientQuotas } from "./handlers/48_describe_client_quotas.ts";
import { describeUserScramCredentials } from "./handlers/50_describe_user_scram_credentials.ts";
import { alterUserScramCredentials } from "./handlers/51_alter_user_scram_credentials.ts";
import { describeCluster } from "./handlers/60_describe_cluster.ts";
import { describeProducers } from "./handlers/61_describe_producers.ts";
import { describeTransactions } from "./handlers/65_describe_transactions.ts";
import { listTransactions } from "./handlers/66_list_transactions.ts";
import { listConfigResources } from "./handlers/74_list_config_resources.ts";
import { describeTopicPartitions } from "./handlers/75_describe_topic_partitions.ts";

/** All APIs, by rising key. */
export const APIS: readonly Api[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  saslHandshake,
  apiVersions(() => APIS),
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  writeTxnMarkers,
  txnOffsetCommit,
  describeConfigs,
  alterConfigs,
  describeLogDirs,
  saslAuthenticate,
  createPartitions,
  deleteGroups,
  incrementalAlterConfigs,
  offsetDelete,
  describeClientQuotas,
  describeUserScramCredentials,
  alterUserScramCredentials,
  describeCluster,
  describeProducers,
  describeTransactions,
  listTransactions,
  listConfigResources,
  describeTopicPartitions,
];

export const FETCH = fetch.apiKey;
const API_VERSIONS = 18;

const BY_KEY = new Map(APIS.map((api) => [api.apiKey, api]));

/** The API that serves a version, undefined when none does. */
export function findApi(apiKey: number, apiVersion: number): Api | undefined {
  const api = BY_KEY.get(apiKey);
  return api !== undefined && apiVersion >= api.minVersion && apiVersion <= api.maxVersion ? api : undefined;
}

/**
 * What a request gets that {@linkcode findApi} has nothing for. Kafka answers only ApiVersions, in version 0 and with
 * its versions, so that a newer client can choose again (KIP-511); for all else it closes the connection.
 *
 * @throws {WireError} for all but ApiVersions
 */
export function answerUnsupported(apiKey: number, apiVersion: number): BodyWriter {
  if (apiKey !== API_VERSIONS) {
    throw new WireError(`Cannot serve API ${BY_KEY.get(apiKey)?.name ?? apiKey} in version ${apiVersion}`);
  }
  return (writer) =>
    ApiVersionsResponse.encode(writer, {
      errorCode: ErrorCode.UNSUPPORTED_VERSION,
      apiKeys: listedVersions(APIS).filter((listed) => listed.apiKey === apiKey),
    }, 0);
}
