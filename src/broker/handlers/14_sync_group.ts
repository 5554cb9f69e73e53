/**
 * SyncGroup, v0-5: the leader gives the assignment, each member gets its own.
 *
 * Not modelled: nothing.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { SyncGroupRequest, SyncGroupResponse } from "../../wire/messages/14_sync_group.ts";
import type { Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { syncError } from "../state/group_member.ts";

type Response = Input<typeof SyncGroupResponse>;

/** From this version on a member says which protocol it follows. */
const PROTOCOL_SINCE = 5;

export const syncGroup = defineApi(SyncGroupRequest, SyncGroupResponse, (request, context) => {
  const { state, connection, apiVersion } = context;
  const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName, assignments } =
    request;
  if (apiVersion >= PROTOCOL_SINCE && (protocolType === null || protocolName === null)) {
    return syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  if (groupId === "") return syncError(ErrorCode.INVALID_GROUP_ID);
  const group = state.groups.get(groupId);
  if (group === undefined) return syncError(ErrorCode.UNKNOWN_MEMBER_ID);
  const assignmentBytes = assignments.reduce((sum, { assignment }) => sum + assignment.length, 0);
  if (assignmentBytes > state.limits.maxGroupMetadataBytes || !state.groups.hasMemoryFor(assignmentBytes)) {
    return syncError(ErrorCode.POLICY_VIOLATION);
  }
  connection.groupIds.add(groupId);
  return group.sync({
    memberId,
    groupInstanceId,
    generationId,
    protocolType,
    protocolName,
    connectionId: connection.id,
    assignments,
  }).map((result): Response => result);
});
