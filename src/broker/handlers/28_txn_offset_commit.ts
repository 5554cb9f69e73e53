/**
 * TxnOffsetCommit, v0-5: commits offsets of a group in a transaction.
 *
 * Behaviour: they count once the transaction is committed; until then OffsetFetch with requireStable is told to wait. From
 * v3 on the member and its generation are checked; from v5 on the group is taken into the transaction by this (KIP-890).
 * Not modelled: members of the new group protocol.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from "../../wire/messages/28_txn_offset_commit.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi, type RequestContext } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { OffsetCommit } from "../state/committed_offset.ts";
import { StorageError } from "../state/storage.ts";
import { admitOffsets } from "./transaction_admission.ts";

const log = logger("broker");

type Request = Infer<typeof TxnOffsetCommitRequest>;
type RequestPartition = Request["topics"][number]["partitions"][number];
type Response = Input<typeof TxnOffsetCommitResponse>;

export const txnOffsetCommit = defineApi(
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
  (request, context) => {
    const { state } = context;
    const isNothing = request.topics.every(({ name, partitions }) =>
      partitions.every(({ partitionIndex }) => state.topics.partition(name, partitionIndex) === undefined)
    );
    const refusal = isNothing ? ErrorCode.NONE : refuse(request, context);
    const commits: OffsetCommit[] = [];
    const response = judge(request, state, refusal, commits);
    const failed = () => judge(request, state, ErrorCode.COORDINATOR_NOT_AVAILABLE, []);
    try {
      state.offsets.stage(request.groupId, request.producerId, commits);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(`Cannot keep offsets of group '${request.groupId}': ${describeError(error)}`);
      return failed();
    }
    if (commits.length === 0) return response;
    return state.whenSafe([state.transactions, state.offsets], response, failed);
  },
);

/** Why nothing of the request is taken, NONE when it is. */
function refuse(request: Request, context: RequestContext): number {
  const { state } = context;
  const { groupId, memberId, groupInstanceId, generationId } = request;
  if (groupId === "") return ErrorCode.INVALID_GROUP_ID;
  const errorCode = admitOffsets(context, request, groupId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  const group = state.groups.get(groupId);
  if (group === undefined) {
    if (generationId >= 0) return ErrorCode.ILLEGAL_GENERATION;
    return state.groups.hasRoomFor(groupId) ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION;
  }
  return group.checkCommit({ memberId, groupInstanceId, generationId, isTransactional: true });
}

/** The answer to each partition; what is to be kept goes to `commits`. */
function judge(request: Request, state: BrokerState, refusal: number, commits: OffsetCommit[]): Response {
  const committedAtMs = state.clock.epochMs();
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => {
      const { partitionIndex } = partition;
      const isThere = state.topics.partition(name, partitionIndex) !== undefined;
      if (!isThere) return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
      if (refusal !== ErrorCode.NONE) return { partitionIndex, errorCode: refusal };
      const errorCode = refusePartition(partition, state, commits.length);
      if (errorCode === ErrorCode.NONE) commits.push(commitOf(name, partition, committedAtMs));
      return { partitionIndex, errorCode };
    }),
  }));
  return { throttleTimeMs: 0, topics };
}

function refusePartition(
  { committedMetadata }: RequestPartition,
  { offsets, limits }: BrokerState,
  pending: number,
): number {
  if ((committedMetadata?.length ?? 0) > limits.maxOffsetMetadataBytes) {
    return ErrorCode.OFFSET_METADATA_TOO_LARGE;
  }
  return offsets.size + pending < limits.maxCommittedOffsets ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION;
}

function commitOf(topic: string, partition: RequestPartition, committedAtMs: number): OffsetCommit {
  const { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata } = partition;
  return {
    topic,
    partition: partitionIndex,
    offset: committedOffset,
    leaderEpoch: committedLeaderEpoch,
    metadata: committedMetadata ?? "",
    committedAtMs,
  };
}
