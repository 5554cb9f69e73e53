/**
 * OffsetCommit, v2-10: keeps how far a group has come.
 *
 * Behaviour: from a member of the current generation, or from outside when nobody is in the group. Written before it
 * is answered; in fsync mode synced too. They expire as Kafka's do; up to v4 a commit may say itself when.
 * Not modelled: groups of the new protocol (KIP-848).
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { OffsetCommitRequest, OffsetCommitResponse } from "../../wire/messages/08_offset_commit.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi, type RequestContext } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { OffsetCommit } from "../state/committed_offset.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Request = Infer<typeof OffsetCommitRequest>;
type RequestTopic = Request["topics"][number];
type RequestPartition = RequestTopic["partitions"][number];
type Response = Input<typeof OffsetCommitResponse>;

/** From this version on topics come by id. */
const BY_ID_SINCE = 10;
/** From this version on a group that is not there has an error of its own. */
const GROUP_ID_NOT_FOUND_SINCE = 9;

export const offsetCommit = defineApi(OffsetCommitRequest, OffsetCommitResponse, (request, context) => {
  const { state } = context;
  const commits: OffsetCommit[] = [];
  const refusal = refuse(request, context);
  const response = judge(request, context, refusal, commits);
  try {
    state.offsets.commit(request.groupId, commits);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot keep offsets of group '${request.groupId}': ${describeError(error)}`);
    return judge(request, context, ErrorCode.COORDINATOR_NOT_AVAILABLE, []);
  }
  if (commits.length === 0) return response;
  return state.whenSafe(
    [state.offsets, state.groups],
    response,
    () => judge(request, context, ErrorCode.COORDINATOR_NOT_AVAILABLE, []),
  );
});

/** Why nothing of the request is taken, undefined when it is. Kafka takes an empty group id here, for old clients. */
function refuse(request: Request, { state, apiVersion }: RequestContext): number | undefined {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
  const group = state.groups.get(groupId);
  if (group === undefined) {
    if (generationId >= 0) {
      return apiVersion >= GROUP_ID_NOT_FOUND_SINCE
        ? ErrorCode.GROUP_ID_NOT_FOUND
        : ErrorCode.ILLEGAL_GENERATION;
    }
    return state.groups.hasRoomFor(groupId) ? undefined : ErrorCode.POLICY_VIOLATION;
  }
  const errorCode = group.checkCommit({ memberId, groupInstanceId, generationId });
  return errorCode === ErrorCode.NONE ? undefined : errorCode;
}

/** The answer to each partition; what is to be kept goes to `commits`. */
function judge(
  request: Request,
  { state, apiVersion }: RequestContext,
  refusal: number | undefined,
  commits: OffsetCommit[],
): Response {
  const committedAtMs = state.clock.epochMs();
  const { retentionTimeMs } = request;
  const expiresAtMs = retentionTimeMs < 0n ? undefined : committedAtMs + Number(retentionTimeMs);
  const times = { committedAtMs, expiresAtMs };
  const topics = request.topics.map(({ name, topicId, partitions }) => {
    const topic = apiVersion >= BY_ID_SINCE ? state.topics.byId(topicId) : state.topics.get(name);
    const unknown = apiVersion >= BY_ID_SINCE
      ? ErrorCode.UNKNOWN_TOPIC_ID
      : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return {
      name,
      topicId,
      partitions: partitions.map((partition) => {
        const { partitionIndex } = partition;
        if (topic === undefined) return { partitionIndex, errorCode: unknown };
        const errorCode = topic.partitions[partitionIndex] === undefined
          ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
          : refusal ?? refusePartition(request.groupId, topic.name, partition, state, commits.length);
        if (errorCode === ErrorCode.NONE) commits.push(commitOf(topic.name, partition, times));
        return { partitionIndex, errorCode };
      }),
    };
  });
  return { topics };
}

function refusePartition(
  groupId: string,
  topic: string,
  { partitionIndex, committedMetadata }: RequestPartition,
  { offsets, limits }: BrokerState,
  pending: number,
): number {
  if ((committedMetadata?.length ?? 0) > limits.maxOffsetMetadataBytes) {
    return ErrorCode.OFFSET_METADATA_TOO_LARGE;
  }
  const hasRoom = offsets.size + pending < limits.maxCommittedOffsets ||
    offsets.get(groupId, topic, partitionIndex) !== undefined;
  return hasRoom ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION;
}

function commitOf(
  topic: string,
  partition: RequestPartition,
  times: Pick<OffsetCommit, "committedAtMs" | "expiresAtMs">,
): OffsetCommit {
  const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata } =
    partition;
  return {
    topic,
    partition: partitionIndex,
    offset,
    leaderEpoch,
    metadata: committedMetadata ?? "",
    ...times,
  };
}
