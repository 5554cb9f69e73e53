/**
 * Heartbeat (API key 12): a member says that it is alive.
 *
 * @module
 */
import { defineRequest, defineResponse, type Infer, int16, int32, string } from "../schema.ts";

export const HeartbeatRequest = defineRequest({
  apiKey: 12,
  name: "HeartbeatRequest",
  validVersions: "0-4",
  flexibleVersions: "4+",
  fields: {
    groupId: string("0+"),
    generationId: int32("0+"),
    memberId: string("0+"),
    groupInstanceId: string("3+", { nullableVersions: "3+", default: null }),
  },
});
export type HeartbeatRequest = Infer<typeof HeartbeatRequest>;

export const HeartbeatResponse = defineResponse({
  apiKey: 12,
  name: "HeartbeatResponse",
  validVersions: "0-4",
  flexibleVersions: "4+",
  fields: {
    throttleTimeMs: int32("1+"),
    errorCode: int16("0+"),
  },
});
export type HeartbeatResponse = Infer<typeof HeartbeatResponse>;
