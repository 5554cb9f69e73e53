/**
 * CreateTopics (API key 19): topics are made.
 *
 * @module
 */
import {
  array,
  bool,
  defineRequest,
  defineResponse,
  type Infer,
  int16,
  int32,
  int8,
  string,
  struct,
  uuid,
} from "../schema.ts";

export const CreateTopicsRequest = defineRequest({
  apiKey: 19,
  name: "CreateTopicsRequest",
  validVersions: "2-7",
  flexibleVersions: "5+",
  fields: {
    topics: array(
      "0+",
      struct("CreatableTopic", {
        name: string("0+"),
        numPartitions: int32("0+"),
        replicationFactor: int16("0+"),
        assignments: array(
          "0+",
          struct("CreatableReplicaAssignment", {
            partitionIndex: int32("0+"),
            brokerIds: array("0+", "int32"),
          }),
        ),
        configs: array(
          "0+",
          struct("CreatableTopicConfig", {
            name: string("0+"),
            value: string("0+", { nullableVersions: "0+" }),
          }),
        ),
      }),
    ),
    timeoutMs: int32("0+", { default: 60000 }),
    validateOnly: bool("1+", { default: false }),
  },
});
export type CreateTopicsRequest = Infer<typeof CreateTopicsRequest>;

export const CreateTopicsResponse = defineResponse({
  apiKey: 19,
  name: "CreateTopicsResponse",
  validVersions: "2-7",
  flexibleVersions: "5+",
  fields: {
    throttleTimeMs: int32("2+"),
    topics: array(
      "0+",
      struct("CreatableTopicResult", {
        name: string("0+"),
        topicId: uuid("7+"),
        errorCode: int16("0+"),
        errorMessage: string("1+", { nullableVersions: "0+" }),
        topicConfigErrorCode: int16("5+", { tag: 0, taggedVersions: "5+" }),
        numPartitions: int32("5+", { default: -1 }),
        replicationFactor: int16("5+", { default: -1 }),
        configs: array(
          "5+",
          struct("CreatableTopicConfigs", {
            name: string("5+"),
            value: string("5+", { nullableVersions: "5+" }),
            readOnly: bool("5+"),
            configSource: int8("5+", { default: -1 }),
            isSensitive: bool("5+"),
          }),
          { nullableVersions: "5+" },
        ),
      }),
    ),
  },
});
export type CreateTopicsResponse = Infer<typeof CreateTopicsResponse>;
