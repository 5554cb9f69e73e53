/**
 * Heartbeat, v0-4: a member lives, and hears whether its group is rebalancing.
 *
 * Behaviour: whatever waits before it on its connection is hurried, so that it is answered at once.
 * Not modelled: nothing.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { HeartbeatRequest, HeartbeatResponse } from "../../wire/messages/12_heartbeat.ts";
import { defineApi } from "../api.ts";

export const heartbeat = defineApi(HeartbeatRequest, HeartbeatResponse, (request, { state, connection }) => {
  const { groupId, memberId, groupInstanceId, generationId } = request;
  if (groupId === "") return { errorCode: ErrorCode.INVALID_GROUP_ID };
  const group = state.groups.get(groupId);
  if (group === undefined) return { errorCode: ErrorCode.UNKNOWN_MEMBER_ID };
  connection.groupIds.add(groupId);
  return {
    errorCode: group.heartbeat({ memberId, groupInstanceId, generationId, connectionId: connection.id }),
  };
});
