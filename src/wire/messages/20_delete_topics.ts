/**
 * DeleteTopics (API key 20): topics are removed.
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
  string,
  struct,
  uuid,
} from "../schema.ts";

export const DeleteTopicsRequest = defineRequest({
  apiKey: 20,
  name: "DeleteTopicsRequest",
  validVersions: "1-6",
  flexibleVersions: "4+",
  fields: {
    topics: array(
      "6+",
      struct("DeleteTopicState", {
        name: string("6+", { nullableVersions: "6+", default: null }),
        topicId: uuid("6+"),
      }),
    ),
    topicNames: array("0-5", "string"),
    timeoutMs: int32("0+"),
  },
});
export type DeleteTopicsRequest = Infer<typeof DeleteTopicsRequest>;

export const DeleteTopicsResponse = defineResponse({
  apiKey: 20,
  name: "DeleteTopicsResponse",
  validVersions: "1-6",
  flexibleVersions: "4+",
  fields: {
    throttleTimeMs: int32("1+"),
    responses: array(
      "0+",
      struct("DeletableTopicResult", {
        name: string("0+", { nullableVersions: "6+" }),
        topicId: uuid("6+"),
        errorCode: int16("0+"),
        errorMessage: string("5+", { nullableVersions: "5+", default: null }),
      }),
    ),
  },
});
export type DeleteTopicsResponse = Infer<typeof DeleteTopicsResponse>;
