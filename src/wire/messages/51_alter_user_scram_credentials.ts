/**
 * AlterUserScramCredentials (API key 51): SCRAM credentials are set and removed.
 *
 * @module
 */
import {
  array,
  bytes,
  defineRequest,
  defineResponse,
  type Infer,
  int16,
  int32,
  int8,
  string,
  struct,
} from "../schema.ts";

export const AlterUserScramCredentialsRequest = defineRequest({
  apiKey: 51,
  name: "AlterUserScramCredentialsRequest",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    deletions: array("0+", struct("ScramCredentialDeletion", { name: string("0+"), mechanism: int8("0+") })),
    upsertions: array(
      "0+",
      struct("ScramCredentialUpsertion", {
        name: string("0+"),
        mechanism: int8("0+"),
        iterations: int32("0+"),
        salt: bytes("0+"),
        saltedPassword: bytes("0+"),
      }),
    ),
  },
});
export type AlterUserScramCredentialsRequest = Infer<typeof AlterUserScramCredentialsRequest>;

export const AlterUserScramCredentialsResponse = defineResponse({
  apiKey: 51,
  name: "AlterUserScramCredentialsResponse",
  validVersions: "0",
  flexibleVersions: "0+",
  fields: {
    throttleTimeMs: int32("0+"),
    results: array(
      "0+",
      struct("AlterUserScramCredentialsResult", {
        user: string("0+"),
        errorCode: int16("0+"),
        errorMessage: string("0+", { nullableVersions: "0+" }),
      }),
    ),
  },
});
export type AlterUserScramCredentialsResponse = Infer<typeof AlterUserScramCredentialsResponse>;
