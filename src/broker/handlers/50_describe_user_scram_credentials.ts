/**
 * DescribeUserScramCredentials, v0: the SCRAM credentials of users, without their secrets.
 *
 * Behaviour: those that AlterUserScramCredentials has set; all users where none is named.
 * Not modelled: the users of the broker's own file, whose credentials are not kept, are not among them.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from "../../wire/messages/50_describe_user_scram_credentials.ts";
import type { Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { codeOf } from "../security/scram_credential.ts";
import type { ScramCredentials } from "../state/scram_credentials.ts";

type Result = Input<typeof DescribeUserScramCredentialsResponse>["results"][number];

export const describeUserScramCredentials = defineApi(
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
  ({ users }, { state: { scramCredentials } }) => {
    const names = (users ?? []).map(({ name }) => name);
    const results = names.length === 0
      ? [...scramCredentials.usernames()].map((name) => describe(scramCredentials, name))
      : [...new Set(names)].map((name) => {
        const isTwice = names.indexOf(name) !== names.lastIndexOf(name);
        return isTwice ? refuseTwice(name) : describe(scramCredentials, name);
      });
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: "", results };
  },
);

function describe(all: ScramCredentials, user: string): Result {
  const credentials = all.ofUser(user);
  if (credentials === undefined) {
    return {
      user,
      errorCode: ErrorCode.RESOURCE_NOT_FOUND,
      errorMessage: `Attempt to describe a user credential that does not exist: ${user}`,
      credentialInfos: [],
    };
  }
  const credentialInfos = [...credentials].map(([mechanism, { iterations }]) => ({
    mechanism: codeOf(mechanism),
    iterations,
  }));
  return { user, errorCode: ErrorCode.NONE, errorMessage: "", credentialInfos };
}

function refuseTwice(user: string): Result {
  return {
    user,
    errorCode: ErrorCode.DUPLICATE_RESOURCE,
    errorMessage: `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`,
    credentialInfos: [],
  };
}
