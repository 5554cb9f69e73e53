/**
 * DescribeUserScramCredentials (API key 50): the SCRAM credentials of users are asked for, without their secrets.
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

export const DescribeUserScramCredentialsRequest = defineRequest({
  apiKey: 50,
  name: "DescribeUserScramCredentialsRequest",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: { users: array("0+", struct("UserName", { name: string("0+") }), { nullableVersions: "0+" }) },
});
export type DescribeUserScramCredentialsRequest = Infer<typeof DescribeUserScramCredentialsRequest>;

export const DescribeUserScramCredentialsResponse = defineResponse({
  apiKey: 50,
  name: "DescribeUserScramCredentialsResponse",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    errorCode: int16("0+"),
    errorMessage: string("0+", { nullableVersions: "0+" }),
    results: array(
      "0+",
      struct("DescribeUserScramCredentialsResult", {
        user: string("0+"),
        errorCode: int16("0+"),
        errorMessage: string("0+", { nullableVersions: "0+" }),
        credentialInfos: array(
          "0+",
          struct("CredentialInfo", { mechanism: int8("0+"), iterations: int32("0+") }),
        ),
      }),
    ),
  },
});
export type DescribeUserScramCredentialsResponse = Infer<typeof DescribeUserScramCredentialsResponse>;
