/**
 * DeleteGroups, v0-2: deletes groups that nobody is in, with what they committed.
 *
 * Not modelled: nothing.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { DeleteGroupsRequest, DeleteGroupsResponse } from "../../wire/messages/42_delete_groups.ts";
import type { Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Response = Input<typeof DeleteGroupsResponse>;

export const deleteGroups = defineApi(
  DeleteGroupsRequest,
  DeleteGroupsResponse,
  ({ groupsNames }, { state }) => {
    const results = [...new Set(groupsNames)].map((groupId) => ({
      groupId,
      errorCode: remove(state, groupId),
    }));
    const refused = () => ({
      throttleTimeMs: 0,
      results: results.map((result) =>
        result.errorCode === ErrorCode.NONE
          ? { ...result, errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE }
          : result
      ),
    });
    return state.whenSafe<Response>([state.offsets], { throttleTimeMs: 0, results }, refused);
  },
);

function remove({ groups, offsets }: BrokerState, groupId: string): number {
  const group = groups.get(groupId);
  if (group === undefined) return ErrorCode.GROUP_ID_NOT_FOUND;
  if (!group.isEmpty) return ErrorCode.NON_EMPTY_GROUP;
  try {
    offsets.deleteGroup(groupId);
    groups.delete(groupId);
    return ErrorCode.NONE;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error(`Cannot delete group '${groupId}': ${describeError(error)}`);
    return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }
}
