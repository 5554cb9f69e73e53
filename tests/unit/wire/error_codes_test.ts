import assert from "node:assert/strict";
import { ErrorCode, errorInfo, ERRORS } from "../../../src/wire/error_codes.ts";

Deno.test("ErrorCode numbers errors as Kafka does", () => {
  assert.equal(ErrorCode.UNKNOWN_SERVER_ERROR, -1);
  assert.equal(ErrorCode.NONE, 0);
  assert.equal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 3);
  assert.equal(ErrorCode.UNSUPPORTED_VERSION, 35);
  assert.equal(ErrorCode.REBOOTSTRAP_REQUIRED, 129);
});

Deno.test("ERRORS has every code once, without a gap", () => {
  assert.deepEqual(ERRORS.map(({ code }) => code), ERRORS.map((_, i) => i - 1));
  assert.equal(new Set(ERRORS.map(({ name }) => name)).size, ERRORS.length);
  for (const { name, message } of ERRORS) assert.equal(message === "", name === "NONE");
});

Deno.test("errorInfo() gives the row of a code", () => {
  assert.deepEqual(errorInfo(6), ERRORS[7]);
  assert.equal(errorInfo(6).name, "NOT_LEADER_OR_FOLLOWER");
  assert.equal(errorInfo(6).retriable, true);
  assert.equal(errorInfo(10).retriable, false);
});

Deno.test("errorInfo() takes a code that Kafka does not have as UNKNOWN_SERVER_ERROR", () => {
  assert.deepEqual(errorInfo(12345), errorInfo(-1));
});
