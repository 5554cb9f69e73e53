/**
 * LeaveGroup, v0-5: takes members out of a group, several at once from v3 on, static ones by their instance id.
 *
 * Not modelled: the reason (not kept).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { LeaveGroupRequest, LeaveGroupResponse } from "../../wire/messages/13_leave_group.ts";
import { defineApi } from "../api.ts";

/** From this version on members come in a list, each with an error of its own. */
const BATCHED_SINCE = 3;

export const leaveGroup = defineApi(
  LeaveGroupRequest,
  LeaveGroupResponse,
  (request, { state, apiVersion }) => {
    if (request.groupId === "") return { errorCode: ErrorCode.INVALID_GROUP_ID };
    const group = state.groups.get(request.groupId);
    if (apiVersion < BATCHED_SINCE) {
      const identity = { memberId: request.memberId, groupInstanceId: null };
      return { errorCode: group?.leave(identity) ?? ErrorCode.UNKNOWN_MEMBER_ID };
    }
    return {
      errorCode: ErrorCode.NONE,
      members: request.members.map(({ memberId, groupInstanceId }) => ({
        memberId,
        groupInstanceId,
        errorCode: group?.leave({ memberId, groupInstanceId }) ?? ErrorCode.UNKNOWN_MEMBER_ID,
      })),
    };
  },
);
