import assert from "node:assert/strict";
import { type DecodedRequest, errorAnswer } from "../../../../src/broker/faults/error_answer.ts";
import { APIS } from "../../../../src/wire/apis.ts";
import type { StructValue } from "../../../../src/wire/codec.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { Reader } from "../../../../src/wire/reader.ts";
import type { Encodable, Fields } from "../../../../src/wire/schema.ts";
import { Writer } from "../../../../src/wire/writer.ts";
import { sampleRequest } from "../../../support/sample_request.ts";

const METADATA = 3;
const ERROR = ErrorCode.POLICY_VIOLATION;

/** A request of every API that we know, in every version, and what it is answered with. */
function* refusals(errorCode: number) {
  for (const [apiKey, { name, request, response }] of APIS) {
    for (let apiVersion = request.minVersion; apiVersion <= request.maxVersion; apiVersion++) {
      const value = sampleRequest(request.fields, apiVersion);
      const asked: DecodedRequest = { request, response, apiVersion, value };
      const answer = errorAnswer(asked, errorCode);
      const writer = new Writer();
      response.encode(writer, answer as Encodable<Fields>, apiVersion);
      response.decode(new Reader(writer.written()), apiVersion);
      yield { name, apiKey, apiVersion, value, answer };
    }
  }
}

/** The topics of a request, without what is asked for them. */
function topicNames({ topics }: StructValue): unknown {
  return (topics as StructValue[]).map(({ name }) => ({ name }));
}

/** All that is named by fields of these names, however deep. */
function named(value: unknown, names: RegExp, below = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => named(one, names, below));
  if (typeof value !== "object" || value === null) return names.test(below) ? [String(value)] : [];
  return Object.entries(value).flatMap(([name, one]) => named(one, names, name));
}

Deno.test("errorAnswer() has the error code in the answer of every API, in every version", () => {
  for (const { name, apiKey, apiVersion, answer } of refusals(ERROR)) {
    if (apiKey === METADATA) continue;
    const codes = named(answer, /^(partitionE|e)rrorCode$/);
    assert.ok(codes.length > 0, `${name} v${apiVersion}`);
    assert.deepEqual(new Set(codes), new Set([String(ERROR)]), `${name} v${apiVersion}`);
    // What stands above is about the fetch's session.
    if (name === "Fetch") assert.equal(answer.errorCode, undefined);
  }
});

Deno.test("errorAnswer() names each topic, partition, group, resource … that the request names", () => {
  const isNamed = (name: string, asked: unknown, answered: unknown, askedAs: RegExp, answeredAs: RegExp) =>
    assert.deepEqual(new Set(named(answered, answeredAs)), new Set(named(asked, askedAs)), name);
  const seen = new Set<string>();
  for (const { name, apiVersion, value, answer } of refusals(ERROR)) {
    const where = `${name} v${apiVersion}`;
    seen.add(name);
    switch (name) {
      case "Produce":
        isNamed(where, value.topicData, answer.responses, /^name$/, /^name$/);
        isNamed(where, value.topicData, answer.responses, /^index$/, /^index$/);
        assert.deepEqual(new Set(named(answer, /^baseOffset$/)), new Set(["-1"]));
        break;
      case "Fetch":
        isNamed(where, value.topics, answer.responses, /^topic$/, /^topic$/);
        isNamed(where, value.topics, answer.responses, /^partition$/, /^partitionIndex$/);
        break;
      case "ListOffsets":
      case "OffsetCommit":
      case "DeleteRecords":
      case "TxnOffsetCommit":
      case "OffsetDelete":
        isNamed(where, value.topics, answer.topics, /^name$/, /^name$/);
        isNamed(where, value.topics, answer.topics, /^partitionIndex$/, /^partitionIndex$/);
        break;
      case "OffsetFetch":
      case "DescribeProducers":
        isNamed(where, value, answer, /^name$/, /^name$/);
        isNamed(where, value, answer, /^partitionIndexes$/, /^partitionIndex$/);
        break;
      case "WriteTxnMarkers":
        isNamed(where, value, answer, /^producerId$/, /^producerId$/);
        isNamed(where, value, answer, /^name$/, /^name$/);
        isNamed(where, value, answer, /^partitionIndexes$/, /^partitionIndex$/);
        break;
      case "OffsetForLeaderEpoch":
        isNamed(where, value.topics, answer.topics, /^topic$/, /^topic$/);
        isNamed(where, value.topics, answer.topics, /^partition$/, /^partition$/);
        break;
      case "FindCoordinator":
        isNamed(where, value, answer, /^coordinatorKeys$/, /^key$/);
        break;
      case "DescribeGroups":
        isNamed(where, value, answer, /^groups$/, /^groupId$/);
        break;
      case "DeleteGroups":
        isNamed(where, value, answer, /^groupsNames$/, /^groupId$/);
        break;
      case "LeaveGroup":
        isNamed(where, value.members, answer.members, /^memberId$/, /^memberId$/);
        break;
      case "CreateTopics":
      case "CreatePartitions":
        isNamed(where, topicNames(value), answer, /^name$/, /^name$/);
        break;
      case "DeleteTopics":
        isNamed(where, value, answer, /^(name|topicNames)$/, /^name$/);
        break;
      case "DescribeTopicPartitions":
        isNamed(where, value.topics, answer.topics, /^name$/, /^name$/);
        break;
      case "AddPartitionsToTxn":
        isNamed(where, value, answer, /^name$/, /^name$/);
        isNamed(where, value, answer, /^partitions$/, /^partitionIndex$/);
        isNamed(
          where,
          value.transactions,
          answer.resultsByTransaction,
          /^transactionalId$/,
          /^transactionalId$/,
        );
        break;
      case "DescribeConfigs":
      case "AlterConfigs":
      case "IncrementalAlterConfigs":
        isNamed(
          where,
          value.resources,
          answer.results ?? answer.responses,
          /^resourceName$/,
          /^resourceName$/,
        );
        isNamed(
          where,
          value.resources,
          answer.results ?? answer.responses,
          /^resourceType$/,
          /^resourceType$/,
        );
        break;
      case "DescribeTransactions":
        isNamed(where, value, answer, /^transactionalIds$/, /^transactionalId$/);
        break;
      case "DescribeUserScramCredentials":
      case "AlterUserScramCredentials":
        isNamed(where, value, answer, /^name$/, /^user$/);
        break;
      default:
        // It has one error code for all that it is asked.
        assert.ok(name === "Metadata" || name === "DescribeLogDirs" || answer.errorCode === ERROR, where);
    }
  }
  assert.equal(seen.size, APIS.size);
});

Deno.test("errorAnswer() tells of a fetch session where a fetch does", () => {
  for (const { name, apiVersion, answer } of refusals(ErrorCode.INVALID_FETCH_SESSION_EPOCH)) {
    if (name !== "Fetch") continue;
    assert.deepEqual(answer, { errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH }, `v${apiVersion}`);
  }
});
