/**
 * DescribeGroups, v0-6: a group's state, its members and what they are assigned.
 *
 * Behaviour: a group that only has committed offsets is Empty; one that is not there is Dead, from v6 on with
 * GROUP_ID_NOT_FOUND. Whoever asks for authorized operations is told all of them.
 * Not modelled: rights, groups of the new protocol (KIP-848).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { DescribeGroupsRequest, DescribeGroupsResponse } from "../../wire/messages/15_describe_groups.ts";
import type { Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { NO_BYTES } from "../state/group_member.ts";
import { GROUP_OPERATIONS } from "./authorized_operations.ts";

type GroupResponse = Input<typeof DescribeGroupsResponse>["groups"][number];

const NOT_FOUND_SINCE = 6;

export const describeGroups = defineApi(
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  ({ groups, includeAuthorizedOperations }, { state, apiVersion }) => ({
    groups: [...new Set(groups)].map((groupId) => {
      const group = describe(state, groupId, apiVersion);
      const isAsked = includeAuthorizedOperations && group.errorCode === ErrorCode.NONE;
      return isAsked ? { ...group, authorizedOperations: GROUP_OPERATIONS } : group;
    }),
  }),
);

function describe(state: BrokerState, groupId: string, apiVersion: number): GroupResponse {
  const none = { groupId, protocolType: "", protocolData: "", members: [] };
  const group = state.groups.get(groupId);
  if (group === undefined) {
    if (apiVersion < NOT_FOUND_SINCE) return { ...none, errorCode: ErrorCode.NONE, groupState: "Dead" };
    const errorMessage = `Group ${groupId} not found.`;
    return { ...none, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage, groupState: "Dead" };
  }
  const isStable = group.state === "Stable";
  return {
    errorCode: ErrorCode.NONE,
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? "",
    protocolData: isStable ? group.protocolName ?? "" : "",
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? member.metadataFor(group.protocolName) : NO_BYTES,
      memberAssignment: isStable ? member.assignment : NO_BYTES,
    })),
  };
}
