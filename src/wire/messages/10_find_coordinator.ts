/**
 * FindCoordinator (API key 10): which broker looks after a group or a transaction.
 *
 * @module
 */
import {
  array,
  defineRequest,
  defineResponse,
  type Infer,
  int16,
  int32,
  int8,
  string,
  struct,
} from "../schema.ts";

export const FindCoordinatorRequest = defineRequest({
  apiKey: 10,
  name: "FindCoordinatorRequest",
  validVersions: "0-6",
  flexibleVersions: "3+",
  fields: {
    key: string("0-3"),
    keyType: int8("1+", { default: 0 }),
    coordinatorKeys: array("4+", "string"),
  },
});
export type FindCoordinatorRequest = Infer<typeof FindCoordinatorRequest>;

export const FindCoordinatorResponse = defineResponse({
  apiKey: 10,
  name: "FindCoordinatorResponse",
  validVersions: "0-6",
  flexibleVersions: "3+",
  fields: {
    throttleTimeMs: int32("1+"),
    errorCode: int16("0-3"),
    errorMessage: string("1-3", { nullableVersions: "1-3" }),
    nodeId: int32("0-3"),
    host: string("0-3"),
    port: int32("0-3"),
    coordinators: array(
      "4+",
      struct("Coordinator", {
        key: string("4+"),
        nodeId: int32("4+"),
        host: string("4+"),
        port: int32("4+"),
        errorCode: int16("4+"),
        errorMessage: string("4+", { nullableVersions: "4+" }),
      }),
    ),
  },
});
export type FindCoordinatorResponse = Infer<typeof FindCoordinatorResponse>;
