/**
 * ListGroups, v0-5: all groups, also those that only have committed offsets; filtered by state and type.
 *
 * Not modelled: groups of other types than "classic".
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { ListGroupsRequest, ListGroupsResponse } from "../../wire/messages/16_list_groups.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";

const TYPE = "classic";

export const listGroups = defineApi(
  ListGroupsRequest,
  ListGroupsResponse,
  ({ statesFilter, typesFilter }, { state }) => {
    const isTypeWanted = typesFilter.length === 0 || typesFilter.some((type) => type.toLowerCase() === TYPE);
    const states = statesFilter.map((name) => name.toLowerCase());
    const groups = isTypeWanted ? allGroups(state) : [];
    return {
      errorCode: ErrorCode.NONE,
      groups: groups.filter(({ groupState }) =>
        states.length === 0 || states.includes(groupState.toLowerCase())
      ),
    };
  },
);

function allGroups({ groups, offsets }: BrokerState) {
  const listed = [...groups.all()].map(({ groupId, protocolType, state }) => ({
    groupId,
    protocolType: protocolType ?? "",
    groupState: state as string,
    groupType: TYPE,
  }));
  for (const groupId of offsets.groupIds()) {
    if (groups.get(groupId) !== undefined) continue;
    listed.push({ groupId, protocolType: "consumer", groupState: "Empty", groupType: TYPE });
  }
  return listed;
}
