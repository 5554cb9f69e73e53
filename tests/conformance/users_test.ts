/** Users with SCRAM passwords, and quotas: DescribeUserScramCredentials, AlterUserScramCredentials, DescribeClientQuotas. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { uniqueName } from "../support/broker.ts";
import { type Ask, conform, like, until } from "../support/conform.ts";
import {
  AlterUserScramCredentials,
  DescribeClientQuotas,
  DescribeUserScramCredentials,
} from "../support/wire_pairs.ts";

const SCRAM_SHA_256 = 1;
const SCRAM_SHA_512 = 2;
/** How DescribeClientQuotas holds names against a filter. */
const EXACT = 0;
const DEFAULT = 1;
const SPECIFIED = 2;
const SALT = Uint8Array.from(Buffer.from("salt of the earth"));

interface Upsertion {
  readonly mechanism?: number;
  readonly iterations?: number;
}

function upsertion(name: string, { mechanism = SCRAM_SHA_256, iterations = 4096 }: Upsertion = {}) {
  return {
    name,
    mechanism,
    iterations,
    salt: SALT,
    saltedPassword: new Uint8Array(mechanism === SCRAM_SHA_512 ? 64 : 32),
  };
}

async function describe(ask: Ask, name: string) {
  return (await ask(DescribeUserScramCredentials, { users: [{ name }] })).results[0];
}

conform(DescribeClientQuotas, "tells of the quotas that there are, which are none", async ({ ask }) => {
  const filters: [entityType: string, matchType: number, match: string | null][][] = [
    [["user", EXACT, uniqueName("conform")], ["client-id", DEFAULT, null]],
    [["ip", SPECIFIED, null]],
  ];
  for (const filter of filters) {
    const components = filter.map(([entityType, matchType, match]) => ({ entityType, matchType, match }));
    const answer = await ask(DescribeClientQuotas, { components, strict: true });
    like(answer, { errorCode: ErrorCode.NONE, errorMessage: "", entries: [] });
  }
});

conform(DescribeClientQuotas, "refuses a filter that cannot be", async ({ ask }) => {
  const refused = async (errorCode: number, ...filter: (readonly [string, number, string | null])[]) => {
    const components = filter.map(([entityType, matchType, match]) => ({ entityType, matchType, match }));
    const answer = await ask(DescribeClientQuotas, { components, strict: false });
    like(answer, { errorCode, entries: null });
    return answer.errorMessage;
  };
  const invalid = ErrorCode.INVALID_REQUEST;
  const user = ["user", EXACT, "tony"] as const;
  assert.match(await refused(invalid, user, user) ?? "", /more than once/);
  assert.match(await refused(invalid, ["", EXACT, "tony"]) ?? "", /empty entity type/);
  assert.match(await refused(invalid, ["user", EXACT, null]) ?? "", /match string to null/);
  assert.match(await refused(invalid, ["user", DEFAULT, "tony"]) ?? "", /MATCH_TYPE_DEFAULT, but also/);
  assert.match(await refused(invalid, ["ip", SPECIFIED, "a"]) ?? "", /MATCH_TYPE_SPECIFIED, but also/);
  assert.match(await refused(invalid, ["user", 9, null]) ?? "", /Unknown match type 9/);
  assert.match(await refused(invalid, user, ["ip", EXACT, "a"]) ?? "", /combination/);
  const unsupported = ErrorCode.UNSUPPORTED_VERSION;
  assert.match(await refused(unsupported, ["group", EXACT, "a"]) ?? "", /Unsupported entity type group/);
});

conform(AlterUserScramCredentials, "sets and removes a user's credentials", async ({ ask }) => {
  const user = uniqueName("conform");
  const alter = async (value: Parameters<typeof AlterUserScramCredentials.request.encode>[1]) =>
    (await ask(AlterUserScramCredentials, value)).results;
  like(await describe(ask, user), { user, errorCode: ErrorCode.RESOURCE_NOT_FOUND, credentialInfos: [] });
  for (const credential of [{}, { mechanism: SCRAM_SHA_512, iterations: 8192 }]) {
    const answer = await alter({ deletions: [], upsertions: [upsertion(user, credential)] });
    like(answer, [{ user, errorCode: ErrorCode.NONE, errorMessage: null }]);
  }
  await until(async () => (await describe(ask, user))?.credentialInfos.length === 2);
  const infos = (await describe(ask, user))?.credentialInfos.toSorted((a, b) => a.mechanism - b.mechanism);
  like(infos, [{ mechanism: SCRAM_SHA_256, iterations: 4096 }, {
    mechanism: SCRAM_SHA_512,
    iterations: 8192,
  }]);
  const deletions = [{ name: user, mechanism: SCRAM_SHA_256 }];
  like(await alter({ deletions, upsertions: [] }), [{ user, errorCode: ErrorCode.NONE }]);
  await until(async () => (await describe(ask, user))?.credentialInfos.length === 1);
  like(await alter({ deletions, upsertions: [] }), [{ user, errorCode: ErrorCode.RESOURCE_NOT_FOUND }]);
});

conform(AlterUserScramCredentials, "refuses what cannot be", async ({ ask }) => {
  const user = uniqueName("conform");
  const code = async (...upsertions: ReturnType<typeof upsertion>[]) => {
    const { results } = await ask(AlterUserScramCredentials, { deletions: [], upsertions });
    return results.map(({ errorCode }) => errorCode);
  };
  like(await code(upsertion(user, { iterations: 100 })), [ErrorCode.UNACCEPTABLE_CREDENTIAL]);
  like(await code(upsertion(user, { iterations: 99_999 })), [ErrorCode.UNACCEPTABLE_CREDENTIAL]);
  like(await code(upsertion("")), [ErrorCode.UNACCEPTABLE_CREDENTIAL]);
  like(await code(upsertion(user, { mechanism: 9 })), [ErrorCode.UNSUPPORTED_SASL_MECHANISM]);
  const other = upsertion(user, { mechanism: SCRAM_SHA_512 });
  like(await code(upsertion(user), other), [ErrorCode.DUPLICATE_RESOURCE]);
});

conform(AlterUserScramCredentials, "tells a user who is named twice of the first error", async ({ ask }) => {
  const user = uniqueName("conform");
  const code = async (deleted: readonly number[], upserted: readonly number[] = []) => {
    const { results } = await ask(AlterUserScramCredentials, {
      deletions: deleted.map((mechanism) => ({ name: user, mechanism })),
      upsertions: upserted.map((mechanism) => upsertion(user, { mechanism })),
    });
    assert.deepEqual(results.map((result) => result.user), [user]);
    return results[0]?.errorCode;
  };
  assert.equal(await code([SCRAM_SHA_256, SCRAM_SHA_256]), ErrorCode.RESOURCE_NOT_FOUND);
  assert.equal(await code([SCRAM_SHA_512], [SCRAM_SHA_256]), ErrorCode.RESOURCE_NOT_FOUND);
  assert.equal(await code([], [SCRAM_SHA_256]), ErrorCode.NONE);
  await until(async () => (await describe(ask, user))?.credentialInfos.length === 1);
  assert.equal(await code([SCRAM_SHA_256, SCRAM_SHA_256]), ErrorCode.DUPLICATE_RESOURCE);
  assert.equal(await code([SCRAM_SHA_256], [SCRAM_SHA_256]), ErrorCode.DUPLICATE_RESOURCE);
  // Nothing of it was done.
  like(await describe(ask, user), { credentialInfos: [{ mechanism: SCRAM_SHA_256 }] });
});

conform(DescribeUserScramCredentials, "refuses a user who is named twice", async ({ ask }) => {
  const user = uniqueName("conform");
  const { results } = await ask(DescribeUserScramCredentials, { users: [{ name: user }, { name: user }] });
  like(results, [{ user, errorCode: ErrorCode.DUPLICATE_RESOURCE }]);
});
