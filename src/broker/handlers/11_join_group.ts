/**
 * JoinGroup, v0-9: takes a member into a group, and waits for the rest of the group.
 *
 * Behaviour: from v4 on a new member is told its id first (MEMBER_ID_REQUIRED). Static members (KIP-345) come back
 * without a rebalance. A group that was empty does not wait for more members, unless configured to.
 * Not modelled: groups of the new protocol (KIP-848).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { JoinGroupRequest, JoinGroupResponse } from "../../wire/messages/11_join_group.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi, type RequestContext } from "../api.ts";
import { joinError, type JoinResult, MEMBER_BYTES } from "../state/group_member.ts";

type Request = Infer<typeof JoinGroupRequest>;
type Response = Input<typeof JoinGroupResponse>;

/** From this version on a rebalance has a time-out of its own. */
const REBALANCE_TIMEOUT_SINCE = 1;
const MEMBER_ID_REQUIRED_SINCE = 4;
/** From this version on the protocol's name may be null. */
const NULL_PROTOCOL_SINCE = 7;
const SKIP_ASSIGNMENT_SINCE = 9;
/** More than there are assignors anywhere: each is held against those of all other members. */
const MAX_PROTOCOLS = 100;

export const joinGroup = defineApi(JoinGroupRequest, JoinGroupResponse, (request, context) => {
  const { state, connection, apiVersion, clientId } = context;
  const respond = (result: JoinResult) => response(result, apiVersion);
  const refusal = refuse(request, context);
  if (refusal !== undefined) return respond(joinError(refusal, request.memberId));
  connection.groupIds.add(request.groupId);
  return state.groups.getOrCreate(request.groupId).join({
    memberId: request.memberId,
    groupInstanceId: request.groupInstanceId,
    clientId,
    clientHost: `/${connection.remoteHost}`,
    connectionId: connection.id,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: apiVersion >= REBALANCE_TIMEOUT_SINCE
      ? request.rebalanceTimeoutMs
      : request.sessionTimeoutMs,
    protocolType: request.protocolType,
    protocols: request.protocols,
    requireKnownMemberId: apiVersion >= MEMBER_ID_REQUIRED_SINCE,
    canSkipAssignment: apiVersion >= SKIP_ASSIGNMENT_SINCE,
  }).map(respond);
});

function refuse(request: Request, { state, clientId }: RequestContext): number | undefined {
  const { groupId, memberId, groupInstanceId, sessionTimeoutMs, protocolType, protocols } = request;
  const { config, groups, limits } = state;
  if (groupId === "") return ErrorCode.INVALID_GROUP_ID;
  if (
    sessionTimeoutMs < config.groupMinSessionTimeoutMs || sessionTimeoutMs > config.groupMaxSessionTimeoutMs
  ) {
    return ErrorCode.INVALID_SESSION_TIMEOUT;
  }
  const names = [clientId, protocolType, groupInstanceId ?? "", ...protocols.map(({ name }) => name)];
  const metadataBytes = protocols.reduce((sum, { metadata }) => sum + metadata.length, 0) +
    names.reduce((sum, { length }) => sum + length, 0);
  if (protocols.length > MAX_PROTOCOLS || metadataBytes > limits.maxGroupMetadataBytes) {
    return ErrorCode.POLICY_VIOLATION;
  }
  const group = groups.get(groupId);
  const heldBytes = group?.members.get(memberId)?.heldBytes ?? 0;
  if (!groups.hasMemoryFor(metadataBytes + MEMBER_BYTES - heldBytes)) return ErrorCode.POLICY_VIOLATION;
  if (group !== undefined) return undefined;
  if (memberId !== "") return ErrorCode.UNKNOWN_MEMBER_ID;
  return groups.hasRoomFor(groupId) ? undefined : ErrorCode.POLICY_VIOLATION;
}

function response(result: JoinResult, apiVersion: number): Response {
  const protocolName = apiVersion >= NULL_PROTOCOL_SINCE ? result.protocolName : result.protocolName ?? "";
  return { ...result, protocolName };
}
