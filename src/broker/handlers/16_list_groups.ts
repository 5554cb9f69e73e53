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

const TYPE = "classic";

export const listGroups = defineApi(
  ListGroupsRequest,
  ListGroupsResponse,
  ({ statesFilter, typesFilter }, { state }) => {
    const isTypeWanted = typesFilter.length === 0 || typesFilter.some((type) => type.toLowerCase() === TYPE);
    const states = statesFilter.map((name) => name.toLowerCase());
    const groups = isTypeWanted ? [...state.groups.all()] : [];
    return {
      errorCode: ErrorCode.NONE,
      groups: groups.map(({ groupId, protocolType, state: groupState }) => ({
        groupId,
        protocolType: protocolType ?? "",
        groupState,
        groupType: TYPE,
      })).filter(({ groupState }) => states.length === 0 || states.includes(groupState.toLowerCase())),
    };
  },
);
