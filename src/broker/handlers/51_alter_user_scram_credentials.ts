/**
 * AlterUserScramCredentials, v0: sets and removes SCRAM credentials.
 *
 * Behaviour: Kafka's checks, in its words: a name, a mechanism, 4096 to 16384 iterations, each user once. What is right is
 * done, whatever is wrong beside it. Kept in a journal, as what checks a password and not what stands for it.
 * Not modelled: rights: whoever may ask may set any. An empty salted password, a server error in Kafka, is
 * UNACCEPTABLE_CREDENTIAL.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from "../../wire/messages/51_alter_user_scram_credentials.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { credentialOf, MAX_ITERATIONS, mechanismOf, MIN_ITERATIONS } from "../security/scram_credential.ts";
import type { ScramChange, ScramCredentials } from "../state/scram_credentials.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Request = Infer<typeof AlterUserScramCredentialsRequest>;
type Response = Input<typeof AlterUserScramCredentialsResponse>;
type Result = Response["results"][number];
type Upsertion = Request["upsertions"][number];
type Deletion = Request["deletions"][number];
type Refusal = readonly [errorCode: number, errorMessage: string];

const TWICE: Refusal = [
  ErrorCode.DUPLICATE_RESOURCE,
  "A user credential cannot be altered twice in the same request",
];

export const alterUserScramCredentials = defineApi(
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
  ({ deletions, upsertions }, { state }) => {
    const { scramCredentials, limits } = state;
    const asked = new Map<string, ScramChange | Refusal>();
    let room = limits.maxScramCredentials - scramCredentials.size;
    // As Kafka: what is wrong with a user first is said of him.
    const judge = (name: string, change: () => ScramChange | Refusal) => {
      const before = asked.get(name);
      if (before === undefined) asked.set(name, change());
      else if ("username" in before) asked.set(name, TWICE);
    };
    for (const deletion of deletions) judge(deletion.name, () => remove(deletion, scramCredentials));
    for (const upsertion of upsertions) {
      const { name } = upsertion;
      judge(name, () => {
        const change = set(upsertion);
        const isNew = "username" in change && scramCredentials.get(name, change.mechanism) === undefined;
        return isNew && room-- <= 0 ? full(limits.maxScramCredentials) : change;
      });
    }
    const changes = [...asked.values()].filter((change) => "username" in change);
    try {
      scramCredentials.change(changes);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(describeError(error));
      return { throttleTimeMs: 0, results: [...asked.keys()].map((user) => refused(user, unkept(error))) };
    }
    const results: readonly Result[] = [...asked].map(([user, change]) =>
      "username" in change ? { user, errorCode: ErrorCode.NONE, errorMessage: null } : refused(user, change)
    );
    return state.whenSafe<Response>([scramCredentials], { throttleTimeMs: 0, results }, (fault) => ({
      throttleTimeMs: 0,
      results: results.map(({ user }) => refused(user, [ErrorCode.KAFKA_STORAGE_ERROR, fault])),
    }));
  },
);

function set({ name, mechanism: code, iterations, salt, saltedPassword }: Upsertion): ScramChange | Refusal {
  if (name === "") return NO_NAME;
  const mechanism = mechanismOf(code);
  if (mechanism === undefined) return NO_MECHANISM;
  if (iterations < MIN_ITERATIONS) return [ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too few iterations"];
  if (iterations > MAX_ITERATIONS) return [ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too many iterations"];
  if (saltedPassword.length === 0) {
    return [ErrorCode.UNACCEPTABLE_CREDENTIAL, "The salted password must not be empty"];
  }
  return {
    username: name,
    mechanism,
    credential: credentialOf(mechanism, { salt: salt.slice(), saltedPassword, iterations }),
  };
}

function remove({ name, mechanism: code }: Deletion, all: ScramCredentials): ScramChange | Refusal {
  if (name === "") return NO_NAME;
  const mechanism = mechanismOf(code);
  if (mechanism === undefined) return NO_MECHANISM;
  if (all.get(name, mechanism) === undefined) {
    return [ErrorCode.RESOURCE_NOT_FOUND, "Attempt to delete a user credential that does not exist"];
  }
  return { username: name, mechanism, credential: undefined };
}

const NO_NAME: Refusal = [ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty"];
const NO_MECHANISM: Refusal = [ErrorCode.UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism"];

function full(max: number): Refusal {
  return [ErrorCode.UNACCEPTABLE_CREDENTIAL, `There are ${max} credentials, and no more may be`];
}

function unkept(error: StorageError): Refusal {
  return [ErrorCode.KAFKA_STORAGE_ERROR, describeError(error)];
}

function refused(user: string, [errorCode, errorMessage]: Refusal): Result {
  return { user, errorCode, errorMessage };
}
